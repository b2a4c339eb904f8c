import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { inTurn, late, redirect, reply } from '../support/answers.ts';
import { times } from '../support/input.ts';
import { startServer } from '../support/server.ts';
import { achievedRate, expectPaced, lateness, slidingMax } from '../support/sliding.ts';
import { sluice, start } from '../support/sluice.ts';

// Each run is about two seconds of a clock that is the subject itself, seen from the server. This file wants the
// machine to itself: a loaded one delays what the server sees, and two calls 20 ms apart then look like a burst. Hence
// a second try where a rate is measured.
const measured = { retry: 2 };

/** How late this process, and so its servers, saw things since the test began. */
let lateMs: () => number;
beforeEach(() => {
  lateMs = lateness();
});

const ok = reply(200, 'ok');

describe('-c', () => {
  test('400 calls of 100 ms, 20 at once, take at most 1.15 times the ideal 2 s', measured, async () => {
    const server = await startServer({ '*': late(100, ok) });
    await sluice(['fetch', '-c', '20'], { input: times(400, server.at('/')) });
    expect(server.calls).toHaveLength(400);
    expect(server.maxInFlight).toBe(20);
    expect(server.lastAnswerAt - Math.min(...server.times())).toBeLessThanOrEqual(2300);
  });
});

describe('-r', () => {
  test.each([
    [50, '50/s', 110],
    [300, '300', 660],
    [1000, '1000/s', 2200],
  ])(
    'promise 3: %s a second is never above, is no burst, and is reached (-r %s)',
    measured,
    async (perSecond, flag, count) => {
      const server = await startServer();
      await sluice(['fetch', '-c', '50', '-r', flag], { input: times(count, server.at('/')) });
      expect(server.calls).toHaveLength(count);
      expectPaced(server.times(), perSecond, lateMs());
      expect(achievedRate(server.times(), lateMs())).toBeGreaterThanOrEqual(perSecond * 0.98);
    },
  );

  test('rates by the minute or by any span are spaced as well', measured, async () => {
    const server = await startServer();
    await sluice(['fetch', '-r', '10/2s'], { input: times(6, server.at('/')) });
    const [first = 0, ...others] = server.times();
    for (const [at, time] of others.entries()) expect(time - first).toBeGreaterThanOrEqual((at + 1) * 200 - 20);
  });

  test('--burst lets so many start at once, and the rate still holds', measured, async () => {
    const server = await startServer();
    await sluice(['fetch', '-c', '50', '-r', '20/s', '--burst', '10'], { input: times(45, server.at('/')) });
    const first = Math.min(...server.times());
    expect(server.times().filter((time) => time - first < 100).length).toBeGreaterThanOrEqual(10);
    expect(slidingMax(server.times(), 1000)).toBeLessThanOrEqual(21);
  });

  test('retries and redirect hops take tokens', measured, async () => {
    const server = await startServer({ '/fails': reply(500), '/moved': redirect('/end') });
    const input = times(20, `${server.at('/fails')}\n${server.at('/moved')}`);
    await sluice(['fetch', '-c', '50', '-r', '50/s', '--retry-delay', '1ms'], { input });
    expect(server.calls).toHaveLength(100);
    expectPaced(server.times(), 50, lateMs());
  });

  test('time in which nothing could start is not made up for by a burst', measured, async () => {
    const server = await startServer({ '*': inTurn(late(500, ok), ok) });
    await sluice(['fetch', '-c', '1', '-r', '50/s'], { input: times(20, server.at('/')) });
    expectPaced(server.times(), 50, lateMs());
  });

  test('nor is the time of a stopped process', measured, async () => {
    const server = await startServer();
    const run = start(['fetch', '-c', '50', '-r', '50/s']);
    run.stdin.end(times(30, server.at('/')));
    await server.called(5);
    process.kill(run.pid, 'SIGSTOP');
    await delay(500);
    process.kill(run.pid, 'SIGCONT');
    expect((await run.ended).rows).toHaveLength(30);
    expectPaced(server.times(), 50, lateMs());
  });
});
