import { join } from 'node:path';
import { expect, test } from 'vitest';
import { holdAnswers, inTurn, late, redirect, reply } from '../support/answers.ts';
import { lines, times } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { rowsIn } from '../support/row-file.ts';
import { type Handler, startServer } from '../support/server.ts';
import { sluice, start } from '../support/sluice.ts';

const ok = reply(200, 'ok');
const indexes = (rows: readonly { index: number }[]) => rows.map((row) => row.index);
const upTo = (count: number) => Array.from({ length: count }, (_value, index) => index);

test('--ordered: rows in input order, though the first job is the last to end', async () => {
  const held = holdAnswers();
  const server = await startServer({ '/first': held.handler });
  const run = start(['fetch', '--ordered']);
  run.stdin.end(lines(server.at('/first')) + times(50, server.at('/')));
  await server.called(50, '/');
  held.open();
  const ended = await run.ended;
  expect(indexes(ended.rows)).toEqual(upTo(51));
});

test('without it the first row is the first job that ended', async () => {
  const held = holdAnswers();
  const server = await startServer({ '/first': held.handler });
  const run = start(['fetch']);
  run.stdin.end(lines(server.at('/first')) + times(50, server.at('/')));
  expect((await run.nextRow()).index).not.toBe(0);
  held.open();
  const { rows } = await run.ended;
  expect(indexes(rows)).not.toEqual(upTo(51));
});

test('rows come as soon as it is their turn, while later jobs still run', async () => {
  const [early, later] = [holdAnswers(), holdAnswers()];
  const server = await startServer({ '/early': early.handler, '/late': later.handler });
  const run = start(['fetch', '--ordered']);
  run.stdin.write(lines(server.at('/'), server.at('/early'), server.at('/'), server.at('/late')));
  expect((await run.nextRow()).index).toBe(0);
  await server.called(4);
  early.open();
  expect([(await run.nextRow()).index, (await run.nextRow()).index]).toEqual([1, 2]);
  later.open();
  run.stdin.end();
  await run.ended;
});

test('a slow first host: the other host goes on inside the window, and the rows are in order', async () => {
  const held = holdAnswers();
  const [slow, fast] = [await startServer({ '*': held.handler }), await startServer()];
  const run = start(['fetch', '--ordered', '--host-concurrency', '5']);
  run.stdin.end(times(50, slow.at('/')) + times(500, fast.at('/')));
  await fast.called(500);
  expect(slow.calls).toHaveLength(5);
  held.open();
  expect(indexes((await run.ended).rows)).toEqual(upTo(550));
});

test.each([[['--ordered']], [['--ordered', '--host-concurrency', '20']]])(
  'reading waits when the window is full of rows that wait for their turn (%s)',
  async (flags) => {
    const server = await startServer();
    let callsBefore = 0;
    const first: Handler = (call, response) => {
      callsBefore = server.calls.length;
      ok(call, response);
    };
    // Time enough for all 200, if nothing held them back.
    server.on('/first', late(300, first));
    const input = lines(server.at('/first')) + times(200, server.at('/'));
    const run = await sluice(['fetch', '-c', '20', '--window', '10', ...flags], { input });
    expect(callsBefore).toBe(10);
    expect(indexes(run.rows)).toEqual(upTo(201));
  },
);

test('without --ordered the window is no more than what runs: a slow job stops nobody', async () => {
  const held = holdAnswers();
  const server = await startServer({ '/first': held.handler });
  const run = start(['fetch', '--window', '10']);
  run.stdin.end(lines(server.at('/first')) + times(200, server.at('/')));
  await server.called(200, '/');
  held.open();
  expect((await run.ended).rows).toHaveLength(201);
});

test('failures, retries, redirects and lines that are no URL keep their place', async () => {
  const server = await startServer({
    '/bad': reply(404),
    '/flaky': (call, response) => late(5, call.nth % 2 === 1 ? reply(500) : ok)(call, response),
    '/moved': redirect('/late'),
    '/late': late(10, ok),
    '/held': inTurn(reply(429, '', { 'retry-after-ms': '100' }), ok),
  });
  const kinds = ['/late', '/bad', '/flaky', '/moved', '/held', '/'].map((path) => server.at(path));
  const input = lines(...kinds, 'no url').repeat(10);
  const run = await sluice(['fetch', '--ordered', '--retry-delay', '10ms', '--retries', '9'], { input });
  expect(indexes(run.rows)).toEqual(upTo(70));
  expect(run.rows.slice(0, 7).map((row) => row.error?.code ?? row.status)).toEqual([
    200,
    'http',
    200,
    200,
    200,
    200,
    'input',
  ]);
});

test('a run that is cut short still gives every row read, in order', async () => {
  const held = holdAnswers();
  const server = await startServer({ '/never': held.handler, '/bad': reply(404) });
  const input = lines(server.at('/never')) + times(20, server.at('/')) + lines(server.at('/bad'));
  const failFast = await sluice(['fetch', '--ordered', '--fail-fast'], { input });
  expect(failFast.exitCode).toBe(3);
  expect(indexes(failFast.rows)).toEqual(upTo(failFast.rows.length));
  expect(failFast.row(0).error?.code).toBe('cancelled');

  const run = start(['fetch', '--ordered', '--grace', '0s']);
  run.stdin.end(lines(server.at('/never')) + times(20, server.at('/')));
  await server.called(40, '/');
  await run.signal('SIGINT');
  const { rows } = await run.ended;
  expect(indexes(rows)).toEqual(upTo(21));
  expect(rows[0]?.error?.code).toBe('cancelled');
});

test('--ordered with -o: the file is in order too', async () => {
  const server = await startServer({ '/slow': late(100, ok) });
  const file = join(temporaryFolder(), 'out.ndjson');
  await sluice(['fetch', '--ordered', '-o', file], { input: lines(server.at('/slow')) + times(20, server.at('/')) });
  expect(indexes(rowsIn(file))).toEqual(upTo(21));
});

test('--window takes a whole number of at least 1', async () => {
  const server = await startServer();
  const none = await sluice(['fetch', '--window', '0', server.at('/')]);
  expect(none.exitCode).toBe(2);
  expect(none.stderr).toMatch(/^sluice: --window: .*\n$/);
  const one = await sluice(['fetch', '--window', '1', '-c', '5'], { input: times(5, server.at('/')) });
  expect([one.rows.length, server.maxInFlight]).toEqual([5, 1]);
});
