import { describe, expect, test } from 'vitest';
import { hangUp, holdAnswers, inTurn, reply } from '../support/answers.ts';
import { lines, ndjson } from '../support/input.ts';
import { closedPort } from '../support/raw-server.ts';
import { startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

const quick = ['fetch', '--retry-delay', '1ms'];

describe('what is tried again', () => {
  test('500 twice, then 200: ok in the third attempt', async () => {
    const server = await startServer({ '/': inTurn(reply(500), reply(500), reply(200, 'well')) });
    const run = await sluice([...quick, server.at('/')]);
    expect(run.exitCode).toBe(0);
    expect(run.row(0)).toMatchObject({ ok: true, attempts: 3, status: 200, body: 'well' });
    expect(server.calls).toHaveLength(3);
  });

  test('two more attempts by default; --retries says otherwise; the row is the last answer', async () => {
    const server = await startServer({ '/': (call, response) => response.writeHead(500).end(`nth ${call.nth}`) });
    const usual = await sluice([...quick, server.at('/')]);
    expect(usual.row(0)).toMatchObject({ attempts: 3, status: 500, error: { code: 'http', retryable: true } });
    const none = await sluice([...quick, '--retries', '0', server.at('/')]);
    expect(none.row(0).attempts).toBe(1);
    const more = await sluice([...quick, '--retries', '4', server.at('/')]);
    expect(more.row(0).attempts).toBe(5);
    expect(server.calls).toHaveLength(9);
  });

  test('408, 425, 429, 500, 502, 503, 504, 522, 524 are; 400, 401, 403, 404, 501, 505 are not', async () => {
    const server = await startServer();
    const again = [408, 425, 429, 500, 502, 503, 504, 522, 524];
    const not = [400, 401, 403, 404, 501, 505];
    const urls = [...again, ...not].map((status) => server.at(`/${status}`, reply(status)));
    const run = await sluice([...quick, '--retries', '1'], { input: lines(...urls) });
    for (const [at, status] of [...again, ...not].entries()) {
      expect(run.row(at), `${status}`).toMatchObject({ status, attempts: at < again.length ? 2 : 1 });
      expect(run.row(at).error?.code, `${status}`).toBe(status === 429 ? 'rate_limited' : 'http');
    }
  });

  test('a connection that breaks before the answer is; so is one that cannot be made, and a timeout', async () => {
    const server = await startServer({
      '/reset': inTurn(hangUp, hangUp, reply(200)),
      '/silent': holdAnswers().handler,
    });
    const input = lines(server.at('/reset'), `http://127.0.0.1:${await closedPort()}/`, server.at('/silent'));
    const run = await sluice([...quick, '--timeout', '150ms'], { input });
    expect(run.row(0)).toMatchObject({ ok: true, status: 200 });
    expect(run.row(1)).toMatchObject({ attempts: 3, error: { code: 'connect' } });
    expect(run.row(2)).toMatchObject({ attempts: 3, error: { code: 'timeout' } });
    expect(server.callsOf('/silent')).toHaveLength(3);
  });

  test('POST and PATCH only where the server cannot have acted: 429, 503, no connection', async () => {
    const server = await startServer({ '/reset': hangUp });
    const statuses = [429, 503, 408, 425, 500, 502, 504];
    const records = statuses.map((status) => ({
      url: server.at(`/${status}`, reply(status)),
      method: 'POST',
      body: 'x',
    }));
    records.push({ url: server.at('/reset'), method: 'POST', body: 'x' });
    records.push({ url: server.at('/500'), method: 'PATCH', body: 'x' });
    records.push({ url: `http://127.0.0.1:${await closedPort()}/`, method: 'POST', body: 'x' });
    const run = await sluice([...quick, '--retries', '1'], { input: ndjson(...records) });
    const attempts = records.map((_record, index) => run.row(index).attempts);
    expect(attempts).toEqual([2, 2, 1, 1, 1, 1, 1, 1, 1, 2]);
    expect(server.callsOf('/reset')).toHaveLength(1);
  });

  test('--retry-unsafe repeats POST and PATCH like the rest; PUT and DELETE are repeated anyway', async () => {
    const server = await startServer({ '/': reply(500), '/reset': hangUp });
    const unsafe = ndjson(
      { url: server.at('/'), method: 'POST', body: 'x' },
      { url: server.at('/reset'), method: 'PATCH' },
    );
    const run = await sluice([...quick, '--retry-unsafe'], { input: unsafe });
    expect([run.row(0).attempts, run.row(1).attempts]).toEqual([3, 3]);
    const safe = ndjson({ url: server.at('/'), method: 'PUT', body: 'x' }, { url: server.at('/'), method: 'DELETE' });
    const other = await sluice(quick, { input: safe });
    expect([other.row(0).attempts, other.row(1).attempts]).toEqual([3, 3]);
  });

  test('--retry-on takes failure codes and replaces the list', async () => {
    const server = await startServer({ '/500': reply(500), '/reset': hangUp });
    const input = lines(server.at('/500'), server.at('/reset'));
    const run = await sluice([...quick, '--retry-on', 'reset,timeout'], { input });
    expect([run.row(0).attempts, run.row(1).attempts]).toEqual([1, 3]);
  });

  test('each attempt sends the same body', async () => {
    const server = await startServer({ '/': inTurn(reply(503), reply(200)) });
    await sluice([...quick, '--json', '{"a":1}', server.at('/')]);
    expect(server.calls.map((call) => call.body)).toEqual(['{"a":1}', '{"a":1}']);
  });

  test('--retry-max-delay caps the back-off', async () => {
    const server = await startServer({ '/': reply(500) });
    const args = ['fetch', '--retry-delay', '1h', '--retry-max-delay', '1ms', '--retries', '5', server.at('/')];
    expect((await sluice(args)).row(0).attempts).toBe(6);
  });
});

describe('Retry-After', () => {
  const asks: [name: string, ms: number, headers: Record<string, string>][] = [
    ['seconds', 1000, { 'retry-after': '1' }],
    ['milliseconds', 300, { 'retry-after-ms': '300' }],
    ['RateLimit headers', 1000, { 'ratelimit-limit': '1', 'ratelimit-remaining': '0', 'ratelimit-reset': '1' }],
  ];

  test('seconds, milliseconds and the RateLimit headers are honoured with 429 and 503, and use no retry', async () => {
    const cases = asks.flatMap(([name, ms, headers]) => [429, 503].map((status) => ({ name, ms, headers, status })));
    // A server each: what one asks for holds its host, and only that.
    const servers = await Promise.all(
      cases.map(({ status, headers }) => startServer({ '/': inTurn(reply(status, '', headers), reply(200)) })),
    );
    const run = await sluice(['fetch', '--retries', '0'], { input: lines(...servers.map((server) => server.at('/'))) });
    for (const [at, { name, status, ms }] of cases.entries()) {
      expect(run.row(at), `${status} ${name}`).toMatchObject({ ok: true, attempts: 2 });
      const [first = 0, second = 0] = servers[at]?.times() ?? [];
      expect(second - first, `${status} ${name}`).toBeGreaterThanOrEqual(ms - 5);
    }
  });

  test('a date is honoured', async () => {
    const server = await startServer();
    let opensAt = 0;
    server.on('/', (call, response) => {
      opensAt ||= Math.ceil((Date.now() + 400) / 1000) * 1000;
      if (call.nth > 1) response.writeHead(Date.now() >= opensAt - 5 ? 200 : 418).end();
      else response.writeHead(429, { 'retry-after': new Date(opensAt).toUTCString() }).end();
    });
    const run = await sluice(['fetch', '--retries', '0', server.at('/')]);
    expect(run.row(0)).toMatchObject({ ok: true, status: 200, attempts: 2 });
  });

  test('junk is as if there were none: a retry is used', async () => {
    const server = await startServer();
    const urls = ['soon', '-5', ''].map((value, at) => server.at(`/${at}`, reply(429, '', { 'retry-after': value })));
    const run = await sluice([...quick, '--retries', '1'], { input: lines(...urls) });
    for (const row of run.rows)
      expect(row).toMatchObject({ attempts: 2, error: { code: 'rate_limited', retryable: true } });
  });

  test('longer than --retry-after-max fails the row at once', async () => {
    const server = await startServer();
    const url429 = server.at('/429', reply(429, 'no', { 'retry-after': '3600' }));
    const url503 = server.at('/503', reply(503, 'no', { 'retry-after': '3600' }));
    const run429 = await sluice(['fetch', url429]);
    expect(run429.row(0)).toMatchObject({ attempts: 1, status: 429, error: { code: 'rate_limited' } });
    const run503 = await sluice(['fetch', '--retry-after-max', '30m', url503]);
    expect(run503.row(0)).toMatchObject({ attempts: 1, status: 503, error: { code: 'http' } });
    for (const run of [run429, run503]) expect(run.row(0).error?.message).toMatch(/retry-after-max|3600/i);
  });

  test('a server that puts us off for ever does not hold a job longer than --retry-after-max in all', async () => {
    const server = await startServer({ '/': reply(429, '', { 'retry-after-ms': '100' }) });
    const run = await sluice(['fetch', '--retry-after-max', '350ms', server.at('/')]);
    expect(run.row(0).error?.code).toBe('rate_limited');
    expect(run.row(0).attempts).toBeGreaterThan(1);
    expect(run.row(0).attempts).toBeLessThanOrEqual(8);
  });

  test('Retry-After: 0 is not a reason to give up, nor to go on for ever', async () => {
    const server = await startServer({ '/': reply(429, '', { 'retry-after': '0' }) });
    const well = server.at('/well', inTurn(reply(429, '', { 'retry-after': '0' }), reply(200)));
    const run = await sluice([...quick, '-c', '1'], { input: lines(well, server.at('/')) });
    expect(run.row(0)).toMatchObject({ ok: true, attempts: 2 });
    expect(run.row(1).error?.code).toBe('rate_limited');
    expect(server.calls.length).toBeLessThanOrEqual(100);
  });
});

test('a job that waits to be tried again holds no slot', async () => {
  const waiting = await startServer({ '/': inTurn(reply(503, '', { 'retry-after': '1' }), reply(200)) });
  const other = await startServer();
  const input = lines(waiting.at('/'), other.at('/1'), other.at('/2'), other.at('/3'));
  const run = await sluice(['fetch', '-c', '1'], { input });
  expect(run.rows.map((row) => row.index)).toEqual([1, 2, 3, 0]);
  expect(run.exitCode).toBe(0);
});
