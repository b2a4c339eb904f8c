import { Failure, type FailureCode } from '../record/failure.ts';
import { escapeUnsafe } from '../record/json.ts';
import type { Body, HttpAnswer, HttpHeaders } from '../record/request.ts';
import { createMask } from '../record/secrets.ts';
import type { FetchResult } from './row.ts';
import { string } from './row-fields.ts';

export type BatchOptions = {
  /** Tells the lines of this run from those of others. */
  runId: string;
  /** Values that must not appear. */
  secrets: readonly string[];
};

/**
 * Writes a result as a line of the Batch API's output and error files (BatchRequestOutput in OpenAI's OpenAPI document):
 * `id`, `custom_id`, `response` with `status_code`, `request_id` and `body`, and `error`. As the API does, an answer with
 * an HTTP error is a `response` beside a null `error` (github.com/openai/openai-openapi, issue 302); `error` is for what
 * had no answer that counts.
 */
export function createBatchLine({ runId, secrets }: BatchOptions): (result: FetchResult) => string {
  const commonMask = createMask(secrets);
  return ({ job, value, failure }) => {
    const { secrets: own } = job.payload;
    const mask = own.length > 0 ? createMask([...secrets, ...own]) : commonMask;
    const line = `{"id":"batch_req_${runId}_${job.index}","custom_id":${string(job.id, mask)}`;
    if (value && value.status !== null && isAnswer(failure)) {
      return escapeUnsafe(`${line},"response":${responseOf(value)},"error":null}`);
    }
    const { code = 'error', message = '' } = failure ?? {};
    const error = `{"code":"${batchCodes[code] ?? code}","message":${string(message, mask)}}`;
    return escapeUnsafe(`${line},"response":null,"error":${error}}`);
  };
}

/** The API's own words for what its error lines can tell; for the rest there are ours. */
const batchCodes: Partial<Record<FailureCode, string>> = {
  deadline: 'batch_expired',
  cancelled: 'batch_cancelled',
  timeout: 'request_timeout',
};

function isAnswer(failure: Failure | null): boolean {
  return failure === null || failure.code === 'http' || failure.code === 'rate_limited';
}

function responseOf({ status, headers, body }: HttpAnswer): string {
  return `{"status_code":${status},"request_id":${JSON.stringify(requestIdOf(headers))},"body":${bodyOf(body)}}`;
}

/** Readers expect a string. */
function requestIdOf(headers: HttpHeaders | null): string {
  const id = headers?.['x-request-id'] ?? headers?.['request-id'] ?? headers?.['apim-request-id'] ?? '';
  return String(id);
}

/** Bodies that are no JSON stand there as a string, as bytes in base64. */
function bodyOf(body: Body | null): string {
  switch (body?.kind) {
    case 'json':
      return body.raw;
    case 'text':
      return JSON.stringify(body.text);
    case 'base64':
      return JSON.stringify(body.data);
    case 'file':
    case undefined:
      return 'null';
  }
}

type Line = Readonly<Record<string, unknown>>;

/** Whether a line of a file is one of these, not a row. */
export function isBatchLine(line: Line): boolean {
  return Object.hasOwn(line, 'custom_id') && Object.hasOwn(line, 'response') && !Object.hasOwn(line, 'ok');
}

/** What a line of an earlier run says of its job, as a row would. Throws a Failure `output` for a row. */
export function rowOfBatchLine(line: Line, isOk: (status: number) => boolean): Line {
  if (Object.hasOwn(line, 'ok') && Object.hasOwn(line, 'attempts')) {
    throw new Failure('output', 'it holds rows, not Batch lines: leave out --output-format, or write to another file');
  }
  const { status_code: status } = (line.response ?? {}) as { status_code?: unknown };
  return { id: line.custom_id, ok: line.error === null && typeof status === 'number' && isOk(status) };
}
