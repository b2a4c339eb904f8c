import type { Result } from '../record/job.ts';
import { escapeUnsafe } from '../record/json.ts';
import type { Body, FetchTask, HttpAnswer, HttpRequest } from '../record/request.ts';
import { createMask, isSecretHeader, type Mask } from '../record/secrets.ts';
import {
  attemptLog,
  createStamp,
  error,
  fieldsOf,
  headers,
  inputOf,
  millis,
  sentHeaders,
  string,
  timings,
} from './row-fields.ts';

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
  const hasHeaders = include.has('headers');
  const hasTimings = include.has('timings');
  const hasAttempts = include.has('attempts');
  const hasInput = include.has('input');
  const hasRequest = include.has('request');

  return (result) => {
    const { job, value, failure } = result;
    const { url, method, request, input, secrets: own } = job.payload;
    const mask = own.length > 0 ? createMask([...secrets, ...own]) : commonMask;
    const text = (plain: string | null | undefined) => string(plain, mask);
    const shownUrl = text(url);
    const finalUrl = value?.finalUrl;
    let row = `{"index":${job.index},"id":${text(job.id)},"ok":${failure === null},"url":${shownUrl},"method":${text(method)}`;
    row += `,"status":${value?.status ?? null},"attempts":${result.attempts},"duration_ms":${millis(result.durationMs)}`;
    row += `,"final_url":${finalUrl === url ? shownUrl : text(finalUrl)},"redirects":${result.hops}`;
    if (hasHeaders) row += `,"headers":${headers(value?.headers, mask)}`;
    if (hasBody || value?.body?.kind === 'file') row += body(value?.body ?? null);
    row += `,"bytes":${value?.bytes ?? null},"timestamp":"${stamp(now())}"`;
    if (hasTimings) row += `,"timings":${timings(result)}`;
    if (hasAttempts) row += `,"attempt_log":${attemptLog(result, mask)}`;
    if (hasInput) row += `,"input":${inputOf(input, mask)}`;
    if (hasRequest && request) row += `,"request":${requestOf(request, mask)}`;
    if (job.key !== undefined) row += `,"key":"${job.key}"`;
    return escapeUnsafe(`${row},"error":${error(failure, mask)}}`);
  };
}

function body(shaped: Body | null): string {
  switch (shaped?.kind) {
    case 'json':
      return `,"body":${shaped.raw}${replacedIn(shaped)}`;
    case 'text':
      return `,"body":${JSON.stringify(shaped.text)}${replacedIn(shaped)}`;
    case 'base64':
      return `,"body_base64":"${shaped.data}"`;
    case 'file':
      return `,"body_file":${JSON.stringify(shaped.path)}`;
    case undefined:
      return ',"body":null';
  }
}

function replacedIn({ replaced }: { readonly replaced?: number }): string {
  return replaced === undefined ? '' : `,"replaced":${replaced}`;
}

function requestOf(request: HttpRequest, mask: Mask | null): string {
  const sent = fieldsOf(sentHeaders(request.headers, isSecretHeader), mask);
  const { body, stream } = request;
  const shown = stream
    ? `"body":null,"form":[${stream.parts.map((part) => string(part, mask)).join()}]`
    : `"body":${string(typeof body === 'string' || body === null ? body : Buffer.from(body).toString('utf8'), mask)}`;
  return `{"method":${string(request.method, mask)},"url":${string(request.url, mask)},"headers":${sent},${shown}}`;
}
