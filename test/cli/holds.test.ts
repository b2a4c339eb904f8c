import { describe, expect, test } from 'vitest';
import { holdAnswers, inTurn, reply } from '../support/answers.ts';
import { lines, times } from '../support/input.ts';
import { type Handler, startServer } from '../support/server.ts';
import { sluice, start } from '../support/sluice.ts';

// A host is a server of its own on a port of its own. Where a test must know that no call comes, the other host's
// calls are its clock: they go on while the first one is held.

const ok = reply(200, 'ok');
const wait = (ms: number, status = 429) => reply(status, 'not now', { 'retry-after-ms': String(ms) });

/** Node's timers may fire a millisecond early, and the answer takes its time to arrive. */
const early = 5;

describe('a host that answers Retry-After is held as a whole', () => {
  test.each([429, 503])(
    '%s: no call until then, then exactly one, then the rest; no retry is lost, and the other host goes on',
    async (status) => {
      const held = holdAnswers(inTurn(reply(status, 'not now', { 'retry-after': '1' }), ok));
      const [host, other] = [await startServer({ '*': held.handler }), await startServer()];
      const run = start(['fetch', '--retries', '0', '--host-concurrency', '4', '-v']);
      run.stdin.write(times(20, host.at('/')));
      await host.called(4);
      held.release(1);
      const refusedAt = host.lastAnswerAt;
      await run.says(/ held for /);
      held.release(3);
      run.stdin.write(times(100, other.at('/')));
      await other.called(100);
      expect(host.calls).toHaveLength(4);

      await host.called(5);
      expect((host.calls[4]?.at ?? 0) - refusedAt).toBeGreaterThanOrEqual(1000 - early);
      expect(host.inFlight()).toBe(1);
      run.stdin.end(times(100, other.at('/')));
      await other.called(200);
      expect(host.calls).toHaveLength(5);

      held.release(1);
      await host.called(9);
      held.open();
      const ended = await run.ended;
      expect([ended.exitCode, ended.rows.length, host.calls.length]).toEqual([0, 220, 21]);
      expect(ended.rows.filter((row) => row.attempts === 2)).toHaveLength(1);
      expect(host.maxInFlight).toBe(4);
    },
  );

  test.each([
    [500, 200],
    [200, 500],
  ])('overlapping holds take the latest end (%s ms, then %s ms)', async (first, second) => {
    const held = holdAnswers(inTurn(wait(first), wait(second), ok));
    const host = await startServer({ '*': held.handler });
    const run = start(['fetch', '--retries', '0', '-c', '2']);
    run.stdin.end(times(6, host.at('/')));
    await host.called(2);
    held.open();
    const ended = await run.ended;
    expect(ended.exitCode).toBe(0);
    const [, last = 0, probe = 0] = host.times();
    expect(probe - last).toBeGreaterThanOrEqual(500 - early);
    expect(host.calls[2]?.inFlight).toBe(1);
  });

  test('a refused probe holds it again, and again with one probe', async () => {
    const held = holdAnswers(inTurn(wait(200), wait(200), wait(200), wait(300), ok));
    const host = await startServer({ '*': held.handler });
    const run = start(['fetch', '--retries', '0', '-c', '3']);
    run.stdin.end(times(9, host.at('/')));
    await host.called(3);
    held.open();
    const ended = await run.ended;
    expect([ended.exitCode, host.calls.length]).toEqual([0, 13]);
    const [, , third = 0, probe = 0, secondProbe = 0] = host.times();
    expect(probe - third).toBeGreaterThanOrEqual(200 - early);
    expect(secondProbe - probe).toBeGreaterThanOrEqual(300 - early);
    expect(host.calls.slice(3, 5).map((call) => call.inFlight)).toEqual([1, 1]);
  });

  test('the answer to a last attempt holds it too', async () => {
    // A 503 that may not be tried again (--retry-on), but that all the same says how long to stay away.
    const host = await startServer({ '*': inTurn(wait(400, 503), ok) });
    const run = await sluice(['fetch', '--retry-on', '500', '-c', '1'], { input: times(3, host.at('/')) });
    expect(run.rows.map((row) => [row.status, row.attempts])).toEqual([
      [503, 1],
      [200, 1],
      [200, 1],
    ]);
    const [refused = 0, next = 0] = host.times();
    expect(next - refused).toBeGreaterThanOrEqual(400 - early);
  });

  test('-v tells each hold: whom it is about, for how long, after what', async () => {
    const host = await startServer({ '*': inTurn(wait(100), wait(150, 503), ok) });
    const run = await sluice(['fetch', '-v', '-c', '1', host.at('/')]);
    const holds = run.stderr.split('\n').filter((line) => line.includes(' held '));
    expect(holds).toHaveLength(2);
    expect(holds[0]).toMatch(new RegExp(`^#0 ${host.host} is held for 0\\.10 s, .*429`));
    expect(holds[1]).toMatch(new RegExp(`^#0 ${host.host} is held for 0\\.15 s, .*503`));
  });

  test('Ctrl-C does not wait for it: its jobs are cancelled, with the refusal as cause', async () => {
    const host = await startServer({ '*': wait(60_000) });
    const run = start(['fetch', '-v', '-c', '1']);
    run.stdin.end(times(5, host.at('/')));
    await run.says(/ held for /);
    await run.signal('SIGINT');
    const { rows, signal } = await run.ended;
    expect([rows.length, signal, host.calls.length]).toEqual([5, 'SIGINT', 1]);
    expect(rows.filter((row) => row.error?.cause?.code === 'rate_limited')).toHaveLength(1);
  });
});

