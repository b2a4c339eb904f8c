import type { Failure } from '../record/failure.ts';
import type { Result } from '../record/job.ts';
import { parseExactJson, rawText } from '../record/json.ts';
import type { HttpAnswer, HttpHeaders, HttpRequest } from '../record/request.ts';
import { type Mask, masked } from '../record/secrets.ts';

/** Fields that the rows of all commands share: each returns JSON text, secrets masked. */

type Connection = Pick<HttpAnswer, 'connectMs' | 'ttfbMs'>;

/** The time as ISO 8601; rows of the same millisecond share the text. */
export function createStamp(): (unixMs: number) => string {
  let lastMs = Number.NaN;
  let last = '';
  return (unixMs) => {
    if (unixMs !== lastMs) last = new Date(unixMs).toISOString();
    lastMs = unixMs;
    return last;
  };
}

/** Nothing in it that JSON writes otherwise. */
const isPlain = /^[ !#-[\]-~]*$/;

export function string(plain: string | null | undefined, mask: Mask | null): string {
  if (plain === null || plain === undefined) return 'null';
  const shown = mask ? mask(plain) : plain;
  return isPlain.test(shown) ? `"${shown}"` : JSON.stringify(shown);
}

/** To a tenth of a millisecond: more would claim a precision that is not there. */
export function millis(ms: number | null): string {
  return ms === null ? 'null' : String(Math.round(ms * 10) / 10);
}

/**
 * The line that a row came from, JSON text, its strings and numbers masked one by one: a secret may look like a piece
 * of JSON, and JSON may write a secret in several ways.
 */
export function inputOf(input: string | null, mask: Mask | null): string {
  if (input === null) return 'null';
  return mask ? JSON.stringify(maskedValue(parseExactJson(input), mask)) : input;
}

function maskedValue(value: unknown, mask: Mask): unknown {
  if (typeof value === 'string') return mask(value);
  const number = typeof value === 'number' ? String(value) : rawText(value);
  if (number !== null) return mask(number) === number ? value : mask(number);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => maskedValue(one, mask));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [mask(name), maskedValue(one, mask)]));
}

export function headers(received: HttpHeaders | null | undefined, mask: Mask | null): string {
  if (!received) return 'null';
  const fields = Object.entries(received).map(([name, content]) => {
    const shown = Array.isArray(content) && name !== 'set-cookie' ? content.join(', ') : content;
    const all = name === 'set-cookie' ? [shown].flat() : shown;
    return `${string(name, mask)}:${Array.isArray(all) ? `[${all.map((one) => string(one, mask)).join()}]` : string(all, mask)}`;
  });
  return `{${fields.join()}}`;
}

/**
 * The headers of a request, given as names and values in turn. Several of one name mean the same as all values in one
 * (RFC 9110, section 5.3). Hidden values are masked whole.
 */
export function sentHeaders(pairs: HttpRequest['headers'], isHidden: (name: string) => boolean): Map<string, string> {
  const sent = new Map<string, string>();
  for (let at = 0; at < pairs.length; at += 2) {
    const [name = '', value = ''] = pairs.slice(at, at + 2);
    const before = sent.get(name);
    sent.set(name, isHidden(name) ? masked : before === undefined ? value : `${before}, ${value}`);
  }
  return sent;
}

export function fieldsOf(sent: ReadonlyMap<string, string>, mask: Mask | null): string {
  const fields = [...sent].map(([name, value]) => `${string(name, mask)}:${string(value, mask)}`);
  return `{${fields.join()}}`;
}

export function timings({ value, timings: { queuedMs, limitedMs, totalMs } }: Result<unknown, Connection>): string {
  const connection = `"connect_ms":${millis(value?.connectMs ?? null)},"ttfb_ms":${millis(value?.ttfbMs ?? null)}`;
  return `{"queued_ms":${millis(queuedMs)},"limited_ms":${millis(limitedMs)},${connection},"total_ms":${millis(totalMs)}}`;
}

export function attemptLog({ log }: Result<unknown, unknown>, mask: Mask | null): string {
  const entries = (log ?? []).map(
    ({ attempt, lane, durationMs, failure }) =>
      `{"attempt":${attempt},"lane":${string(lane, mask)},"duration_ms":${millis(durationMs)},"error":${error(failure, mask)}}`,
  );
  return `[${entries.join()}]`;
}

export function error(failure: Failure | null, mask: Mask | null): string {
  if (!failure) return 'null';
  const { code, message, phase, retryable } = failure;
  return `{"code":"${code}","message":${string(message, mask)},"phase":${phase ? `"${phase}"` : null},"retryable":${retryable},"cause":${cause(failure.cause, mask)}}`;
}

function cause(beneath: unknown, mask: Mask | null): string {
  if (!(beneath instanceof Error)) return 'null';
  const { code } = beneath as { code?: unknown };
  return `{"code":${string(typeof code === 'string' ? code : null, mask)},"message":${string(beneath.message, mask)}}`;
}
