import type { HttpHeaders } from '../record/request.ts';

/**
 * How long a server asks to be left alone, in milliseconds, or null when it does not say so usably (missing, past,
 * negative, junk). In this order: `retry-after-ms`, `retry-after` (seconds or an HTTP date: RFC 9110, section
 * 10.2.3), `ratelimit` (draft-ietf-httpapi-ratelimit-headers-10) and the older `ratelimit-reset` and
 * `x-ratelimit-reset` (seconds, or the time of day in Unix seconds). A date counts from the server's own clock.
 */
export function retryAfterMs(headers: HttpHeaders, nowUnixMs: number): number | null {
  const serverNow = Date.parse(one(headers.date));
  const now = Number.isNaN(serverNow) ? nowUnixMs : serverNow;
  return (
    positive(number(one(headers['retry-after-ms']))) ??
    positive(number(one(headers['retry-after'])) * 1000) ??
    positive(httpDate(one(headers['retry-after'])) - now) ??
    positive(resetOf(one(headers.ratelimit)) * 1000) ??
    positive(sinceReset(number(one(headers['ratelimit-reset'])), now)) ??
    positive(sinceReset(number(one(headers['x-ratelimit-reset'])), now))
  );
}

/** Larger numbers are Unix seconds, not a wait: 30 years. */
const longestWaitS = 1e9;

function sinceReset(seconds: number, nowMs: number): number {
  return seconds > longestWaitS ? seconds * 1000 - nowMs : seconds * 1000;
}

function one(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value.at(-1) : value)?.trim() ?? '';
}

function number(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

/** Only a date that names its day: Date.parse would take `12` or `soon 1` for one. */
function httpDate(text: string): number {
  return /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
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
