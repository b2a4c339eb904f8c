import { describe, expect, test } from 'vitest';
import { Spending } from '../../src/flow/spending.ts';
import { turn } from './fake-clock.ts';
import { TestCaller } from './support/caller.ts';
import { openLanes, states, TestWaiter } from './support/waiters.ts';

const tokens = (count: number) => ({ isHop: false, tokens: count });
const cost = (count: number) => ({ cost: { tokens: count, budgets: [] } });

describe('`Spending`', () => {
  test('allows what fits beside what was spent and what is in flight', () => {
    const spending = new Spending(100);
    expect([spending.waitMs(0, tokens(100)), spending.waitMs(0, tokens(101))]).toEqual([0, Number.POSITIVE_INFINITY]);
    const reserved = spending.started(0, tokens(60));
    expect([spending.waitMs(0, tokens(40)), spending.waitMs(0, tokens(41))]).toEqual([0, Number.POSITIVE_INFINITY]);
    spending.ended(reserved, cost(10));
    expect([spending.waitMs(0, tokens(90)), spending.spent]).toEqual([0, 10]);
  });

  test('counts all that was reserved where nobody knows what was used', () => {
    const spending = new Spending(100);
    spending.ended(spending.started(0, tokens(60)), { cost: null });
    expect(spending.spent).toBe(60);
  });
});

describe('a run with a budget', () => {
  /** Waiters of one lane each that take so many tokens. */
  function startSpending(total: number, ...takes: number[]) {
    const caller = new TestCaller([new Spending(total)]);
    const { lanes, ...rest } = openLanes();
    const waiters = takes.map((taken, at) => {
      const waiter = Object.assign(new TestWaiter({ caller }), { tokens: taken });
      lanes.get(`lane ${at}`).enter(waiter);
      return waiter;
    });
    return { ...rest, caller, lanes, waiters };
  }

  test('starts a call in another lane when one has ended that took less than it had reserved', async () => {
    const { caller, waiters } = startSpending(100, 60, 50);
    expect(states(waiters)).toBe('running waiting');
    waiters[0]?.end({ tokens: 40 });
    await turn();
    expect([states(waiters), caller.exhaustions]).toEqual(['ended running', 0]);
  });

  test('is exhausted when the next call does not fit and nothing is in flight; looking on does not exhaust it', async () => {
    const { caller, lanes, waiters } = startSpending(100, 90, 20);
    expect([states(waiters), lanes.areLimitedBy('tokens'), caller.exhaustions]).toEqual(['running waiting', true, 0]);
    waiters[0]?.end({ tokens: 90 });
    await turn();
    expect([states(waiters), caller.exhaustions > 0]).toEqual(['ended waiting', true]);
  });
});
