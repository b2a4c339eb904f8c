import type { HttpHeaders } from '../record/request.ts';

const limitHeader = /^x-ratelimit-(remaining|reset)-(.+)$/;

/**
 * How long to wait until there is room again in the budgets that a refusal names, in milliseconds, or null when it
 * names none: `x-ratelimit-reset-requests` and its like (OpenAI, Groq, Azure). A budget that has something left was
 * not the reason; one that does not say may have been. The longest wait counts.
 */
export function resetMs(headers: HttpHeaders): number | null {
  let longestMs = 0;
  for (const [name, value] of Object.entries(headers)) {
    const [, kind, budget] = limitHeader.exec(name) ?? [];
    if (kind !== 'reset') continue;
    const remaining = headers[`x-ratelimit-remaining-${budget}`];
    if (remaining !== undefined && Number(remaining) > 0) continue;
    longestMs = Math.max(longestMs, durationMs(String(value)) ?? 0);
  }
  return longestMs > 0 ? longestMs : null;
}

/** Larger numbers are a time of day in Unix seconds or milliseconds, not a wait. */
const longestWaitS = 1e9;
const unitsMs = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, µs: 1e-3, μs: 1e-3, ns: 1e-6 } as const;
const goDuration = /^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|μs|ns))+$/;
/** `ms` before `m`: the first that fits is taken. */
const goPart = /(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|μs|ns)/g;

/** A Go duration, `6m0s`, `7.44ms`, `1h2m3s`; a bare number is seconds. In milliseconds; null for anything else. */
export function durationMs(text: string): number | null {
  const plain = text.trim();
  if (/^\d+(?:\.\d+)?$/.test(plain)) return Number(plain) < longestWaitS ? Number(plain) * 1000 : null;
  if (!goDuration.test(plain)) return null;
  let ms = 0;
  for (const [, amount, unit] of plain.matchAll(goPart)) ms += Number(amount) * unitsMs[unit as keyof typeof unitsMs];
  return ms;
}
