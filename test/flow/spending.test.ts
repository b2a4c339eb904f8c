import { describe, expect, test, vi } from 'vitest';
import { Allowance } from '../../src/flow/allowance.ts';
import { Spending } from '../../src/flow/spending.ts';

describe('`Spending`', () => {
  test('allows what fits beside what was spent and what runs', () => {
    const spending = new Spending(100, () => {});
    expect([spending.allows(100, () => {}), spending.allows(101, () => {})]).toEqual([true, false]);
    spending.reserve(60);
    expect([spending.allows(40, () => {}), spending.allows(41, () => {})]).toEqual([true, false]);
    spending.settle(60, 10);
    expect([spending.allows(90, () => {}), spending.spent]).toEqual([true, 10]);
  });

  test('wakes who waits when a call has ended, once', () => {
    const spent = vi.fn();
    const wake = vi.fn();
    const spending = new Spending(100, spent);
    spending.reserve(60);
    spending.reserve(30);
    spending.allows(50, wake);
    spending.allows(50, wake);
    spending.settle(60, 60);
    expect([wake.mock.calls.length, spent.mock.calls.length]).toEqual([1, 0]);
    spending.settle(30, 30);
    expect(wake).toHaveBeenCalledTimes(1);
  });

  test('that is only looked at ends nothing', () => {
    const spent = vi.fn();
    const allowance = new Allowance({ perMinute: null, spending: new Spending(100, spent), wake: () => {} });
    expect([allowance.isShort(0, 100), allowance.isShort(0, 101)]).toEqual([false, true]);
    expect(spent).not.toHaveBeenCalled();
    expect(allowance.waitMs(0, 101)).toBe(Number.POSITIVE_INFINITY);
    expect(spent).toHaveBeenCalledTimes(1);
  });

  test('says once that it is over, when nothing runs and the next call does not fit', () => {
    const spent = vi.fn();
    const spending = new Spending(100, spent);
    spending.reserve(90);
    expect([spending.allows(20, () => {}), spent.mock.calls.length]).toEqual([false, 0]);
    spending.settle(90, 90);
    expect([spending.allows(20, () => {}), spending.allows(20, () => {})]).toEqual([false, false]);
    expect(spent.mock.calls).toEqual([[{ spent: 90, next: 20 }]]);
  });
});
