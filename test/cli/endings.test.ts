import { performance } from 'node:perf_hooks';
import { describe, expect, test } from 'vitest';
import { holdAnswers, inTurn, redirect, reply } from '../support/answers.ts';
import { lines, times } from '../support/input.ts';
import { type CountingServer, type Handler, startServer } from '../support/server.ts';
import { type Ended, sluice, start } from '../support/sluice.ts';

/** The contract says 0.5 s; a loaded machine gets a little more. */
const atOnceMs = 900;

const codesOf = (run: Ended) => run.rows.map((row) => row.error?.code ?? 'ok');
const count = (run: Ended, code: string) => codesOf(run).filter((each) => each === code).length;

/** A server that answers `/ok` and `/bad` and never `/never`. */
async function startModel(more: Record<string, Handler> = {}): Promise<CountingServer> {
  return await startServer({ '/bad': reply(404), '/never': holdAnswers().handler, ...more });
}

describe('the run’s own policy', () => {
  test('--fail-fast: the first failure cancels the rest, also what runs; exit 3', async () => {
    const server = await startModel();
    const run = start(['fetch', '-c', '4', '--fail-fast']);
    run.stdin.write(times(3, server.at('/never')));
    await server.called(3);
    run.stdin.write(lines(server.at('/bad'), server.at('/never')));
    const ended = await run.ended; // stdin is still open: the end does not wait for it
    expect(ended.exitCode).toBe(3);
    expect(ended.row(3).error?.code).toBe('http');
    for (const row of ended.rows.filter(({ index }) => index !== 3)) expect(row.error?.code).toBe('cancelled');
    expect(ended.row(0)).toMatchObject({ ok: false, attempts: 1, status: null });
    expect(server.calls.length).toBeLessThanOrEqual(5);
  });

  test('--fail-fast counts a line that is no URL; without a failure it changes nothing', async () => {
    const server = await startModel();
    const bad = await sluice(['fetch', '--fail-fast', '-c', '1'], {
      input: lines('not a url', server.at('/ok'), server.at('/ok')),
    });
    expect(bad.exitCode).toBe(3);
    expect(bad.row(0).error?.code).toBe('input');
    const well = await sluice(['fetch', '--fail-fast'], { input: times(5, server.at('/ok')) });
    expect(well.exitCode).toBe(0);
  });

  test('a retry that goes well is no failure', async () => {
    const server = await startModel({ '/flaky': inTurn(reply(500), reply(200)) });
    const run = await sluice(['fetch', '--fail-fast', '--retry-delay', '1ms', server.at('/flaky')]);
    expect(run.exitCode).toBe(0);
  });

  test('a cancelled job that was waiting to be tried again gives its last failure as cause', async () => {
    const server = await startModel({ '/500': reply(500) });
    const run = start(['fetch', '--fail-fast', '--retry-delay', '1h', '--retry-max-delay', '2h']);
    run.stdin.write(lines(server.at('/500')));
    await server.called(1);
    run.stdin.write(lines('not a url'));
    const ended = await run.ended;
    expect(ended.row(0)).toMatchObject({ attempts: 1, error: { code: 'cancelled', cause: { code: 'http' } } });
  });

  test('--max-failures N stops at the Nth', async () => {
    const server = await startModel();
    const run = await sluice(['fetch', '-c', '1', '--max-failures', '3'], { input: times(20, server.at('/bad')) });
    expect(run.exitCode).toBe(3);
    expect(count(run, 'http')).toBe(3);
    expect(count(run, 'cancelled')).toBe(run.rows.length - 3);
    expect(server.calls).toHaveLength(3);
    const fewer = await sluice(['fetch', '--max-failures', '3'], {
      input: lines(server.at('/bad'), server.at('/bad'), server.at('/ok')),
    });
    expect(fewer.exitCode).toBe(1);
  });

  test('--max-failures N% counts from the 100th row on, and at the end', async () => {
    const server = await startModel();
    const mixed = lines(server.at('/bad'), server.at('/ok'));
    const long = await sluice(['fetch', '-c', '1', '--max-failures', '10%'], { input: mixed.repeat(150) });
    expect(long.exitCode).toBe(3);
    expect(count(long, 'http') + count(long, 'ok')).toBe(100);
    const short = await sluice(['fetch', '--max-failures', '10%'], { input: mixed.repeat(5) });
    expect([short.exitCode, short.rows.length]).toEqual([3, 10]);
    expect(count(short, 'cancelled')).toBe(0);
    const few = await sluice(['fetch', '--max-failures', '60%'], { input: mixed.repeat(5) });
    expect(few.exitCode).toBe(1);
  });
});

