import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect } from 'vitest';

/** The most events in any window of that length: what a server that counts sees at worst. `times` need not be sorted. */
export function slidingMax(times: readonly number[], windowMs: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [last, time] of sorted.entries()) {
    while (time - (sorted[first] ?? time) >= windowMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/**
 * Promise 3, as a server sees it: 101% + 1 in every sliding second, and no burst in 100 ms: the spacing's fence posts and a
 * fifth, since what is late on its way meets what is not. A server that sees things up to `lateMs` too late sees in so
 * much shorter windows what was sent in whole ones.
 */
export function expectPaced(times: readonly number[], perSecond: number, lateMs: number): void {
  const seenIn = (windowMs: number) => slidingMax(times, Math.max(windowMs - lateMs, windowMs / 10));
  expect(seenIn(1000)).toBeLessThanOrEqual(Math.floor(perSecond * 1.01 + 1));
  expect(seenIn(100)).toBeLessThanOrEqual(Math.floor(perSecond * 0.12 + 2));
}

/** Events per second between the first and the last one, of which the last may have been seen so much too late. */
export function achievedRate(times: readonly number[], lateMs = 0): number {
  const spanMs = Math.max(...times) - Math.min(...times) - lateMs;
  return ((times.length - 1) / spanMs) * 1000;
}

/** Begins to watch how late this process, and so its server, sees things; the call of what it returns tells the worst of it, in ms. */
export function lateness(): () => number {
  const resolutionMs = 2;
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  return () => {
    delays.disable();
    return Math.max(0, delays.max / 1e6 - resolutionMs);
  };
}
