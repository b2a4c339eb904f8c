import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Pacer } from '../../src/flow/pacer.ts';
import type { Rate } from '../../src/record/rate.ts';

/** One every 10 ms: too close for exact timers. */
const hundredPerSecond: Rate = { count: 100, windowMs: 1000 };

test('`Pacer` allows the first start at once, and the next one spacing later', () => {
  const pacer = new Pacer(hundredPerSecond);
  expect(pacer.waitMs(0)).toBe(0);
  pacer.started(0);
  expect(pacer.waitMs(0)).toBe(10);
  expect(pacer.waitMs(9.5)).toBe(0.5);
  expect(pacer.waitMs(10)).toBe(0);
});

test('`Pacer` keeps to its schedule: what a late start has lost, the next one makes good', () => {
  const pacer = new Pacer(hundredPerSecond);
  pacer.started(0);
  pacer.started(13);
  expect(pacer.waitMs(13)).toBe(7);
});

test('`Pacer` makes good 3 ms at most, so a pause earns nothing', () => {
  const pacer = new Pacer(hundredPerSecond);
  pacer.started(0);
  pacer.started(1000);
  expect(pacer.waitMs(1000)).toBe(7);
});

test('`Pacer` makes good 1% of a short window at most', () => {
  const pacer = new Pacer({ count: 10, windowMs: 100 });
  pacer.started(0);
  pacer.started(50);
  expect(pacer.waitMs(50)).toBe(9);
});

test('`Pacer` keeps wide spacings to the letter, and wants to be woken exactly: a late start is not made good', () => {
  const pacer = new Pacer({ count: 10, windowMs: 1000 });
  expect([pacer.isExact, new Pacer(hundredPerSecond).isExact]).toEqual([true, false]);
  pacer.started(0);
  pacer.started(103);
  expect(pacer.waitMs(103)).toBeGreaterThanOrEqual(100);
  expect(pacer.waitMs(103)).toBeLessThanOrEqual(101);
});

test('`Pacer` lets a burst come at once, and then paces', () => {
  const pacer = new Pacer(hundredPerSecond, { burst: 3 });
  expect(takeAll(pacer, 0)).toBe(3);
  expect(pacer.waitMs(0)).toBe(10);
  expect(takeAll(pacer, 10)).toBe(1);
});

test('`Pacer` that has waited for its window lets no second burst come at once', () => {
  const pacer = new Pacer({ count: 4, windowMs: 40 }, { burst: 4 });
  expect(takeAll(pacer, 0)).toBe(4);
  expect(pacer.waitMs(0)).toBe(40);
  expect(takeAll(pacer, 40)).toBe(1);
});

test('`Pacer` takes a burst greater than the count for the count', () => {
  const pacer = new Pacer({ count: 3, windowMs: 1000 }, { burst: 100 });
  expect(takeAll(pacer, 0)).toBe(3);
  expect(pacer.waitMs(0)).toBe(1000);
});

test('`sent` counts a wide spacing from when the request has left', () => {
  const pacer = new Pacer({ count: 10, windowMs: 1000 });
  const startedMs = pacer.waitMs(0);
  pacer.started(startedMs);
  const spacingMs = pacer.waitMs(startedMs);
  pacer.sent(30);
  expect(pacer.waitMs(30)).toBe(spacingMs);
});

test('`sent` that is always as late makes the next start so much earlier, once that is known: the spacing stays', () => {
  const pacer = new Pacer({ count: 10, windowMs: 1000 });
  let nowMs = 0;
  const lateMs = 8;
  for (let nth = 0; nth < 8; nth += 1) {
    nowMs += pacer.waitMs(nowMs);
    pacer.started(nowMs);
    pacer.sent(nowMs + lateMs);
  }
  const spacingMs = pacer.waitMs(nowMs);
  expect(spacingMs).toBeGreaterThanOrEqual(100);
  expect(spacingMs).toBeLessThanOrEqual(101);
});

test('`coldMs` has the others wait for the first request to leave, and so long at most', () => {
  const pacer = new Pacer(hundredPerSecond, { coldMs: 500 });
  pacer.started(0);
  expect(pacer.waitMs(0)).toBe(500);
  pacer.sent(15);
  expect(pacer.waitMs(15)).toBe(10);
  pacer.started(25);
  expect(pacer.waitMs(25)).toBe(10);
});

test('`isFresh` is true of a new pacer, and again when the next start is due', () => {
  const pacer = new Pacer(hundredPerSecond);
  expect(pacer.isFresh(0)).toBe(true);
  pacer.started(0);
  expect(pacer.isFresh(9)).toBe(false);
  expect(pacer.isFresh(10)).toBe(true);
});

test('`isFresh` of a pacer with a burst waits until the last start has left the window', () => {
  const pacer = new Pacer({ count: 3, windowMs: 30 }, { burst: 2 });
  // One more than the log holds, so that it has come round.
  for (const nowMs of [0, 0, 20, 30]) {
    expect(pacer.waitMs(nowMs)).toBe(0);
    pacer.started(nowMs);
  }
  expect(pacer.isFresh(59)).toBe(false);
  expect(pacer.isFresh(60)).toBe(true);
});

