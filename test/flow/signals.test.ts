import { describe, expect, test } from 'vitest';
import { Ending, Scope } from '../../src/flow/signals.ts';
import type { Failure } from '../../src/record/failure.ts';
import { FakeClock, turn } from './fake-clock.ts';
import { cancelled, failure } from './support/outcomes.ts';

const other = failure('deadline');

describe('`Scope`', () => {
  test('tells its listener once, with the first reason', () => {
    const scope = new Scope();
    const heard: Failure[] = [];
    scope.onCancel((reason) => heard.push(reason));
    expect(scope.reason).toBeNull();
    scope.cancel(cancelled);
    scope.cancel(other);
    expect(scope.reason).toBe(cancelled);
    expect(heard).toEqual([cancelled]);
  });

  test('tells a listener at once that comes too late', () => {
    const scope = new Scope();
    const heard: Failure[] = [];
    scope.cancel(cancelled);
    scope.onCancel((reason) => heard.push(reason));
    expect(heard).toEqual([cancelled]);
  });

  test('has one listener at a time, and none after null', () => {
    const scope = new Scope();
    const heard: string[] = [];
    scope.onCancel(() => heard.push('first'));
    scope.onCancel(() => heard.push('second'));
    scope.onCancel(null);
    scope.cancel(cancelled);
    expect(heard).toEqual([]);
  });

  test('aborts its signal, whether that was asked for before or after', () => {
    const before = new Scope();
    const { signal } = before;
    before.cancel(cancelled);
    expect([signal.aborted, signal.reason]).toEqual([true, cancelled]);
    expect(before.signal).toBe(signal);
    const after = new Scope();
    after.cancel(cancelled);
    expect([after.signal.aborted, after.signal.reason]).toEqual([true, cancelled]);
  });
});

describe('`Ending`', () => {
  test('`drain` leaves alone what runs, and gives its reason', () => {
    const ending = new Ending(new FakeClock());
    const scope = ending.open();
    ending.drain(cancelled);
    expect([ending.reason, ending.isAborted, scope.reason]).toEqual([cancelled, false, null]);
  });

  test('`abort` cancels what runs, and what is opened later, but not what was given back', () => {
    const ending = new Ending(new FakeClock());
    const running = ending.open();
    const over = ending.open();
    ending.release(over);
    ending.abort(cancelled);
    expect([running.reason, over.reason, ending.open().reason]).toEqual([cancelled, null, cancelled]);
    expect(ending.isAborted).toBe(true);
  });

  test('cancels at their limits those that run, also when cancelling takes its time', async () => {
    const clock = new FakeClock();
    const ending = new Ending(clock);
    const reason = failure('timeout');
    const [slow, next] = [10, 12].map((atMs) => ending.open(null, { atMs, reason: () => reason }));
    slow?.onCancel(() => clock.jump(5));
    await clock.advance(10);
    expect(slow?.reason).toBe(reason);
    await clock.advance(10);
    expect(next?.reason).toBe(reason);
    expect(clock.pending).toBe(0);
  });

  test('the first reason stays, though draining becomes an abort', () => {
    const ending = new Ending(new FakeClock());
    ending.drain(cancelled);
    ending.abort(other);
    expect([ending.reason, ending.isAborted]).toEqual([cancelled, true]);
  });

  test('tells its listeners of each step', () => {
    const ending = new Ending(new FakeClock());
    const heard: boolean[] = [];
    ending.listen(() => heard.push(ending.isAborted));
    ending.drain(cancelled);
    ending.abort(cancelled);
    expect(heard).toEqual([false, true]);
  });

  test('`sleep` ends when its time is over', async () => {
    const clock = new FakeClock();
    let isAwake = false;
    void new Ending(clock).sleep(100).then(() => {
      isAwake = true;
    });
    await clock.advance(99);
    expect(isAwake).toBe(false);
    await clock.advance(1);
    expect(isAwake).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test.each(['drain', 'abort'] as const)(
    '`%s` wakes who sleeps, leaves no timer, and nobody falls asleep again',
    async (step) => {
      const clock = new FakeClock();
      const ending = new Ending(clock);
      let awake = 0;
      const sleep = () => void ending.sleep(100).then(() => (awake += 1));
      sleep();
      sleep();
      ending[step](cancelled);
      sleep();
      await turn();
      expect([awake, clock.pending]).toEqual([3, 0]);
    },
  );
});
