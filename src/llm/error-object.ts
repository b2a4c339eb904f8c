import { fieldsOf, listOf, textOf } from './json-fields.ts';
import { durationMs } from './limits.ts';

/** What a server says of an error, whatever the shape. */
export type ErrorObject = {
  readonly message: string | null;
  /** The words that name its kind, the most exact one first. */
  readonly words: readonly string[];
  /** An HTTP status that the object names: as a number, or by a word that means one. */
  readonly status: number | null;
  /** The limit that was hit lasts for the day. */
  readonly isForToday: boolean;
  readonly retryDelayMs: number | null;
};

/** The shapes in which servers tell their errors: an object, a bare text, or the fields at the top; any of them in a list. */
export function errorIn(body: unknown): ErrorObject {
  const top = fieldsOf(listOf(body)?.[0] ?? body);
  const error = fieldsOf(top?.error) ?? fieldsOf(fieldsOf(top?.response)?.error);
  const fields = error ?? top ?? {};
  const details = listOf(fields.details) ?? [];
  const words = [
    fieldsOf(fields.details)?.error_code,
    fields.code,
    fields.status,
    fields.type,
    fieldsOf(fields.innererror)?.code,
  ]
    .map(textOf)
    .filter((word) => word !== null);
  const numbers = [fields.code, fields.status_code, fields.raw_status_code, fields.status].map(statusOf);
  return {
    message: saidOf(fields.message) ?? saidOf(top?.error) ?? saidOf(top?.detail),
    words,
    status: numbers.find((one) => one !== null) ?? words.map((word) => statusOfWord.get(word)).find(Boolean) ?? null,
    isForToday: details.some(isDailyQuota),
    retryDelayMs: details.map(retryDelayOf).find((ms) => ms !== null) ?? null,
  };
}

/** Text, or what stands in its place: FastAPI and Mistral put a list of complaints there. */
function saidOf(value: unknown): string | null {
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return textOf(value);
}

/** llama.cpp, vLLM, Gemini and OpenRouter write the status as `code`, Groq and Mistral elsewhere, some as text. */
function statusOf(value: unknown): number | null {
  const code = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value;
  return typeof code === 'number' && code >= 400 && code <= 599 ? code : null;
}

/** For errors inside a 200, which have no status of their own: the names that OpenAI, Anthropic and Google give. */
const statusOfWord: ReadonlyMap<string, number> = new Map([
  ['rate_limit_exceeded', 429],
  ['rate_limit_error', 429],
  ['rate_limited', 429],
  ['slow_down', 429],
  ['ramp_limit_exceeded', 429],
  ['RESOURCE_EXHAUSTED', 429],
  ['overloaded_error', 529],
  ['server_is_overloaded', 503],
  ['UNAVAILABLE', 503],
  ['server_error', 500],
  ['api_error', 500],
  ['INTERNAL', 500],
  ['timeout_error', 504],
  ['DEADLINE_EXCEEDED', 504],
  ['invalid_request_error', 400],
  ['invalid_prompt', 400],
  ['INVALID_ARGUMENT', 400],
  ['FAILED_PRECONDITION', 400],
  ['authentication_error', 401],
  ['UNAUTHENTICATED', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['PERMISSION_DENIED', 403],
  ['not_found_error', 404],
  ['NOT_FOUND', 404],
  ['request_too_large', 413],
]);

/** Google's QuotaFailure: `GenerateRequestsPerDayPerProjectPerModel-FreeTier`. */
function isDailyQuota(detail: unknown): boolean {
  const violations = listOf(fieldsOf(detail)?.violations) ?? [];
  return violations.some((one) => /PerDay/.test(textOf(fieldsOf(one)?.quotaId) ?? ''));
}

/** Google's RetryInfo: `22s`. */
function retryDelayOf(detail: unknown): number | null {
  const delay = textOf(fieldsOf(detail)?.retryDelay);
  return delay === null ? null : durationMs(delay);
}