describe('--deadline', () => {
  test('cuts what runs, gives every line read its `deadline` row, and exits 124', async () => {
    const server = await startModel();
    const input = lines(server.at('/ok'), server.at('/bad'), ...times(6, server.at('/never')).trim().split('\n'));
    const run = await sluice(['fetch', '-c', '3', '--deadline', '600ms'], { input });
    expect(run.exitCode).toBe(124);
    expect(run.rows).toHaveLength(8);
    expect(count(run, 'deadline')).toBe(6);
  });

  test('does not wait for a silent stdin, nor for rate tokens', async () => {
    const server = await startModel();
    const run = start(['fetch', '-r', '1/m', '--deadline', '500ms']);
    run.stdin.write(times(3, server.at('/ok')));
    const ended = await run.ended;
    expect(ended.exitCode).toBe(124);
    expect(codesOf(ended).sort()).toEqual(['deadline', 'deadline', 'ok']);
  });

  test('a run that is over in time does not hear of it', async () => {
    const server = await startModel();
    expect((await sluice(['fetch', '--deadline', '1h', server.at('/ok')])).exitCode).toBe(0);
  });

  test('a wait that would pass it fails now', async () => {
    const server = await startModel({ '/later': reply(429, '', { 'retry-after': '100' }) });
    const run = await sluice(['fetch', '--deadline', '60s', server.at('/later')]);
    expect(run.rows).toHaveLength(1);
    expect(run.row(0)).toMatchObject({ ok: false, attempts: 1, status: 429 });
  });
});

