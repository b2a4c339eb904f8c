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
