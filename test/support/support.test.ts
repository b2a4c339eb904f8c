import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { holdAnswers, inTurn, reply } from './answers.ts';
import { parseRow } from './row.ts';
import { startServer } from './server.ts';
import { achievedRate, slidingMax } from './sliding.ts';
import { shell } from './sluice.ts';

test('`slidingMax` finds the fullest window, wherever it begins', () => {
  expect(slidingMax([], 100)).toBe(0);
  expect(slidingMax([0, 50, 99, 100, 149], 100)).toBe(4);
  expect(slidingMax([300, 0, 100, 200], 100)).toBe(1);
  expect(slidingMax([0, 20, 40, 60, 80, 100], 100)).toBe(5);
});

test('`achievedRate` counts intervals, not events', () => {
  expect(achievedRate([0, 100, 200])).toBe(10);
});

test('the server counts what is in flight, and held answers stay so until released', async () => {
  const held = holdAnswers();
  const server = await startServer({ '/held': held.handler, '/turn': inTurn(reply(500), reply(200, 'well')) });
  const answers = [1, 2, 3].map(() => fetch(server.at('/held')));
  await server.called(3, '/held');
  expect(server.inFlight()).toBe(3);
  held.release(1);
  await Promise.race(answers);
  expect(server.inFlight()).toBe(2);
  held.open();
  await Promise.all(answers);
  expect(server.inFlight()).toBe(0);
  expect(server.maxInFlight).toBe(3);
  expect([await (await fetch(server.at('/turn'))).text(), await (await fetch(server.at('/turn?x'))).text()]).toEqual([
    '',
    'well',
  ]);
  expect(server.callsOf('/turn').map((call) => call.path)).toEqual(['/turn', '/turn?x']);
});

test('a client that leaves is in flight no longer', async () => {
  const server = await startServer({ '/held': holdAnswers().handler });
  const socket = connect(Number(server.host.split(':')[1]), '127.0.0.1');
  socket.write('GET /held HTTP/1.1\r\nhost: x\r\n\r\n');
  await server.called(1);
  expect(server.inFlight()).toBe(1);
  socket.destroy();
  await server.quiet();
  expect(server.inFlight()).toBe(0);
});

const row = {
  index: 0,
  id: null,
  ok: true,
  url: 'http://x/',
  method: 'GET',
  status: 200,
  attempts: 1,
  duration_ms: 1.5,
  final_url: 'http://x/',
  redirects: 0,
  body: 'ok',
  bytes: 2,
  timestamp: '2026-01-01T00:00:00.000Z',
  error: null,
};

test('a row is checked against the schema, and its fields come in the schema’s order', () => {
  expect(parseRow(JSON.stringify(row))).toEqual(row);
  expect(() => parseRow(JSON.stringify({ ...row, status: 0 }))).toThrow(/row\.schema\.json/);
  expect(() => parseRow(JSON.stringify({ ...row, ok: false }))).toThrow(/row\.schema\.json/);
  expect(() => parseRow(JSON.stringify({ ...row, surprise: 1 }))).toThrow(/row\.schema\.json/);
  const { index, ...others } = row;
  expect(() => parseRow(JSON.stringify({ ...others, index }))).toThrow(/order/);
});

test('every run is checked: whole rows, no gap, one verdict', async () => {
  const line = JSON.stringify(row);
  const failed = JSON.stringify({
    ...row,
    ok: false,
    error: { code: 'http', message: '', phase: null, retryable: false, cause: null },
  });
  const printing = (text: string, exit = 0) => shell(`printf '%s' "$TEXT"; exit ${exit}`, { env: { TEXT: text } });
  expect((await printing(`${line}\n`)).row(0)).toEqual(row);
  await expect(printing(line)).rejects.toThrow(/inside a row/);
  await expect(printing('ok\n')).rejects.toThrow(/JSON/);
  await expect(printing(`${line}\n${line}\n`)).rejects.toThrow(/double/);
  await expect(printing(`${failed}\n`)).rejects.toThrow(/exit 0/);
  await expect(printing(`${line}\n`, 1)).rejects.toThrow(/exit 1/);
  await expect(shell('sleep 20', { hangsAfterMs: 100 })).rejects.toThrow(/still running/);
});