describe('signals', () => {
  test('Ctrl-C on a silent, open stdin ends at once, by that signal', async () => {
    const server = await startModel();
    const run = start(['fetch']);
    run.stdin.write(lines(server.at('/ok')));
    await run.nextRow();
    const at = performance.now();
    await run.signal('SIGINT');
    const ended = await run.ended;
    expect(ended).toMatchObject({ exitCode: null, signal: 'SIGINT' });
    expect(ended.rows).toHaveLength(1);
    expect(ended.endedAt - at).toBeLessThan(atOnceMs);
  });

  test.each(['SIGTERM', 'SIGHUP'] as const)('%s ends the run by that signal', async (name) => {
    const server = await startModel();
    const run = start(['fetch', '--grace', '0']);
    run.stdin.write(lines(server.at('/ok'), server.at('/never')));
    await run.nextRow();
    await server.called(2);
    await run.signal(name);
    const ended = await run.ended;
    expect(ended).toMatchObject({ exitCode: null, signal: name });
    expect(ended.row(1).error?.code).toBe('cancelled');
  });

  test('promise 6: one Ctrl-C lets running calls finish and starts nothing new', async () => {
    const held = holdAnswers();
    const server = await startModel({ '/held': held.handler });
    const run = start(['fetch', '-c', '2']);
    run.stdin.end(times(10, server.at('/held')));
    await server.called(2);
    await run.signal('SIGINT');
    expect((await run.nextRow()).error?.code).toBe('cancelled'); // the signal has been heard
    held.open();
    const ended = await run.ended;
    expect(ended.signal).toBe('SIGINT');
    expect(count(ended, 'ok')).toBe(2);
    expect(count(ended, 'cancelled')).toBe(ended.rows.length - 2);
    expect(server.calls).toHaveLength(2);
    await server.quiet();
  });

  test('after an interrupt the last line on stderr counts done, failed and cancelled, and tells how to go on', async () => {
    const server = await startModel();
    const run = start(['fetch', '-c', '1', '--grace', '0']);
    run.stdin.write(
      lines(server.at('/ok'), server.at('/bad'), server.at('/ok'), server.at('/never'), server.at('/never')),
    );
    await server.called(4);
    await run.signal('SIGINT');
    const ended = await run.ended;
    const cancelled = count(ended, 'cancelled'); // two, if the fifth line had been read
    const last = ended.stderr.trim().split('\n').at(-1) ?? '';
    expect(last).toMatch(/\b[23] done|done\D{1,3}[23]\b/);
    expect(last).toMatch(/\b1 failed|failed\D{1,3}1\b/);
    expect(last).toMatch(new RegExp(`\\b${cancelled} cancelled|cancelled\\D{1,3}${cancelled}\\b`));
    expect(last).toMatch(/not read/);
    expect(last).toMatch(/sluice fetch/);
  });

  test('--grace is all that a running call gets', async () => {
    const server = await startModel();
    const run = start(['fetch', '--grace', '200ms']);
    run.stdin.write(lines(server.at('/never'), server.at('/never')));
    await server.called(2);
    const at = performance.now();
    await run.signal('SIGINT');
    const ended = await run.ended;
    expect(ended.signal).toBe('SIGINT');
    expect(codesOf(ended)).toEqual(['cancelled', 'cancelled']);
    expect(ended.endedAt - at).toBeGreaterThanOrEqual(195);
  });

  test('in the grace period a redirect is followed and a retry is not made', async () => {
    const [move, fail] = [holdAnswers(redirect('/ok')), holdAnswers(reply(500))];
    const server = await startModel({ '/moved': move.handler, '/fails': fail.handler });
    const run = start(['fetch', '-c', '2', '--retry-delay', '1ms']);
    run.stdin.write(lines(server.at('/moved'), server.at('/fails'), server.at('/ok'), server.at('/ok')));
    await server.called(2);
    await run.signal('SIGINT');
    expect(await run.nextRow()).toMatchObject({ index: 3, error: { code: 'cancelled' } }); // the signal has been heard
    move.open();
    fail.open();
    const ended = await run.ended;
    expect(ended.row(0)).toMatchObject({ ok: true, redirects: 1 });
    expect(ended.row(1)).toMatchObject({ ok: false, attempts: 1 });
    const { error } = ended.row(1);
    expect(error?.code === 'http' || error?.cause?.code === 'http').toBe(true);
    expect(server.callsOf('/fails')).toHaveLength(1);
  });

  test('two Ctrl-C on long calls end at once with one `cancelled` row for each line read', async () => {
    const server = await startModel();
    const run = start(['fetch', '-c', '5', '--grace', '1h']);
    run.stdin.end(times(20, server.at('/never')));
    await server.called(5);
    await run.signal('SIGINT');
    const at = performance.now();
    await run.signal('SIGINT');
    const ended = await run.ended;
    expect(ended.signal).toBe('SIGINT');
    expect(ended.rows.length).toBeGreaterThanOrEqual(5); // and no gap among them: every run checks that
    expect(count(ended, 'cancelled')).toBe(ended.rows.length);
    expect(ended.endedAt - at).toBeLessThan(atOnceMs);
    expect(server.calls).toHaveLength(5);
  });

  test('Ctrl-C does not wait for rate tokens', async () => {
    const server = await startModel();
    const run = start(['fetch', '-r', '1/m']);
    run.stdin.end(times(5, server.at('/ok')));
    await run.nextRow();
    const at = performance.now();
    await run.signal('SIGINT');
    const ended = await run.ended;
    expect(count(ended, 'ok')).toBe(1);
    expect(count(ended, 'cancelled')).toBe(ended.rows.length - 1);
    expect(ended.endedAt - at).toBeLessThan(atOnceMs);
  });

  test('nor for the next try, nor for a Retry-After; what came last is the cause', async () => {
    const server = await startModel({ '/fails': reply(500), '/later': reply(429, '', { 'retry-after': '200' }) });
    const run = start(['fetch', '--retry-delay', '1h', '--retry-max-delay', '1h', '-v']);
    run.stdin.end(lines(server.at('/fails'), server.at('/later')));
    await run.says(/\b500\b/);
    await run.says(/\b429\b/);
    const at = performance.now();
    await run.signal('SIGINT');
    const ended = await run.ended;
    expect(ended.row(0).error).toMatchObject({ code: 'cancelled', cause: { code: 'http' } });
    expect(ended.row(1).error).toMatchObject({ code: 'cancelled', cause: { code: 'rate_limited' } });
    expect(ended.endedAt - at).toBeLessThan(atOnceMs);
  });

  test('a third Ctrl-C ends even a run whose reader has stopped reading', async () => {
    const server = await startModel({ '/big': reply(200, 'x'.repeat(100_000)) });
    const run = start(['fetch'], { isRead: false, isWhole: false });
    run.stdin.end(times(200, server.at('/big')));
    await server.called(20);
    for (let pressed = 0; pressed < 3; pressed++) await run.signal('SIGINT');
    const at = performance.now();
    const ended = await run.ended;
    expect(ended.signal).toBe('SIGINT');
    expect(ended.endedAt - at).toBeLessThan(atOnceMs);
  });

  test('an interrupt beats failed rows', async () => {
    const server = await startModel();
    const run = start(['fetch']);
    run.stdin.write(lines(server.at('/bad')));
    await run.nextRow();
    await run.signal('SIGINT');
    expect((await run.ended).signal).toBe('SIGINT');
  });

  test('promise 2: after kill -9 stdout holds whole rows', async () => {
    const server = await startModel();
    const run = start(['fetch'], { isWhole: false });
    run.stdin.write(times(2000, server.at('/ok')));
    for (let seen = 0; seen < 100; seen++) await run.nextRow();
    await run.signal('SIGKILL');
    const ended = await run.ended; // each whole line is a row: every run checks that
    expect(ended.rows.length).toBeGreaterThanOrEqual(100);
  });
});

test('promise 6: with the last row the run is over, though the server would keep its connections', async () => {
  const server = await startModel();
  const run = start(['fetch']);
  run.stdin.write(lines(server.at('/ok'), server.at('/ok')));
  await run.nextRow();
  await run.nextRow();
  const at = performance.now();
  run.stdin.end();
  const ended = await run.ended;
  expect(ended.exitCode).toBe(0);
  expect(ended.endedAt - at).toBeLessThan(atOnceMs);
  await server.quiet();
});

test('promise 7: the exit code counts exactly the rows that are not ok', async () => {
  const server = await startModel();
  const well = await sluice(['fetch'], { input: times(3, server.at('/ok')) });
  expect([well.exitCode, count(well, 'ok')]).toEqual([0, 3]);
  const failed = await sluice(['fetch'], { input: lines(server.at('/ok'), server.at('/bad')) });
  expect([failed.exitCode, count(failed, 'ok')]).toEqual([1, 1]);
});