const anyRate = fc.record({
  count: fc.integer({ min: 1, max: 300 }),
  windowMs: fc.constantFrom(50, 333, 1000, 60_000),
});
const anyBurst = fc.integer({ min: 1, max: 40 });
/** From jobs that come all together to jobs that come with pauses longer than the window. */
const gaps = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 30, noNaN: true }), fc.nat(2000)), {
  minLength: 1,
  maxLength: 600,
  size: 'max',
});
const lateness = fc.array(fc.oneof(fc.double({ min: 0, max: 4, noNaN: true }), fc.nat(200)), { minLength: 1 });

test('no window ever holds more than 101% + 1 of its starts, whatever comes when and however late the timers are', () => {
  fc.assert(
    fc.property(anyRate, anyBurst, gaps, lateness, (rate, burst, gapsMs, lateMs) => {
      const starts = startsOf(always(new Pacer(rate, { burst })), gapsMs, lateMs);
      expect(mostInAWindow(starts, rate.windowMs)).toBeLessThanOrEqual(rate.count * 1.01 + 1);
    }),
    { numRuns: 300 },
  );
});

test('a pacer that is fresh can be thrown away and made anew, and the limit holds', () => {
  fc.assert(
    fc.property(anyRate, anyBurst, gaps, lateness, (rate, burst, gapsMs, lateMs) => {
      const make = () => new Pacer(rate, { burst });
      let pacer = make();
      const forgetful = (nowMs: number) => {
        if (pacer.isFresh(nowMs)) pacer = make();
        return pacer;
      };
      const starts = startsOf(forgetful, gapsMs, lateMs);
      expect(mostInAWindow(starts, rate.windowMs)).toBeLessThanOrEqual(rate.count * 1.01 + 1);
    }),
    { numRuns: 200 },
  );
});

test('with a burst no window ever holds more starts than its count', () => {
  const bursts = fc.integer({ min: 2, max: 40 });
  fc.assert(
    fc.property(anyRate, bursts, gaps, lateness, (rate, burst, gapsMs, lateMs) => {
      const starts = startsOf(always(new Pacer(rate, { burst })), gapsMs, lateMs);
      expect(mostInAWindow(starts, rate.windowMs)).toBeLessThanOrEqual(rate.count);
    }),
    { numRuns: 300 },
  );
});

// Windows of half a second and more: in shorter ones 1% is less than the lateness of a timer.
test('with steady demand and timers less than 2 ms late (exact ones: 0.3 ms), 98% of the rate is reached', () => {
  const windows = fc.constantFrom(500, 1000, 15_000, 60_000);
  const share = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(windows, fc.integer({ min: 1, max: 600 }), anyBurst, share, (windowMs, count, burst, shares) => {
      const pacer = new Pacer({ count, windowMs }, { burst });
      const lateMs = shares.map((part) => part * (pacer.isExact ? 0.3 : 2));
      const starts = startsOf(always(pacer), Array(3 * count + 1).fill(0), lateMs);
      expect(starts.at(-1)).toBeLessThanOrEqual((3 * windowMs) / 0.98);
    }),
    { numRuns: 200 },
  );
});

/** Starts as many as may start now. */
function takeAll(pacer: Pacer, nowMs: number): number {
  let taken = 0;
  for (; pacer.waitMs(nowMs) === 0; taken += 1) pacer.started(nowMs);
  return taken;
}

type PacerAt = (nowMs: number) => Pacer;

function always(pacer: Pacer): PacerAt {
  return () => pacer;
}

/** When each start comes: after its gap, as soon as the pacer allows it and a timer as late as given has told so. */
function startsOf(pacerAt: PacerAt, gapsMs: readonly number[], lateMs: readonly number[]): number[] {
  const starts: number[] = [];
  let arrivedMs = 0;
  let nowMs = 0;
  let timers = 0;
  for (const gapMs of gapsMs) {
    arrivedMs += gapMs;
    nowMs = Math.max(nowMs, arrivedMs);
    for (let waitMs = pacerAt(nowMs).waitMs(nowMs); waitMs > 0; waitMs = pacerAt(nowMs).waitMs(nowMs)) {
      // Only timers count whole milliseconds.
      nowMs += (pacerAt(nowMs).isExact ? waitMs : Math.ceil(waitMs)) + (lateMs[timers % lateMs.length] ?? 0);
      timers += 1;
    }
    pacerAt(nowMs).started(nowMs);
    starts.push(nowMs);
  }
  return starts;
}

function mostInAWindow(starts: readonly number[], windowMs: number): number {
  let most = 0;
  let first = 0;
  for (const [last, startMs] of starts.entries()) {
    // Sums of fractions: a start on the edge of the window may seem to be within it.
    while ((starts[first] ?? 0) <= startMs - windowMs + 1e-6) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
