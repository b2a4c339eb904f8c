import { type Failure, type FailureCode, failureCodes } from '../record/failure.ts';
import { UsageError } from './values.ts';

type Range = { readonly from: number; readonly to: number };

const statusPattern = /^(?:([1-9])xx|([1-9]\d\d)(?:-([1-9]\d\d))?)$/i;

function parseRange(text: string): Range | null {
  const [, hundreds, from, to] = statusPattern.exec(text.trim()) ?? [];
  if (hundreds) return { from: Number(hundreds) * 100, to: Number(hundreds) * 100 + 99 };
  if (!from || Number(to ?? from) < Number(from)) return null;
  return { from: Number(from), to: Number(to ?? from) };
}

const isIn = (ranges: readonly Range[], status: number) =>
  ranges.some(({ from, to }) => status >= from && status <= to);

/** `200-399`, `2xx,404`: a test for statuses. */
export function parseStatuses(text: string): (status: number) => boolean {
  const ranges = text.split(',').map(parseRange);
  if (ranges.includes(null)) throw new UsageError(`expected statuses like 200-399 or 2xx,404, got \`${text}\``);
  const known = ranges.filter((range) => range !== null);
  return (status) => isIn(known, status);
}

/** `timeout,429,5xx`: a test for failures, by failure code or status. */
export function parseRetryOn(text: string): (failure: Failure, status: number | null) => boolean {
  const codes = new Set<string>();
  const ranges: Range[] = [];
  for (const word of text.split(',').map((part) => part.trim())) {
    const range = parseRange(word);
    if (range) ranges.push(range);
    else if (failureCodes.includes(word as FailureCode)) codes.add(word);
    else throw new UsageError(`expected failure codes and statuses like timeout,reset,429,5xx, got \`${word}\``);
  }
  return ({ code }, status) =>
    codes.has(code) || ((code === 'http' || code === 'rate_limited') && isIn(ranges, status ?? 0));
}
