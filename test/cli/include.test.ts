import { expect, test } from 'vitest';
import { inTurn, redirect, reply } from '../support/answers.ts';
import { lines, ndjson } from '../support/input.ts';
import { closedPort } from '../support/raw-server.ts';
import { startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

test('a row has no more than asked for', async () => {
  const server = await startServer();
  const run = await sluice(['fetch', server.at('/')]);
  const expected = ['index', 'id', 'ok', 'url', 'method', 'status', 'attempts', 'duration_ms'];
  expected.push('final_url', 'redirects', 'body', 'bytes', 'timestamp', 'error');
  expect(Object.keys(run.row(0))).toEqual(expected);
});

test('--include headers: names in lower case, set-cookie a list, null when no answer came', async () => {
  const server = await startServer({
    '/': reply(200, 'ok', { 'X-Upper': 'Value', 'Set-Cookie': ['a=1', 'b=2'], 'X-Twice': ['1', '2'] }),
  });
  const input = lines(server.at('/'), `http://127.0.0.1:${await closedPort()}/`);
  const run = await sluice(['fetch', '--include', 'headers', '--retries', '0'], { input });
  expect(run.row(0).headers).toMatchObject({ 'x-upper': 'Value', 'set-cookie': ['a=1', 'b=2'], 'x-twice': '1, 2' });
  expect(run.row(1).headers).toBeNull();
});

test('--include timings: where the time went, in milliseconds', async () => {
  const server = await startServer();
  const run = await sluice(['fetch', '--include', 'timings', server.at('/')]);
  const { timings, duration_ms } = run.row(0);
  expect(timings?.ttfb_ms).toBeGreaterThan(0);
  expect(timings?.total_ms).toBeGreaterThanOrEqual(duration_ms ?? Number.POSITIVE_INFINITY);
  expect(timings?.total_ms).toBeGreaterThanOrEqual(timings?.queued_ms ?? Number.POSITIVE_INFINITY);
});

test('--include attempts: every attempt and hop, in order', async () => {
  const server = await startServer({ '/a': inTurn(reply(500), reply(503), redirect('/b')), '/b': reply(200) });
  const run = await sluice(['fetch', '--include', 'attempts', '--retry-delay', '1ms', server.at('/a')]);
  const log = run.row(0).attempt_log ?? [];
  expect(log.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 3]);
  expect(log.map(({ error }) => error?.code ?? null)).toEqual(['http', 'http', null, null]);
  expect(log.map(({ lane }) => lane)).toEqual(log.map(() => server.host));
  expect(run.row(0)).toMatchObject({ ok: true, attempts: 3, redirects: 1 });
});

test('--include input: the line or the record it came from', async () => {
  const server = await startServer();
  const line = await sluice(['fetch', '--include', 'input'], { input: lines(server.at('/a'), 'bad') });
  expect([line.row(0).input, line.row(1).input]).toEqual([server.at('/a'), 'bad']);
  const record = { id: 'x', url: server.at('/a'), note: 'kept', deep: { a: [1] } };
  const text = JSON.stringify(record).replace('[1]', '[12345678901234567890]');
  const run = await sluice(['fetch', '--include', 'input'], { input: lines(text) });
  expect(run.row(0).input).toMatchObject({ id: 'x', note: 'kept' });
  expect(run.lines[0]).toContain('[12345678901234567890]');
});

test('--include request: what was sent', async () => {
  const server = await startServer();
  const input = ndjson({ url: server.at('/a?b=c'), method: 'POST', headers: { 'X-A': '1' }, body: { n: 1 } });
  const run = await sluice(['fetch', '--include', 'request', '-A', 'tester/1'], { input });
  const { request } = run.row(0);
  expect(request).toMatchObject({ method: 'POST', url: server.at('/a?b=c'), body: '{"n":1}' });
  expect(request?.headers).toMatchObject({ 'x-a': '1', 'user-agent': 'tester/1', 'content-type': 'application/json' });
});

test('--include takes several words', async () => {
  const server = await startServer();
  const run = await sluice(['fetch', '--include', 'headers,timings,input', server.at('/')]);
  expect(run.row(0)).toHaveProperty('headers');
  expect(run.row(0)).toHaveProperty('timings');
  expect(run.row(0)).toHaveProperty('input');
  expect(run.row(0)).not.toHaveProperty('request');
});
