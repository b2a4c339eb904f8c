import type { HttpHeaders } from '../record/request.ts';

/**
 * How long a server asks to be left alone, in milliseconds, or null when it does not say so usably (missing, past,
 * negative, junk). In this order: `retry-after-ms`, `retry-after` (seconds or an HTTP date: RFC 9110, section
 * 10.2.3), `ratelimit` (draft-ietf-httpapi-ratelimit-headers-10) and the older `ratelimit-reset` and
 * `x-ratelimit-reset` (seconds, or the time of day in Unix seconds or milliseconds), unless something remains. A date
 * counts from the server's own clock.
 */
export function retryAfterMs(headers: HttpHeaders, nowUnixMs: number): number | null {
  const serverNow = httpDate(one(headers.date));
  const now = Number.isNaN(serverNow) ? nowUnixMs : serverNow;
  return (
    positive(number(one(headers['retry-after-ms']))) ??
    positive(number(one(headers['retry-after'])) * 1000) ??
    positive(httpDate(one(headers['retry-after'])) - now) ??
    positive(resetOf(one(headers.ratelimit)) * 1000) ??
    positive(untilReset(headers, 'ratelimit', now)) ??
    positive(untilReset(headers, 'x-ratelimit', now))
  );
}

/** Larger numbers are Unix seconds, not a wait: 30 years. */
const longestWaitS = 1e9;
/** Larger numbers are Unix milliseconds: as seconds they would be in the year 5138. */
const latestUnixS = 1e11;

/** A server that has something left refuses for another reason: its reset is no answer to when. */
function untilReset(headers: HttpHeaders, family: 'ratelimit' | 'x-ratelimit', nowMs: number): number {
  if (number(one(headers[`${family}-remaining`])) > 0) return Number.NaN;
  const reset = number(one(headers[`${family}-reset`]));
  if (reset > latestUnixS) return reset - nowMs;
  return reset > longestWaitS ? reset * 1000 - nowMs : reset * 1000;
}

function one(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value.at(-1) : value)?.trim() ?? '';
}

function number(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

/** Only a date that names its day: Date.parse would take `12` or `soon 1` for one. Without a zone it is UTC (asctime). */
function httpDate(text: string): number {
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) return Number.NaN;
  return Date.parse(/:\d\d(?: \d{4})?$/.test(text) ? `${text} GMT` : text);
}

/** `"default";r=0;t=30`: the seconds of the first member that has nothing left. */
function resetOf(text: string): number {
  for (const member of text.split(',')) {
    const left = /;\s*r=(\d+)/.exec(member)?.[1];
    const reset = /;\s*t=(\d+)/.exec(member)?.[1];
    if (reset !== undefined && (left === undefined || left === '0')) return Number(reset);
  }
  return Number.NaN;
}

function positive(ms: number): number | null {
  return ms > 0 && Number.isFinite(ms) ? ms : null;
}
