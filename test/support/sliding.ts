import { monitorEventLoopDelay } from 'node:perf_hooks';

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
