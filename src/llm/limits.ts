import type { Budget } from '../record/reply.ts';
import type { HttpHeaders } from '../record/request.ts';

/** `x-ratelimit-remaining-tokens`, `x-ratelimit-limit-project-tokens`: OpenAI, Azure, Groq, Mistral and their like. */
const figureFirst = /^x-ratelimit-(limit|remaining|reset)-(.+)$/;
/** `anthropic-ratelimit-input-tokens-remaining`. */
const figureLast = /^anthropic-ratelimit-(.+)-(limit|remaining|reset)$/;

type Told = { limit?: string; remaining?: string; reset?: string };

/** What the headers say is left to the caller, a budget for each that they name. */
export function budgetsOf(headers: HttpHeaders): Budget[] {
  const dateMs = Date.parse(String(headers.date ?? ''));
  const budgets: Budget[] = [];
  for (const [name, { limit, remaining, reset }] of toldBy(headers)) {
    const kind = kindOf(name);
    if (kind === null) continue;
    const resetMs = reset === undefined ? null : (durationMs(reset) ?? timeOfDayMs(reset, dateMs));
    budgets.push({ kind, limit: countOf(limit), remaining: countOf(remaining), resetMs });
  }
  return budgets;
}

/**
 * How long to wait until there is room again in the budgets that a refusal names, in milliseconds, or null when it
 * names none. A budget that has something left was not the reason; one that does not say may have been. The longest
 * wait counts.
 */
export function resetMs(headers: HttpHeaders): number | null {
  let longestMs = 0;
  for (const budget of budgetsOf(headers)) {
    if (budget.remaining === null || budget.remaining === 0) longestMs = Math.max(longestMs, budget.resetMs ?? 0);
  }
  return longestMs > 0 ? longestMs : null;
}

function toldBy(headers: HttpHeaders): Map<string, Told> {
  const told = new Map<string, Told>();
  for (const [header, value] of Object.entries(headers)) {
    const [, first, one] = figureFirst.exec(header) ?? [];
    const [, other, last] = figureLast.exec(header) ?? [];
    const name = one ?? other;
    const figure = (first ?? last) as keyof Told | undefined;
    if (name === undefined || figure === undefined || value === undefined) continue;
    const figures = told.get(name) ?? {};
    figures[figure] = String(value).trim();
    told.set(name, figures);
  }
  return told;
}

/** What a budget counts, by its name: `requests`, `req-10-second`, `tokens-minute`, `project-tokens`, `tokens-prompt`. */
function kindOf(name: string): Budget['kind'] | null {
  if (/req/.test(name)) return 'requests';
  if (!/token/.test(name)) return null;
  if (/input|prompt/.test(name)) return 'input_tokens';
  return /output|generated/.test(name) ? 'output_tokens' : 'tokens';
}

/** Some servers write a count as `100.0`; Azure says -1 for what it does not count. */
function countOf(text: string | undefined): number | null {
  const count = text !== undefined && /^\d+(?:\.\d+)?$/.test(text) ? Math.floor(Number(text)) : Number.NaN;
  return Number.isSafeInteger(count) ? count : null;
}

/** A time (RFC 3339) less the server's own: clocks differ, and resets have come a second before the answer's date. */
function timeOfDayMs(text: string, dateMs: number): number | null {
  if (!/^\d{4}-\d\d-\d\dT/.test(text)) return null;
  const waitMs = Date.parse(text) - dateMs;
  return Number.isNaN(waitMs) ? null : Math.max(0, waitMs);
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
