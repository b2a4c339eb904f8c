import fc from 'fast-check';
import { expect, test } from 'vitest';
import { slidingWindow, slots } from '../../src/mock/limits.ts';

test('`slidingWindow` lets a request in when the oldest has left the window, and not a moment before', () => {
  const { enter: waitMs } = slidingWindow({ count: 2, windowMs: 1000 });
  expect([waitMs(0), waitMs(400), waitMs(400)]).toEqual([0, 0, 600]);
  expect(waitMs(999)).toBe(1);
  expect(waitMs(1000)).toBe(0);
  expect(waitMs(1000)).toBe(400);
});

test('`slidingWindow` does not count the requests it refuses', () => {
  const { enter: waitMs } = slidingWindow({ count: 1, windowMs: 1000 });
  expect(waitMs(0)).toBe(0);
  for (let nowMs = 1; nowMs < 1000; nowMs += 1) expect(waitMs(nowMs)).toBe(1000 - nowMs);
  expect(waitMs(1000)).toBe(0);
});

test('`slidingWindow` never lets more than `count` into any window, and always as many as fit', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 3000, size: 'max' });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 100 }), (steps, count, windowMs) => {
      const { enter: waitMs } = slidingWindow({ count, windowMs });
      const letIn: number[] = [];
      let nowMs = 0;
      for (const step of steps) {
        nowMs += step;
        const hasRoom = letIn.filter((at) => at > nowMs - windowMs).length < count;
        expect(waitMs(nowMs) === 0).toBe(hasRoom);
        if (hasRoom) letIn.push(nowMs);
      }
    }),
    { numRuns: 20 },
  );
});

test('`slidingWindow` tells how many more may come, and when all may again', () => {
  const { enter, left } = slidingWindow({ count: 3, windowMs: 1000 });
  expect(left(0)).toEqual({ limit: 3, remaining: 3, resetMs: 0 });
  enter(0);
  enter(400);
  expect(left(500)).toEqual({ limit: 3, remaining: 1, resetMs: 900 });
  expect(left(1000)).toEqual({ limit: 3, remaining: 2, resetMs: 400 });
});

test('`slidingWindow` weighs, and says when enough has left', () => {
  const { enter, left } = slidingWindow({ count: 10, windowMs: 1000 });
  expect([enter(0, 4), enter(100, 4), enter(200, 3)]).toEqual([0, 0, 800]);
  expect(enter(200, 7)).toBe(900);
  expect(left(200)).toMatchObject({ remaining: 2 });
  expect(enter(1000, 6)).toBe(0);
  expect(enter(1050, 11)).toBe(1000);
});

test('`slots` gives as many as there are, and those given back again', () => {
  const { take, free } = slots(2);
  expect([take(), take(), take()]).toEqual([true, true, false]);
  free();
  expect([take(), take()]).toEqual([true, false]);
});
