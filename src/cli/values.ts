import { durationUnits, longestTimerMs, type Rate, readRate } from '../record/rate.ts';

/**
 * The values that flags take: text -> number, with one line that says what was expected when it is none.
 * Each parser throws a UsageError that names the value; the flag's name is put before it by the caller.
 */

/** Wrong usage: nothing was sent, exit code 2. The message is one line for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const durationPattern = /^(\d+(?:\.\d+)?|\.\d+)(ms|s|m|h)?$/;

/** `30` is seconds, else `500ms`, `30s`, `5m`, `1h`. Returns milliseconds; 0 is allowed and means "none" where that makes sense. */
export function parseDuration(text: string): number {
  const [, amount, unit] = durationPattern.exec(text.trim()) ?? [];
  const ms = Number(amount) * durationUnits[(unit ?? 's') as keyof typeof durationUnits];
  if (amount === undefined || !(ms <= longestTimerMs)) {
    throw new UsageError(`expected a duration like 500ms, 30s or 5m (at most 24 days), got \`${text}\``);
  }
  return ms;
}

/** `50` and `50/s` are fifty a second, `600/m` a minute, `5/15s` five in fifteen seconds, `0.5/s` one in two seconds. */
export function parseRate(text: string): Rate {
  const rate = readRate(text);
  if (!rate) throw new UsageError(`expected something like 50/s, 600/m or 5/15s, got \`${text}\``);
  return rate;
}

const sizeUnits = { '': 1, k: 1000, m: 1e6, g: 1e9, ki: 1024, mi: 1024 ** 2, gi: 1024 ** 3 } as const;

/** `10MiB`, `500kB`, `1024`. Returns bytes. */
export function parseSize(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*((?:[kmg]i?)?)b?$/i.exec(text.trim()) ?? [];
  const bytes = Math.floor(
    Number(amount) * (sizeUnits[(unit ?? '').toLowerCase() as keyof typeof sizeUnits] ?? Number.NaN),
  );
  if (amount === undefined || !Number.isSafeInteger(bytes)) {
    throw new UsageError(`expected a size like 10MiB, 500kB or 1024, got \`${text}\``);
  }
  return bytes;
}

/** A whole number in a range, in digits alone. */
export function parseCount(text: string, { min = 0, max = 1_000_000_000 } = {}): number {
  const count = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isNaN(count) || count < min || count > max) {
    const range = max === 1_000_000_000 ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new UsageError(`expected a whole number ${range}, got \`${text}\``);
  }
  return count;
}

/** `0.1` or `10%`, from 0 to 1. */
export function parseShare(text: string): number {
  const percent = /^(.+)%$/.exec(text.trim());
  const share = percent ? Number(percent[1]) / 100 : Number(text.trim() === '' ? Number.NaN : text);
  if (!(share >= 0 && share <= 1)) {
    throw new UsageError(`expected a share from 0 to 1, or a percentage, got \`${text}\``);
  }
  return share;
}
