import type { Failure } from '../record/failure.ts';
import type { Result } from '../record/job.ts';
import type { HttpAnswer, HttpHeaders } from '../record/request.ts';
import type { Mask } from '../record/secrets.ts';

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

export function string(plain: string | null | undefined, mask: Mask | null): string {
  if (plain === null || plain === undefined) return 'null';
  return JSON.stringify(mask ? mask(plain) : plain);
}

/** To a tenth of a millisecond: more would claim a precision that is not there. */
export function millis(ms: number | null): string {
  return ms === null ? 'null' : String(Math.round(ms * 10) / 10);
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
