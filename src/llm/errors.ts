import { STATUS_CODES } from 'node:http';
import { Failure } from '../record/failure.ts';
import type { Reading } from '../record/reply.ts';
import type { HttpHeaders } from '../record/request.ts';
import { type ErrorObject, errorIn } from './error-object.ts';
import { oneLine } from './json-fields.ts';
import { resetMs } from './limits.ts';

/** Who answered, and how it was asked, for messages. */
export type Server = {
  readonly host: string;
  /** The environment variable whose key was sent; null when none was. */
  readonly keyVariable: string | null;
  /** The path of the base URL, where it is to end with a version; null where it need not. */
  readonly basePath: string | null;
};

/** An answer that is no answer. `body` is its text as JSON, where it is that. */
export type Refused = {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly text: string;
  readonly body: unknown;
};

/**
 * Words that mean an empty account: their 429 comes again however long one waits (OpenAI's error codes, 2026-09;
 * Anthropic's details.error_code).
 */
const emptyAccount =
  /^(?:insufficient_quota|credit_balance_exhausted|billing_not_active|\w+_spend_limit_(?:exceeded|reached)|organization_usage_limit_exceeded)$/;
/** Azure's filter answers a prompt that it dislikes with 400. */
const filtered = /^(?:content_filter|content_policy_violation|ResponsibleAIPolicyViolation)$/;

/** Statuses that may be different next time; official clients repeat the same ones. */
const transientStatuses: ReadonlySet<number> = new Set([408, 409, 425, 429, 500, 502, 503, 504, 522, 524, 529]);
/** Statuses that refuse the caller and not the request: 529 is 503 by another name. */
const refusing: ReadonlySet<number> = new Set([429, 503, 529]);

/** What a refusal means for the job and its lane. An error inside a 200 counts as the status that it names. */
export function refusalOf(refused: Refused, server: Server): Omit<Reading<never>, 'content'> {
  const error = errorIn(refused.body);
  const status = refused.status >= 400 ? refused.status : (error.status ?? refused.status);
  const said = messageOf(refused, { status, server, error });
  const isEmpty = error.words.some((word) => emptyAccount.test(word)) || (status === 429 && error.isForToday);
  if (isEmpty || status === 402) return { failure: new Failure('quota', said) };
  if (error.words.some((word) => filtered.test(word))) return { failure: new Failure('refused', said) };
  if (status >= 300 && status < 400) return { failure: new Failure('redirect', said) };
  // An error after a good status, and without one of its own, broke out while the answer was made.
  const retryable = wish(refused.headers) ?? (status < 300 || transientStatuses.has(status));
  const failure = new Failure(status === 429 ? 'rate_limited' : 'http', said, { retryable });
  return { failure, isRefusal: refusing.has(status), holdMs: error.retryDelayMs ?? resetMs(refused.headers) };
}

function messageOf(
  refused: Refused,
  { status, server, error }: { status: number; server: Server; error: ErrorObject },
): string {
  const { host } = server;
  const name = STATUS_CODES[refused.status];
  const said = oneLine(error.message ?? (refused.body === undefined ? refused.text : ''));
  const [word] = error.words;
  const code = word !== undefined && !said.includes(word) ? ` (${oneLine(word)})` : '';
  const did = refused.status < 300 ? 'broke off its answer' : `answered ${refused.status}${name ? ` ${name}` : ''}`;
  const answer = `${host} ${did}${said ? `: ${said}` : ''}${code}`;
  const hint = hintFor(status, { refused, server, said });
  return hint ? `${answer}; ${hint}` : answer;
}

function hintFor(
  status: number,
  { refused, server, said }: { refused: Refused; server: Server; said: string },
): string | null {
  const { keyVariable, basePath } = server;
  // Google answers a wrong key with 400.
  if (status === 401 || status === 403 || (status === 400 && /\bapi key\b/i.test(said))) {
    return keyVariable ? `the key came from ${keyVariable}` : 'no key was sent, since none is set';
  }
  const { location } = refused.headers;
  if (status >= 300 && status < 400) {
    return `a prompt follows no redirect${location ? `, here to ${oneLine(String(location))}` : ''}: give the right --base-url`;
  }
  // What is not there speaks no API: the server's own 404, and not one about a model.
  const isNoApi = (status === 404 || status === 405) && !/model/i.test(said);
  if (isNoApi && basePath !== null && !/\/v\d/.test(basePath)) return 'is /v1 missing at the end of the base URL?';
  return null;
}

/** What the server itself wishes (OpenAI, and gateways like it). */
function wish(headers: HttpHeaders): boolean | null {
  const said = String(headers['x-should-retry'] ?? '');
  return said === 'true' ? true : said === 'false' ? false : null;
}
