import { checkRate, longestTimerMs, type Rate, readRate } from '../record/rate.ts';

// Options of the library, checked at its door: what is wrong throws a TypeError with option, expectation and value.

/** A whole number of at least `min`. */
export function checkCount(name: string, count: number, { min = 1 } = {}): number {
  if (Number.isSafeInteger(count) && count >= min) return count;
  throw wrong(name, `a whole number of at least ${min}`, count);
}

/** A duration in milliseconds; Infinity is the longest there is. */
export function checkMs(name: string, ms: number): number {
  if (ms === Number.POSITIVE_INFINITY) return longestTimerMs;
  if (ms >= 0 && ms <= longestTimerMs) return ms;
  throw wrong(name, `milliseconds from 0 to ${longestTimerMs} (24 days)`, ms);
}

/** A time limit in milliseconds; 0 and Infinity are none, and come back as 0. */
export function checkLimitMs(name: string, ms: number): number {
  return ms === Number.POSITIVE_INFINITY ? 0 : checkMs(name, ms);
}

/** `'50/s'`, `'600/m'`, `'5/15s'`, or `{ count, windowMs }`. */
export function checkRateOption(name: string, given: string | Rate): Rate {
  const rate = typeof given === 'string' ? readRate(given) : checkRate(given);
  if (rate) return rate;
  throw wrong(name, "something like '50/s', '600/m' or { count: 5, windowMs: 15_000 }", given);
}

export function wrong(name: string, expected: string, got: unknown): TypeError {
  const shown = typeof got === 'object' ? JSON.stringify(got) : String(got as string | number | undefined);
  return new TypeError(`${name}: expected ${expected}, got \`${shown}\``);
}
