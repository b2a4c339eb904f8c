import { checkRate, longestTimerMs, type Rate, readRate } from '../record/rate.ts';

/** Options of the library, checked at its door. What is wrong throws a TypeError that names option, expectation and value. */

/** A whole number of at least 1, or Infinity where that makes sense. */
export function checkCount(name: string, count: number, { max = Number.MAX_SAFE_INTEGER, min = 1 } = {}): number {
  const isCount = Number.isInteger(count) && count >= min && count <= max;
  if (isCount || (count === Number.POSITIVE_INFINITY && max === count)) return count;
  throw wrong(
    name,
    max < Number.MAX_SAFE_INTEGER ? `a whole number from ${min} to ${max}` : `a whole number of at least ${min}`,
    count,
  );
}

/** Milliseconds; 0 and Infinity are none, and come back as 0. */
export function checkMs(name: string, ms: number): number {
  if (ms === Number.POSITIVE_INFINITY) return 0;
  if (ms >= 0 && ms <= longestTimerMs) return ms;
  throw wrong(name, `milliseconds from 0 (none) to ${longestTimerMs} (24 days)`, ms);
}

/** `'50/s'`, `'600/m'`, `'5/15s'`, or `{ count, windowMs }`. */
export function checkRateOption(name: string, given: string | Rate): Rate {
  const rate = typeof given === 'string' ? readRate(given) : checkRate(given);
  if (rate) return rate;
  throw wrong(name, "something like '50/s', '600/m' or { count: 5, windowMs: 15_000 }", given);
}

export function wrong(name: string, expected: string, got: unknown): TypeError {
  const shown = typeof got === 'object' ? JSON.stringify(got) : String(got);
  return new TypeError(`${name}: expected ${expected}, got \`${shown}\``);
}
