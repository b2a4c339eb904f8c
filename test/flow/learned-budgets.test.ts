import { describe, expect, test } from 'vitest';
import { LearnedBudgets } from '../../src/flow/learned-budgets.ts';
import type { Budget } from '../../src/record/reply.ts';

const requests = (remaining: number | null, resetMs: number | null, limit: number | null = 100): Budget => ({
  kind: 'requests',
  limit,
  remaining,
  resetMs,
});
const tokens = (remaining: number, resetMs: number): Budget => ({ kind: 'tokens', limit: 1000, remaining, resetMs });

/** One call that starts at 0 and is answered at 0 with these. */
function told(...budgets: Budget[]): LearnedBudgets {
  const learned = new LearnedBudgets();
  learned.started(0, 10);
  learned.learn(0, 0, budgets);
  return learned;
}

describe('`LearnedBudgets`', () => {
  test('lets calls go while plenty is left, or nobody says how much', () => {
    expect(new LearnedBudgets().waitMs(0, 10)).toBe(0);
    expect(told(requests(20, 60_000)).waitMs(0, 10)).toBe(0);
    expect(told(requests(null, 60_000)).waitMs(0, 10)).toBe(0);
    expect(told(requests(0, null)).waitMs(0, 10)).toBe(0);
  });

  test('spreads the last fifth over the time until all is there again', () => {
    const learned = told(requests(9, 60_000));
    expect(learned.waitMs(0, 10)).toBe(6000);
    expect(learned.waitMs(5000, 10)).toBeCloseTo(500);
  });

  test('waits until then when nothing is left', () => {
    expect(told(requests(0, 60_000)).waitMs(0, 10)).toBe(60_000);
    expect(told(requests(0, 60_000)).waitMs(60_000, 10)).toBe(0);
  });

  test('counts tokens by what the next call may take', () => {
    expect(told(tokens(100, 60_000)).waitMs(0, 50)).toBe(20_000);
    expect(told(tokens(100, 60_000)).waitMs(0, 101)).toBe(60_000);
    expect(told(tokens(500, 60_000)).waitMs(0, 501)).toBe(60_000);
  });

  test('counts calls that have started since the server counted', () => {
    const learned = new LearnedBudgets();
    learned.started(0, 10);
    learned.started(1, 10);
    learned.started(2, 10);
    learned.learn(0, 100, [requests(2, 60_000)]);
    expect(learned.waitMs(100, 10)).toBe(60_000);
    learned.learn(2, 200, [requests(30, 60_000)]);
    expect(learned.waitMs(200, 10)).toBe(0);
  });

  test('does not listen to an answer to an older call than the last one', () => {
    const learned = new LearnedBudgets();
    learned.started(0, 10);
    learned.started(1, 10);
    learned.learn(1, 100, [requests(50, 60_000)]);
    learned.learn(0, 200, [requests(0, 60_000)]);
    expect(learned.waitMs(200, 10)).toBe(0);
  });

  test('does not spread a run over a day', () => {
    expect(told(requests(0, 86_400_000)).waitMs(0, 10)).toBe(0);
  });

  test('takes a limit without a size for low at ten calls', () => {
    expect(told(requests(10, 60_000, null)).waitMs(0, 10)).toBe(0);
    expect(told(requests(9, 60_000, null)).waitMs(0, 10)).toBe(6000);
  });

  test('is fresh when all it knew is out of date', () => {
    const learned = told(requests(0, 60_000));
    expect([learned.isFresh(59_999), learned.isFresh(60_000)]).toEqual([false, true]);
  });
});

/** A limit of so many calls a minute, as a server keeps it: takes a call, and tells what is left. */
type Limiter = { take(nowMs: number): { isRefused: boolean; budget: Budget } };

/** Room comes back evenly, and `reset` is when all of it is there: OpenAI's way, and Anthropic's. */
function bucket(limit: number): Limiter {
  let level = limit;
  let atMs = 0;
  return {
    take(nowMs) {
      level = Math.min(limit, level + ((nowMs - atMs) * limit) / 60_000);
      atMs = nowMs;
      const isRefused = level < 1;
      if (!isRefused) level -= 1;
      return { isRefused, budget: requests(Math.floor(level), ((limit - level) / limit) * 60_000, limit) };
    },
  };
}

/** All of it comes back at once, at the full minute. */
function clockMinute(limit: number): Limiter {
  let minute = 0;
  let used = 0;
  return {
    take(nowMs) {
      if (Math.floor(nowMs / 60_000) > minute) used = 0;
      minute = Math.floor(nowMs / 60_000);
      const isRefused = used >= limit;
      if (!isRefused) used += 1;
      return { isRefused, budget: requests(limit - used, (minute + 1) * 60_000 - nowMs, limit) };
    },
  };
}

/** Makes so many calls, so many at once; answers take from half to one and a half times as long as usual. */
function play(limiter: Limiter, { calls, atOnce, usualMs }: { calls: number; atOnce: number; usualMs: number }) {
  const learned = new LearnedBudgets();
  const running: { startMs: number; endMs: number; budget: Budget }[] = [];
  let nowMs = 0;
  let started = 0;
  let refused = 0;
  while (started < calls) {
    const waitMs = running.length < atOnce ? learned.waitMs(nowMs, 1) : Number.POSITIVE_INFINITY;
    if (waitMs === 0) {
      const { isRefused, budget } = limiter.take(nowMs);
      if (isRefused) refused += 1;
      learned.started(nowMs, 1);
      running.push({ startMs: nowMs, endMs: nowMs + usualMs * (0.5 + ((started * 7) % 10) / 10), budget });
      started += 1;
      continue;
    }
    running.sort((a, b) => a.endMs - b.endMs);
    const [first] = running;
    if (first && first.endMs <= nowMs + waitMs) {
      nowMs = first.endMs;
      running.shift();
      learned.learn(first.startMs, nowMs, [first.budget]);
    } else nowMs += waitMs;
  }
  return { refused, minutes: nowMs / 60_000 };
}

describe('a run of thousands of calls, on what servers say alone,', () => {
  test.each([
    { limit: 500, calls: 3000, atOnce: 50, usualMs: 300 },
    { limit: 500, calls: 3000, atOnce: 200, usualMs: 3000 },
    { limit: 60, calls: 300, atOnce: 10, usualMs: 1000 },
    { limit: 5000, calls: 20_000, atOnce: 200, usualMs: 1000 },
  ])('is never refused, and takes what is there: %j', ({ limit, ...load }) => {
    const even = play(bucket(limit), load);
    expect(even.refused).toBe(0);
    // The first minute's worth is there at once.
    expect(even.minutes).toBeLessThan((load.calls / limit - 1) * 1.08);
    const full = play(clockMinute(limit), load);
    expect(full.refused).toBe(0);
    expect(full.minutes).toBeLessThan((load.calls / limit) * 1.01);
  });
});