describe('a wait that is too long', () => {
  test('closes the host: its other jobs fail `rate_limited` without a call, the other host goes on', async () => {
    const host = await startServer({ '*': reply(429, 'no', { 'retry-after': '3600' }) });
    const other = await startServer();
    const args = ['fetch', '-v', '--host-concurrency', '1'];
    const run = await sluice(args, { input: times(10, `${host.at('/')}\n${other.at('/')}`) });
    expect(run.exitCode).toBe(1);
    expect([host.calls.length, other.calls.length]).toEqual([1, 10]);
    const failed = run.rows.filter((row) => !row.ok);
    expect(failed.map((row) => row.error?.code)).toEqual(Array(10).fill('rate_limited'));
    expect(failed.filter((row) => row.attempts === 0)).toHaveLength(9);
    expect(failed.find((row) => row.attempts === 0)?.error?.message).toMatch(/retry-after-max/);
    expect(run.stderr).toMatch(/is closed for 3600 s/);
  });

  test('of a 503: the row that was answered says `http`, the others `rate_limited`', async () => {
    const host = await startServer({ '*': reply(503, 'no', { 'retry-after': '31' }) });
    const args = ['fetch', '-c', '1', '--retry-after-max', '30s'];
    const run = await sluice(args, { input: times(3, host.at('/')) });
    const codes = run.rows.map((row) => row.error?.code);
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(2);
    expect(codes).toContain('http');
    expect(host.calls).toHaveLength(1);
  });

  test('past --deadline fails now, the whole host', async () => {
    const host = await startServer({ '*': reply(429, 'no', { 'retry-after': '100' }) });
    const args = ['fetch', '-c', '1', '--deadline', '60s'];
    const run = await sluice(args, { input: times(3, host.at('/')) });
    expect(run.exitCode).toBe(1);
    expect(run.rows.map((row) => row.error?.code)).toEqual(['rate_limited', 'rate_limited', 'rate_limited']);
    expect(host.calls).toHaveLength(1);
  });

  test('is over when it is over: the host is called again', async () => {
    const held = holdAnswers(inTurn(wait(300), ok));
    const [host, other] = [await startServer({ '*': held.handler }), await startServer()];
    const run = start(['fetch', '-c', '1', '--retry-after-max', '200ms']);
    run.stdin.write(lines(host.at('/'), host.at('/')));
    await host.called(1);
    held.open();
    expect((await run.nextRow()).error?.code).toBe('rate_limited');
    expect((await run.nextRow()).error?.code).toBe('rate_limited');
    const refusedAt = performance.now();
    // Other calls, until the time is over by the clock of this very machine: the refusal was read before its rows came.
    while (performance.now() - refusedAt < 320) {
      run.stdin.write(lines(other.at('/')));
      await run.nextRow();
    }
    run.stdin.end(lines(host.at('/')));
    expect((await run.nextRow()).ok).toBe(true);
    expect((await run.ended).exitCode).toBe(1);
    expect(host.calls).toHaveLength(2);
  });
});

