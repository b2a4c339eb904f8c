import type { Failure } from '../record/failure.ts';
import type { Result } from '../record/job.ts';
import { escapeUnsafe } from '../record/json.ts';
import type { Body, FetchTask, HttpAnswer, HttpRequest } from '../record/request.ts';
import { createMask, type Mask, masked, secretsOfHeader } from '../record/secrets.ts';

/** What a row may show beyond its usual fields. */
export const includes = ['headers', 'timings', 'attempts', 'input', 'request'] as const;
export type Include = (typeof includes)[number];

export type RowOptions = {
  include: ReadonlySet<Include>;
  /** False leaves the body out (`--body none`). */
  hasBody: boolean;
  /** Values that must not appear, whatever the request. */
  secrets: readonly string[];
  /** Unix milliseconds. */
  now: () => number;
};

export type FetchResult = Result<FetchTask, HttpAnswer>;

/**
 * Writes a result as its row: one line of JSON without the line end, fields in the order of row.schema.json. Built by
 * hand, since a body that is JSON goes in as the text it came as. Secrets are masked everywhere but in the body.
 */
export function createRow({ include, hasBody, secrets, now }: RowOptions): (result: FetchResult) => string {
  const commonMask = createMask(secrets);
  const stamp = createStamp();

  return (result) => {
    const { job, value, failure } = result;
    const { url, method, request, input, secrets: own } = job.payload;
    const mask = own.length > 0 ? createMask([...secrets, ...own]) : commonMask;
    const text = (plain: string | null | undefined) => string(plain, mask);
    let row = `{"index":${job.index},"id":${text(job.id)},"ok":${failure === null},"url":${text(url)},"method":${text(method)}`;
    row += `,"status":${value?.status ?? null},"attempts":${result.attempts},"duration_ms":${millis(result.durationMs)}`;
    row += `,"final_url":${text(value?.finalUrl)},"redirects":${result.hops}`;
    if (include.has('headers')) row += `,"headers":${headers(value, mask)}`;
    if (hasBody) row += body(value?.body ?? null);
    row += `,"bytes":${value?.bytes ?? null},"timestamp":"${stamp(now())}"`;
    if (include.has('timings')) row += `,"timings":${timings(result)}`;
    if (include.has('attempts')) row += `,"attempt_log":${attemptLog(result, mask)}`;
    if (include.has('input')) row += `,"input":${mask ? mask(input ?? 'null') : (input ?? 'null')}`;
    if (include.has('request') && request) row += `,"request":${requestOf(request, mask)}`;
    return escapeUnsafe(`${row},"error":${error(failure, mask)}}`);
  };
}

/** The time as ISO 8601; rows of the same millisecond share the text. */
function createStamp(): (unixMs: number) => string {
  let lastMs = Number.NaN;
  let last = '';
  return (unixMs) => {
    if (unixMs !== lastMs) last = new Date(unixMs).toISOString();
    lastMs = unixMs;
    return last;
  };
}

function string(plain: string | null | undefined, mask: Mask | null): string {
  if (plain === null || plain === undefined) return 'null';
  return JSON.stringify(mask ? mask(plain) : plain);
}

/** To a tenth of a millisecond: more would claim a precision that is not there. */
function millis(ms: number | null): string {
  return ms === null ? 'null' : String(Math.round(ms * 10) / 10);
}

function body(shaped: Body | null): string {
  switch (shaped?.kind) {
    case 'json':
      return `,"body":${shaped.raw}`;
    case 'text':
      return `,"body":${JSON.stringify(shaped.text)}`;
    case 'base64':
      return `,"body_base64":"${shaped.data}"`;
    case undefined:
      return ',"body":null';
  }
}

function headers(value: HttpAnswer | null, mask: Mask | null): string {
  if (!value?.headers) return 'null';
  const fields = Object.entries(value.headers).map(([name, content]) => {
    const shown = Array.isArray(content) && name !== 'set-cookie' ? content.join(', ') : content;
    const all = name === 'set-cookie' ? [shown].flat() : shown;
    return `${string(name, mask)}:${Array.isArray(all) ? `[${all.map((one) => string(one, mask)).join()}]` : string(all, mask)}`;
  });
  return `{${fields.join()}}`;
}

function timings({ value, timings: { queuedMs, limitedMs, totalMs } }: FetchResult): string {
  const connection = `"connect_ms":${millis(value?.connectMs ?? null)},"ttfb_ms":${millis(value?.ttfbMs ?? null)}`;
  return `{"queued_ms":${millis(queuedMs)},"limited_ms":${millis(limitedMs)},${connection},"total_ms":${millis(totalMs)}}`;
}

function attemptLog({ log }: FetchResult, mask: Mask | null): string {
  const entries = (log ?? []).map(
    ({ attempt, lane, durationMs, failure }) =>
      `{"attempt":${attempt},"lane":${string(lane, mask)},"duration_ms":${millis(durationMs)},"error":${error(failure, mask)}}`,
  );
  return `[${entries.join()}]`;
}

function requestOf(request: HttpRequest, mask: Mask | null): string {
  const sent: string[] = [];
  for (let at = 0; at < request.headers.length; at += 2) {
    const [name = '', value = ''] = request.headers.slice(at, at + 2);
    const shown = secretsOfHeader(name, value).length > 0 ? masked : value;
    sent.push(`${string(name, mask)}:${string(shown, mask)}`);
  }
  const content =
    typeof request.body === 'string' || request.body === null
      ? request.body
      : Buffer.from(request.body).toString('utf8');
  return `{"method":${string(request.method, mask)},"url":${string(request.url, mask)},"headers":{${sent.join()}},"body":${string(content, mask)}}`;
}

function error(failure: Failure | null, mask: Mask | null): string {
  if (!failure) return 'null';
  const { code, message, phase, retryable } = failure;
  return `{"code":"${code}","message":${string(message, mask)},"phase":${phase ? `"${phase}"` : null},"retryable":${retryable},"cause":${cause(failure.cause, mask)}}`;
}

function cause(beneath: unknown, mask: Mask | null): string {
  if (!(beneath instanceof Error)) return 'null';
  const { code } = beneath as { code?: unknown };
  return `{"code":${string(typeof code === 'string' ? code : null, mask)},"message":${string(beneath.message, mask)}}`;
}
