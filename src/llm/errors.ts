import { STATUS_CODES } from 'node:http';
import { Failure } from '../record/failure.ts';
import type { Reading, Reply } from '../record/reply.ts';
import type { HttpHeaders } from '../record/request.ts';
import { fieldsOf, listOf, oneLine, textOf } from './json-fields.ts';
import { resetMs } from './limits.ts';

/** Who answered, and how it was asked, for messages. */
export type Server = {
  readonly host: string;
  /** The environment variable whose key was sent; null when none was. */
  readonly keyVariable: string | null;
  /** The path of the base URL. */
  readonly basePath: string;
};

/** An answer that is no answer. `body` is its text as JSON, where it is that. */
export type Refused = Pick<Reply, 'status' | 'headers'> & { readonly text: string; readonly body: unknown };

/** Codes that mean an empty account: their 429 comes again however long one waits (OpenAI's error codes, 2026-09). */
const emptyAccount =
  /^(?:insufficient_quota|credit_balance_exhausted|billing_not_active|\w+_spend_limit_exceeded|organization_usage_limit_exceeded)$/;

/** Statuses that may be different next time; official clients repeat the same ones. */
const passing: ReadonlySet<number> = new Set([408, 409, 425, 429, 500, 502, 503, 504, 522, 524, 529]);
/** Statuses that refuse the caller and not the request: 529 is 503 by another name. */
const refusing: ReadonlySet<number> = new Set([429, 503, 529]);

/** What a refusal means for the job and its lane. An error inside a 200 counts as the status that it names. */
export function refusalOf(refused: Refused, server: Server): Omit<Reading<never>, 'content'> {
  const error = errorIn(refused.body);
  const status = refused.status >= 400 ? refused.status : (error.status ?? refused.status);
  const said = messageOf(refused, { status, server, error });
  const codes = [error.code, error.type];
  const isEmpty = codes.some((code) => code !== null && emptyAccount.test(code));
  if (isEmpty || status === 402) return { failure: new Failure('quota', said) };
  if (status >= 300 && status < 400) return { failure: new Failure('redirect', said) };
  // An error after a good status, and without one of its own, broke out while the answer was made.
  const retryable = wish(refused.headers) ?? (status < 300 || passing.has(status));
  const failure = new Failure(status === 429 ? 'rate_limited' : 'http', said, { retryable });
  return { failure, isRefusal: refusing.has(status), holdMs: resetMs(refused.headers) };
}

type ErrorObject = {
  readonly message: string | null;
  readonly code: string | null;
  readonly type: string | null;
  /** An HTTP status that the object names: llama.cpp, vLLM and OpenRouter write it as `code`. */
  readonly status: number | null;
};

/** The shapes in which servers tell their errors: an object, a bare text, or the fields at the top. */
function errorIn(body: unknown): ErrorObject {
  const top = fieldsOf(body);
  const error = fieldsOf(top?.error) ?? (listOf(body) ? fieldsOf(fieldsOf(listOf(body)?.[0])?.error) : null);
  const bare = textOf(top?.error) ?? textOf(top?.detail) ?? (top?.detail ? JSON.stringify(top.detail) : null);
  const fields = error ?? top;
  const { code } = fields ?? {};
  return {
    message: textOf(fields?.message) ?? bare,
    code: textOf(code),
    type: textOf(fields?.type),
    status: typeof code === 'number' && code >= 400 && code <= 599 ? code : null,
  };
}

function messageOf(
  refused: Refused,
  { status, server, error }: { status: number; server: Server; error: ErrorObject },
): string {
  const { host } = server;
  const name = STATUS_CODES[refused.status];
  const said = oneLine(error.message ?? (refused.body === undefined ? refused.text : ''));
  const code = error.code !== null && !said.includes(error.code) ? ` (${oneLine(error.code)})` : '';
  const answer = `${host} answered ${refused.status}${name ? ` ${name}` : ''}${said ? `: ${said}` : ''}${code}`;
  const hint = hintFor(status, { refused, server, said });
  return hint ? `${answer}; ${hint}` : answer;
}

function hintFor(
  status: number,
  { refused, server, said }: { refused: Refused; server: Server; said: string },
): string | null {
  const { keyVariable, basePath } = server;
  if (status === 401 || status === 403) {
    return keyVariable ? `the key came from ${keyVariable}` : 'no key was sent, since none is set';
  }
  const { location } = refused.headers;
  if (status >= 300 && status < 400) {
    return `a prompt follows no redirect${location ? `, here to ${oneLine(String(location))}` : ''}: give the right --base-url`;
  }
  // What is not there speaks no API: the server's own 404, and not one about a model.
  const isNoApi = (status === 404 || status === 405) && !/model/i.test(said);
  if (isNoApi && !/\/v\d/.test(basePath)) return 'is /v1 missing at the end of the base URL?';
  return null;
}

/** What the server itself wishes (OpenAI, and gateways like it). */
function wish(headers: HttpHeaders): boolean | null {
  const said = String(headers['x-should-retry'] ?? '');
  return said === 'true' ? true : said === 'false' ? false : null;
}
