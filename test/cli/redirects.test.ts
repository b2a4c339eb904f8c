import { describe, expect, test } from 'vitest';
import { echo, late, redirect, reply } from '../support/answers.ts';
import { lines, ndjson } from '../support/input.ts';
import { startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

test('redirects are followed: `url` is the start, `final_url` the end, `redirects` the hops, `attempts` still 1', async () => {
  const server = await startServer({
    '/a/b': redirect('c?d=e'),
    '/a/c': redirect('/end', 307),
    '/end': reply(200, 'here'),
  });
  const run = await sluice(['fetch', server.at('/a/b')]);
  expect(run.exitCode).toBe(0);
  expect(run.row(0)).toMatchObject({
    url: server.at('/a/b'),
    final_url: server.at('/end'),
    redirects: 2,
    attempts: 1,
    body: 'here',
  });
  expect(server.calls.map((call) => call.path)).toEqual(['/a/b', '/a/c?d=e', '/end']);
});

test('without a redirect `final_url` is the URL itself', async () => {
  const server = await startServer();
  expect((await sluice(['fetch', server.at('/x')])).row(0)).toMatchObject({ final_url: server.at('/x'), redirects: 0 });
});

test('--max-redirects: so many and no more; 0 takes the first answer as it is', async () => {
  const server = await startServer({
    '/1': redirect('/2'),
    '/2': redirect('/3'),
    '/3': redirect('/4'),
    '/4': reply(200),
  });
  const enough = await sluice(['fetch', '--max-redirects', '3', server.at('/1')]);
  expect(enough.row(0)).toMatchObject({ ok: true, redirects: 3 });
  const few = await sluice(['fetch', '--max-redirects', '2', server.at('/1')]);
  expect(few.row(0)).toMatchObject({ attempts: 1, error: { code: 'redirect', retryable: false } });
  expect(few.row(0).error?.message).toMatch(/max-redirects|2/);
  const none = await sluice(['fetch', '--max-redirects', '0', server.at('/1')]);
  expect(none.row(0)).toMatchObject({ ok: true, status: 302, redirects: 0, body: 'moved' });
});

test('a loop is a `redirect` failure after at most ten hops, and is not retried', async () => {
  const server = await startServer({ '/': redirect('/') });
  const run = await sluice(['fetch', '--retry-delay', '1ms', server.at('/')]);
  expect(run.row(0)).toMatchObject({ attempts: 1, error: { code: 'redirect' } });
  expect(server.calls.length).toBeLessThanOrEqual(11);
});

test('a place that must not or cannot be gone to is a `redirect` failure', async () => {
  const server = await startServer();
  const places = ['file:///etc/passwd', 'ftp://127.0.0.1/', 'http://[', 'javascript:1', 'data:text/plain,x'];
  const urls = places.map((place, at) => server.at(`/${at}`, redirect(place)));
  const run = await sluice(['fetch', '--retry-delay', '1ms'], { input: lines(...urls) });
  for (const row of run.rows) expect(row, row.url ?? '').toMatchObject({ attempts: 1, error: { code: 'redirect' } });
});

test('300, 304 and a 302 without a location are answers, not redirects', async () => {
  const server = await startServer({
    '/302': reply(302, 'no place'),
    '/304': reply(304),
    '/300': reply(300, 'choose'),
  });
  const run = await sluice(['fetch'], { input: lines(server.at('/302'), server.at('/304'), server.at('/300')) });
  expect([0, 1, 2].map((index) => run.row(index).status)).toEqual([302, 304, 300]);
  expect(run.exitCode).toBe(0);
});

describe('what follows along', () => {
  const headers = {
    authorization: 'Bearer s3cr3t',
    'x-api-key': 'k3y',
    cookie: 'a=1',
    'X-Own': 'own',
    accept: 'text/x-a',
    'user-agent': 'me/1',
  };

  test('promise 10: credentials and custom headers do not follow to another origin; accept and user-agent do', async () => {
    const other = await startServer({ '*': reply(200) });
    const server = await startServer({ '/': redirect(other.at('/there')) });
    const run = await sluice(['fetch', '-u', 'user:pass', '-e', 'http://referer.example/'], {
      input: ndjson({ url: server.at('/'), headers }, { url: server.at('/').replace('http://', 'http://me:pw@') }),
    });
    expect(run.exitCode).toBe(0);
    expect(other.calls).toHaveLength(2);
    for (const call of other.calls) {
      for (const name of ['authorization', 'x-api-key', 'cookie', 'x-own', 'referer'])
        expect(call.headers).not.toHaveProperty(name);
    }
    expect(
      other.calls.some((call) => call.headers.accept === 'text/x-a' && call.headers['user-agent'] === 'me/1'),
    ).toBe(true);
    expect(other.calls[0]?.headers.host).toBe(other.host);
  });

  test('within the same origin everything follows', async () => {
    const server = await startServer({ '/': redirect('/there') });
    await sluice(['fetch'], { input: ndjson({ url: server.at('/'), headers }) });
    expect(server.callsOf('/there')[0]?.headers).toMatchObject({
      authorization: 'Bearer s3cr3t',
      'x-api-key': 'k3y',
      cookie: 'a=1',
    });
  });

  test('what was dropped on the way there does not come back on the way home', async () => {
    const server = await startServer();
    const other = await startServer({ '/': redirect(server.at('/home')) });
    server.on('/', redirect(other.at('/')));
    await sluice(['fetch', '-H', 'x-api-key: k3y', server.at('/')]);
    expect(server.callsOf('/home')[0]?.headers).not.toHaveProperty('x-api-key');
  });

  test('301, 302 and 303 turn POST into GET without its body; 307 and 308 keep both', async () => {
    const server = await startServer({ '/echo': echo() });
    const statuses = [301, 302, 303, 307, 308];
    const records = statuses.map((status) => ({
      url: server.at(`/${status}`, redirect('/echo', status)),
      method: 'POST',
      body: { a: 1 },
    }));
    const run = await sluice(['fetch'], { input: ndjson(...records) });
    for (const [at, status] of statuses.entries()) {
      const seen = run.row(at).body as { method: string; body: string; headers: Record<string, string> };
      const isKept = status >= 307;
      expect(seen, `${status}`).toMatchObject({ method: isKept ? 'POST' : 'GET', body: isKept ? '{"a":1}' : '' });
      expect('content-type' in seen.headers, `${status}`).toBe(isKept);
      expect(run.row(at).method).toBe('POST');
    }
  });

  test('303 turns PUT into GET, 302 leaves it; HEAD stays HEAD', async () => {
    const server = await startServer({ '/302': redirect('/end'), '/303': redirect('/end', 303) });
    const records = [
      { url: server.at('/303'), method: 'PUT', body: 'x' },
      { url: server.at('/302'), method: 'PUT', body: 'x' },
      { url: server.at('/303'), method: 'HEAD' },
    ];
    await sluice(['fetch', '-c', '1'], { input: ndjson(...records) });
    expect(server.callsOf('/end').map((call) => call.method)).toEqual(['GET', 'PUT', 'HEAD']);
  });
});

test('--timeout counts all hops of an attempt together', async () => {
  const server = await startServer();
  for (let hop = 0; hop < 5; hop++) server.on(`/${hop}`, late(300, redirect(`/${hop + 1}`)));
  const run = await sluice(['fetch', '--timeout', '1s', '--retries', '0', server.at('/0')]);
  expect(run.row(0).error).toMatchObject({ code: 'timeout' });
  expect(['headers', 'total']).toContain(run.row(0).error?.phase);
  expect(server.calls.length).toBeLessThanOrEqual(4);
});
