import { expect, test } from 'vitest';
import { createBatchLine, isBatchLine, rowOfBatchLine } from '../../src/output/batch.ts';
import type { FetchResult } from '../../src/output/row.ts';
import { Failure } from '../../src/record/failure.ts';
import type { HttpAnswer } from '../../src/record/request.ts';

const answer: HttpAnswer = {
  status: 200,
  finalUrl: 'http://h/v1/chat/completions',
  headers: { 'x-request-id': 'req_1' },
  body: { kind: 'json', raw: '{"id":"c","created":1711475054,"n":12345678901234567890}' },
  bytes: 5,
  connectMs: 1,
  ttfbMs: 2,
};

function lineOf(value: Partial<HttpAnswer> | null, failure: Failure | null = null, secrets: string[] = []): string {
  const task = { url: 'http://h/', method: 'POST', request: null, lane: null, fileName: null, input: null, secrets };
  const result: FetchResult = {
    job: { index: 7, id: 'request-1', payload: task },
    value: value && { ...answer, ...value },
    failure,
    attempts: 1,
    hops: 0,
    durationMs: 1,
    timings: { queuedMs: 0, limitedMs: 0, totalMs: 0 },
    log: null,
  };
  return createBatchLine({ runId: 'r', secrets: [] })(result);
}

const isOk = (status: number) => status < 400;
const head = '{"id":"batch_req_r_7","custom_id":"request-1"';

test('an answer is a line of the API’s output file, to the letter', () => {
  expect(lineOf({})).toBe(
    `${head},"response":{"status_code":200,"request_id":"req_1","body":{"id":"c","created":1711475054,"n":12345678901234567890}},"error":null}`,
  );
});

test('an HTTP error is a response with its body, beside a null error', () => {
  const body = { kind: 'json', raw: '{"error":{"code":"bad"}}' } as const;
  const line = lineOf({ status: 400, headers: {}, body }, new Failure('http', 'h answered 400'));
  expect(line).toBe(
    `${head},"response":{"status_code":400,"request_id":"","body":{"error":{"code":"bad"}}},"error":null}`,
  );
  const refused = lineOf({ status: 429, body: null }, new Failure('rate_limited', 'no'));
  expect(JSON.parse(refused)).toMatchObject({ response: { status_code: 429, body: null }, error: null });
});

test.each([
  ['deadline', 'batch_expired'],
  ['cancelled', 'batch_cancelled'],
  ['timeout', 'request_timeout'],
  ['dns', 'dns'],
  ['truncated', 'truncated'],
] as const)('a failure %s without an answer that counts is an error %s', (code, expected) => {
  for (const value of [null, { status: 200, body: null }]) {
    const line = lineOf(value, new Failure(code, 'no sesame'), ['sesame']);
    expect(line).toBe(`${head},"response":null,"error":{"code":"${expected}","message":"no ***"}}`);
  }
});

test('a body that is no JSON is a string', () => {
  expect(JSON.parse(lineOf({ body: { kind: 'text', text: 'x\u0085' } })).response.body).toBe('x\u0085');
  expect(JSON.parse(lineOf({ body: { kind: 'base64', data: 'AAE=' } })).response.body).toBe('AAE=');
  expect(lineOf({ body: { kind: 'text', text: 'x\u0085' } })).toContain('\\u0085');
});

test('a line tells of its job what a row would', () => {
  const told = (line: string) => rowOfBatchLine(JSON.parse(line), isOk);
  expect(told(lineOf({}))).toEqual({ id: 'request-1', ok: true });
  expect(told(lineOf({ status: 500 }, new Failure('http', 'no')))).toEqual({ id: 'request-1', ok: false });
  expect(told(lineOf(null, new Failure('dns', 'no')))).toEqual({ id: 'request-1', ok: false });
  expect(isBatchLine(JSON.parse(lineOf({})))).toBe(true);
  expect(isBatchLine({ id: 'a', ok: true, attempts: 1 })).toBe(false);
  expect(() => rowOfBatchLine({ id: 'a', ok: true, attempts: 1 }, isOk)).toThrow('it holds rows');
});