describe('without Retry-After', () => {
  test.each([429, 503])('%s holds the host for the back-off and uses a retry', async (status) => {
    const twice = await startServer({ '*': inTurn(reply(status), reply(status), ok) });
    const enough = await sluice(['fetch', '-v', '--retries', '2', '--retry-delay', '20ms', twice.at('/')]);
    expect(enough.row(0)).toMatchObject({ ok: true, attempts: 3 });
    expect(enough.stderr.match(new RegExp(`${twice.host} is held for`, 'g'))).toHaveLength(2);

    const again = await startServer({ '*': inTurn(reply(status), reply(status), ok) });
    const few = await sluice(['fetch', '--retries', '1', '--retry-delay', '20ms', again.at('/')]);
    expect(few.row(0)).toMatchObject({ ok: false, attempts: 2, status });
    expect(few.row(0).error?.code).toBe(status === 429 ? 'rate_limited' : 'http');
  });

  test('the host reopens with one probe, and the other host goes on', async () => {
    const held = holdAnswers(inTurn(reply(429), ok));
    const [host, other] = [await startServer({ '*': held.handler }), await startServer()];
    const run = start(['fetch', '--host-concurrency', '4', '--retry-delay', '20ms']);
    run.stdin.write(times(20, host.at('/')));
    await host.called(4);
    held.release(4);
    await host.called(5);
    run.stdin.end(times(100, other.at('/')));
    await other.called(100);
    expect([host.calls.length, host.inFlight()]).toEqual([5, 1]);
    held.open();
    expect((await run.ended).exitCode).toBe(0);
    expect(host.calls).toHaveLength(21);
  });

  test('a server that takes 10 a second at most: every row ok, at most three times the calls', async () => {
    const server = await startServer({ '*': leakyBucket({ perSecond: 10 }) });
    const run = await sluice(['fetch'], { input: times(20, server.at('/')) });
    expect([run.exitCode, run.rows.length]).toEqual([0, 20]);
    expect(server.calls.length).toBeLessThanOrEqual(60);
  });

  test('and one that takes two at once at most', async () => {
    let inFlight = 0;
    const narrow: Handler = (call, response) => {
      if (inFlight >= 2) return reply(503)(call, response);
      inFlight += 1;
      setTimeout(() => {
        inFlight -= 1;
        ok(call, response);
      }, 20);
    };
    const server = await startServer({ '*': narrow });
    const run = await sluice(['fetch', '--retry-delay', '50ms'], { input: times(30, server.at('/')) });
    expect([run.exitCode, run.rows.length]).toEqual([0, 30]);
    expect(server.calls.length).toBeLessThanOrEqual(90);
  });
});

/** As nginx does with `limit_req rate=N r/s` and no burst: a call closer to the last one taken than 1/N is refused. */
function leakyBucket({ perSecond }: { perSecond: number }): Handler {
  let excess = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  return (call, response) => {
    const after = Math.max(0, excess - (perSecond * (call.at - lastMs)) / 1000) + 1;
    if (after > 1) return reply(503)(call, response);
    excess = after;
    lastMs = call.at;
    return ok(call, response);
  };
}
