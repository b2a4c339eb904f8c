import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenBudget } from '../../src/flow/token-budget.ts';

describe('`TokenBudget`', () => {
  test('lets a sixth of the minute go at once, and the rest evenly', () => {
    const budget = new TokenBudget(600);
    for (let call = 0; call < 5; call += 1) {
      expect(budget.waitMs(0, 20)).toBe(0);
      budget.reserve(0, 20);
    }
    expect(budget.waitMs(0, 20)).toBe(2000);
    expect(budget.waitMs(1999, 20)).toBeCloseTo(1);
    expect(budget.waitMs(2000, 20)).toBe(0);
  });

  test('gives back what a call had reserved and did not take', () => {
    const budget = new TokenBudget(600);
    const call = budget.reserve(0, 100);
    expect(budget.waitMs(0, 50)).toBe(5000);
    budget.settle(call, 0, 10);
    expect(budget.waitMs(0, 50)).toBe(0);
  });

  test('makes those behind wait for a call that took more than it had reserved', () => {
    const budget = new TokenBudget(600);
    const call = budget.reserve(0, 10);
    budget.settle(call, 0, 590);
    expect(budget.waitMs(0, 11)).toBe(60_000);
    expect(budget.waitMs(59_999, 11)).toBeCloseTo(1);
    expect(budget.waitMs(60_000, 11)).toBe(0);
  });

  test('counts a call until a minute after its end, however long it runs', () => {
    const budget = new TokenBudget(600);
    const call = budget.reserve(0, 500);
    expect(budget.waitMs(1_000_000, 101)).toBe(Number.POSITIVE_INFINITY);
    expect(budget.waitMs(1_000_000, 100)).toBe(0);
    budget.settle(call, 1_000_000, 500);
    expect(budget.waitMs(1_000_000, 101)).toBe(60_000);
    expect(budget.waitMs(1_060_000, 101)).toBe(0);
  });

  test('takes what nobody knows for all that was reserved', () => {
    const budget = new TokenBudget(600);
    budget.settle(budget.reserve(0, 600), 0, null);
    expect(budget.waitMs(30_000, 1)).toBe(30_000);
  });

  test('lets a call larger than the bucket start when that is full, and never one larger than the minute', () => {
    const budget = new TokenBudget(600);
    expect([budget.admits(600), budget.admits(601)]).toEqual([true, false]);
    expect(budget.waitMs(0, 600)).toBe(0);
    budget.reserve(0, 1);
    expect(budget.waitMs(0, 599)).toBe(100);
  });

  test('is fresh again when nothing that was counted matters', () => {
    const budget = new TokenBudget(600);
    expect(budget.isFresh(0)).toBe(true);
    const call = budget.reserve(0, 100);
    expect(budget.isFresh(0)).toBe(false);
    budget.settle(call, 0, 100);
    expect([budget.isFresh(59_999), budget.isFresh(60_000)]).toEqual([false, true]);
  });

  const calls = fc.array(
    fc.record({
      reserved: fc.integer({ min: 1, max: 1000 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      durationMs: fc.integer({ min: 0, max: 90_000 }),
      pauseMs: fc.integer({ min: 0, max: 5000 }),
    }),
    { minLength: 1, maxLength: 60 },
  );

  test('never lets a minute have more, whether a server counts at the start, at the end, or in between', () => {
    fc.assert(
      fc.property(calls, fc.integer({ min: 1000, max: 5000 }), (plan, perMinute) => {
        const starts = play(plan, new TokenBudget(perMinute));
        for (const place of [0, 0.5, 1]) {
          const counted = starts.map(({ fromMs, toMs, tokens }) => ({
            atMs: fromMs + (toMs - fromMs) * place,
            tokens,
          }));
          for (const { atMs } of counted) {
            const minute = counted.filter((one) => one.atMs >= atMs && one.atMs < atMs + 60_000);
            expect(minute.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(perMinute);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('gives nearly all of its minutes to calls that are short and small', () => {
    const plan = Array.from({ length: 3000 }, () => ({ reserved: 10, share: 1, durationMs: 0, pauseMs: 0 }));
    const starts = play(plan, new TokenBudget(600));
    // 30,000 tokens are 50 minutes' worth.
    expect((starts.at(-1)?.fromMs ?? 0) / 60_000).toBeLessThanOrEqual(50.1);
  });
});

type Planned = { reserved: number; share: number; durationMs: number; pauseMs: number };

/** Starts each call as soon as the budget lets it, the next one behind it; when each ran, and what it took. */
function play(plan: readonly Planned[], budget: TokenBudget) {
  const running: { endMs: number; end: () => void }[] = [];
  const done: { fromMs: number; toMs: number; tokens: number }[] = [];
  let nowMs = 0;
  const passTo = (untilMs: number) => {
    running.sort((a, b) => a.endMs - b.endMs);
    for (let next = running[0]; next && next.endMs <= untilMs; next = running[0]) {
      running.shift();
      nowMs = next.endMs;
      next.end();
    }
    nowMs = untilMs;
  };
  for (const { reserved, share, durationMs, pauseMs } of plan) {
    passTo(nowMs + pauseMs);
    for (let waitMs = budget.waitMs(nowMs, reserved); waitMs > 0; waitMs = budget.waitMs(nowMs, reserved)) {
      const firstEndMs = Math.min(...running.map(({ endMs }) => endMs));
      passTo(Math.min(nowMs + Math.max(waitMs, 1e-6), Math.max(firstEndMs, nowMs + 1e-6)));
    }
    const reservation = budget.reserve(nowMs, reserved);
    const fromMs = nowMs;
    const toMs = nowMs + durationMs;
    const tokens = Math.floor(reserved * share);
    running.push({ endMs: toMs, end: () => budget.settle(reservation, toMs, tokens) });
    done.push({ fromMs, toMs, tokens });
    if (durationMs === 0) passTo(nowMs);
  }
  return done;
}
