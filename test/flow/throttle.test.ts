import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Throttle } from '../../src/flow/throttle.ts';

const call = { isHop: false };

function refuse(throttle: Throttle, startedMs: number, nowMs: number, running: number): void {
  throttle.refused({ startedMs, nowMs, running, atOnce: running });
}

test('`Throttle` halves the calls at once when one is refused, and knows no spacing yet', () => {
  const throttle = new Throttle(0);
  refuse(throttle, 0, 100, 8);
  expect(throttle.waitMs(100, call, 3)).toBe(0);
  expect(throttle.waitMs(100, call, 4)).toBe(Number.POSITIVE_INFINITY);
});

test('`Throttle` takes the refusals of one burst for one', () => {
  const throttle = new Throttle(0);
  for (let nth = 0; nth < 8; nth += 1) refuse(throttle, nth, 100 + nth, 8);
  expect(throttle.waitMs(200, call, 3)).toBe(0);
});

test('`Throttle` always lets at least one run', () => {
  const throttle = new Throttle(0);
  for (let nth = 0; nth < 8; nth += 1) refuse(throttle, nth * 1000, nth * 1000 + 10, 1);
  expect(throttle.waitMs(20_000, call, 0)).toBe(0);
});

test('`Throttle` allows one more at once after each round of good answers', () => {
  const throttle = new Throttle(0);
  refuse(throttle, 0, 10, 2);
  expect(throttle.waitMs(100_000, call, 1)).toBe(Number.POSITIVE_INFINITY);
  throttle.succeeded(1000, 1);
  expect(throttle.waitMs(100_000, call, 1)).toBe(0);
  expect(throttle.waitMs(100_000, call, 2)).toBe(Number.POSITIVE_INFINITY);
});

test('the first good answer after a refusal shows a safe distance, and the next ones try closer', () => {
  const throttle = new Throttle(0);
  refuse(throttle, 0, 10, 1);
  throttle.started(1000);
  throttle.succeeded(1000, 1);
  expect(throttle.waitMs(1000, call, 0)).toBe(1000);
  throttle.started(2000);
  throttle.succeeded(2000, 1);
  expect(throttle.waitMs(2000, call, 0)).toBe(800);
});

test('a refusal widens the distance again', () => {
  const throttle = new Throttle(0);
  refuse(throttle, 0, 10, 1);
  throttle.started(1000);
  throttle.succeeded(1000, 1);
  throttle.started(2000);
  refuse(throttle, 2000, 2010, 1);
  expect(throttle.waitMs(2000, call, 0)).toBe(1250);
});

test('an answer to a call from before the last refusal says nothing', () => {
  const throttle = new Throttle(0);
  refuse(throttle, 500, 1000, 4);
  throttle.succeeded(999, 1);
  expect(throttle.waitMs(1000, call, 2)).toBe(Number.POSITIVE_INFINITY);
});

test('whatever the answers, `Throttle` waits 10 s at most while nothing runs', () => {
  const answers = fc.array(
    fc.record({ ms: fc.nat(30_000), isGood: fc.boolean(), running: fc.integer({ min: 1, max: 20 }) }),
  );
  fc.assert(
    fc.property(answers, (steps) => {
      const throttle = new Throttle(0);
      let nowMs = 0;
      for (const { ms, isGood, running } of steps) {
        nowMs += ms;
        throttle.started(nowMs);
        if (isGood) throttle.succeeded(nowMs, 1);
        else refuse(throttle, nowMs, nowMs, running);
        const waitMs = throttle.waitMs(nowMs, call, 0);
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(10_000);
      }
    }),
  );
});

/** Calls one after another, each as soon as the throttle lets it; a refused one is probed again after `holdMs`. */
function callMany(count: number, isTaken: (nowMs: number) => boolean, holdMs = 500) {
  const throttle = new Throttle(0);
  let refused = 1;
  refuse(throttle, 0, 0, 8);
  let nowMs = holdMs;
  for (let nth = 0; nth < count; nth += 1) {
    nowMs += Math.max(1, throttle.waitMs(nowMs, call, 0));
    throttle.started(nowMs);
    if (isTaken(nowMs)) throttle.succeeded(nowMs, 1);
    else {
      refused += 1;
      refuse(throttle, nowMs, nowMs + 1, 1);
      nowMs += holdMs;
    }
  }
  return { nowMs, refused, waitedMs: nowMs - refused * holdMs };
}

test.each([20, 10, 5])('a server that refuses each %ith call at any distance brings no lane to a crawl', (each) => {
  let calls = 0;
  const { waitedMs } = callMany(2000, () => {
    calls += 1;
    return calls % each !== 0;
  });
  expect(waitedMs).toBeLessThan(60_000);
});

test.each([100, 1000, 2222])('a server that takes a call each %i ms is asked at about that pace', (everyMs) => {
  let nextMs = 0;
  const { nowMs, refused } = callMany(1000, (now) => {
    if (now < nextMs) return false;
    nextMs = now + everyMs;
    return true;
  });
  expect(refused).toBeLessThan(60);
  expect(nowMs).toBeLessThan(1000 * everyMs * 1.4);
});

test('a server that takes 60 calls in each 10 s is asked at about that pace', () => {
  let window = -1;
  let taken = 0;
  const { nowMs, refused } = callMany(1000, (now) => {
    if (Math.floor(now / 10_000) !== window) taken = 0;
    window = Math.floor(now / 10_000);
    taken += 1;
    return taken <= 60;
  });
  expect(refused).toBeLessThan(300);
  expect(nowMs).toBeLessThan(300_000);
});
