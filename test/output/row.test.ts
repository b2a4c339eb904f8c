import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRow, type FetchResult, type Include, includes } from '../../src/output/row.ts';
import { Failure, failureCodes } from '../../src/record/failure.ts';
import type { FetchTask, HttpAnswer } from '../../src/record/request.ts';
import { parseRow, type Row } from '../support/row.ts';

const answer: HttpAnswer = {
  status: 200,
  finalUrl: 'http://h/a',
  headers: { 'content-type': 'text/plain' },
  body: { kind: 'text', text: 'well' },
  bytes: 4,
  connectMs: 1.23,
  ttfbMs: 4.56,
};
const task: FetchTask = {
  url: 'http://h/a',
  method: 'GET',
  request: null,
  lane: null,
  fileName: null,
  input: null,
  secrets: [],
};

function resultOf(
  changes: Partial<FetchResult> = {},
  ofTask: Partial<FetchTask> = {},
  id: string | null = null,
): FetchResult {
  return {
    job: { index: 0, id, payload: { ...task, ...ofTask } },
    value: answer,
    failure: null,
    attempts: 1,
    hops: 0,
    durationMs: 12.345,
    timings: { queuedMs: 0.04, limitedMs: 0.06, totalMs: 99.96 },
    log: null,
    ...changes,
  };
}

type Options = { include?: Include[]; hasBody?: boolean; secrets?: string[]; now?: () => number };

function lineOf(
  result: FetchResult,
  { include = [], hasBody = true, secrets = [], now = () => 0 }: Options = {},
): string {
  return createRow({ include: new Set(include), hasBody, secrets, now })(result);
}

/** The row, checked against the schema and its order of fields. */
const rowOf = (result: FetchResult, options?: Options): Row => parseRow(lineOf(result, options));

const requestWith = (changes: Partial<NonNullable<FetchTask['request']>>): Partial<FetchTask> => ({
  request: {
    origin: 'http://h',
    host: 'h:80',
    path: '/a',
    url: 'http://h/a',
    method: 'GET',
    headers: [],
    body: null,
    ...changes,
  },
});

describe('a row', () => {
  test('is one line of JSON, to the letter', () => {
    expect(lineOf(resultOf({}, {}, 'x'))).toBe(
      '{"index":0,"id":"x","ok":true,"url":"http://h/a","method":"GET","status":200,"attempts":1,"duration_ms":12.3,' +
        '"final_url":"http://h/a","redirects":0,"body":"well","bytes":4,"timestamp":"1970-01-01T00:00:00.000Z","error":null}',
    );
  });

  test('of a job that was never called has nulls where nothing came', () => {
    const failure = new Failure('input', 'stdin:1: not a URL', { cause: new Error('beneath') });
    const row = rowOf(resultOf({ value: null, failure, attempts: 0, durationMs: null }), {
      include: [...includes],
    });
    expect(row).toMatchObject({ ok: false, status: null, final_url: null, headers: null, body: null, bytes: null });
    expect(row).toMatchObject({ duration_ms: null, attempts: 0, attempt_log: [], input: null });
    expect(row).not.toHaveProperty('request');
    expect(row.error).toEqual({
      code: 'input',
      message: 'stdin:1: not a URL',
      phase: null,
      retryable: false,
      cause: { code: null, message: 'beneath' },
    });
  });

  test('of a job without an id may carry its key', () => {
    const result = resultOf();
    const row = rowOf({ ...result, job: { ...result.job, key: 'k' } });
    expect(row).toMatchObject({ key: 'k' });
    expect(rowOf(result)).not.toHaveProperty('key');
  });

  test('has no body with --body none', () => {
    expect(rowOf(resultOf(), { hasBody: false })).not.toHaveProperty('body');
  });

  test('puts a JSON body in as it came, and bytes as base64', () => {
    const json = { ...answer, body: { kind: 'json', raw: '{"n":1.0,"id":12345678901234567890}' } as const };
    expect(lineOf(resultOf({ value: json }))).toContain('"body":{"n":1.0,"id":12345678901234567890},"bytes"');
    const bytes = { ...answer, body: { kind: 'base64', data: 'AAE=' } as const };
    expect(rowOf(resultOf({ value: bytes }))).toMatchObject({ body_base64: 'AAE=' });
    expect(rowOf(resultOf({ value: { ...answer, body: null } })).body).toBeNull();
  });

  test('rounds times to a tenth of a millisecond', () => {
    expect(rowOf(resultOf(), { include: ['timings'] }).timings).toEqual({
      queued_ms: 0,
      limited_ms: 0.1,
      connect_ms: 1.2,
      ttfb_ms: 4.6,
      total_ms: 100,
    });
  });

  test('is stamped when it is written', () => {
    const times = [0, 0, Date.UTC(2026, 1, 3, 4, 5, 6, 7)];
    const render = createRow({ include: new Set(), hasBody: true, secrets: [], now: () => times.shift() ?? 0 });
    const stamps = [1, 2, 3].map(() => parseRow(render(resultOf())).timestamp);
    expect(stamps).toEqual(['1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z', '2026-02-03T04:05:06.007Z']);
  });

  test('tells what lies beneath a failure: a system’s error, or the failure before', () => {
    const system = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const refused = new Failure('connect', 'refused', { phase: 'connect', retryable: true, cause: system });
    expect(rowOf(resultOf({ failure: refused })).error).toEqual({
      code: 'connect',
      message: 'refused',
      phase: 'connect',
      retryable: true,
      cause: { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
    });
    const stopped = new Failure('cancelled', 'stopped', { cause: refused });
    expect(rowOf(resultOf({ failure: stopped })).error?.cause).toEqual({ code: 'connect', message: 'refused' });
    const odd = new Failure('cancelled', 'stopped', { cause: 'a string' });
    expect(rowOf(resultOf({ failure: odd })).error?.cause).toBeNull();
  });
});

describe('header lists', () => {
  const headersOf = (headers: HttpAnswer['headers']) =>
    rowOf(resultOf({ value: { ...answer, headers } }), { include: ['headers'] }).headers;

  test('set-cookie is always a list, any other header is one string', () => {
    expect(headersOf({ 'set-cookie': ['a=1', 'b=2'], link: ['<a>', '<b>'], etag: '"x"' })).toEqual({
      'set-cookie': ['a=1', 'b=2'],
      link: '<a>, <b>',
      etag: '"x"',
    });
    expect(headersOf({ 'set-cookie': 'a=1' })).toEqual({ 'set-cookie': ['a=1'] });
  });

  test('a request’s header that is sent several times is shown with all its values', () => {
    const sent = requestWith({ headers: ['x-a', '1', 'x-a', '2'] });
    const line = lineOf(resultOf({}, sent), { include: ['request'] });
    expect(parseRow(line).request?.headers).toEqual({ 'x-a': '1, 2' });
  });
});

describe('characters', () => {
  test('that drive terminals or split lines are escapes, wherever they stand', () => {
    const hostile = 'a\u0000\u001b[31m\u007f\u0085\u009b\u2028\u2029\r\nb';
    const line = lineOf(
      resultOf(
        {
          value: {
            ...answer,
            finalUrl: hostile,
            headers: { [hostile]: hostile },
            body: { kind: 'json', raw: `"\u009b"` },
          },
          failure: new Failure('http', hostile, { cause: new Error(hostile) }),
        },
        { url: hostile, input: JSON.stringify(hostile) },
        hostile,
      ),
      { include: ['headers', 'input'] },
    );
    expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
    const row = parseRow(line);
    expect([row.id, row.url, row.final_url, row.error?.message, row.input]).toEqual(Array(5).fill(hostile));
    expect(row.body).toBe('\u009b');
  });

  test('half a surrogate pair is U+FFFD', () => {
    expect(rowOf(resultOf({ value: { ...answer, body: { kind: 'text', text: 'a\ud83d' } } })).body).toBe('a\ufffd');
  });
});

describe('secrets', () => {
  const secret = 's3cret/"ü';
  const everywhere = (): FetchResult =>
    resultOf(
      {
        value: {
          ...answer,
          finalUrl: `http://h/?key=${encodeURIComponent(secret)}`,
          headers: { 'x-echo': `you said ${secret}`, 'set-cookie': [secret] },
          body: { kind: 'text', text: secret },
        },
        failure: new Failure('http', `no ${secret}`, { cause: new Error(secret) }),
        log: [{ attempt: 1, lane: secret, durationMs: 1, failure: new Failure('reset', secret) }],
      },
      {
        url: `http://h/${secret}`,
        input: JSON.stringify({ note: secret }),
        ...requestWith({
          url: `http://h/?${encodeURIComponent(secret)}`,
          headers: ['x-note', secret],
          body: JSON.stringify({ secret }),
        }),
      },
      secret,
    );

  test.each([
    ['of the run', [secret], []],
    ['of the line', [], [secret]],
  ])('%s are masked in every field but the body, which is the server’s own', (_whose, ofRun, ofLine) => {
    const result = everywhere();
    const job = { ...result.job, payload: { ...result.job.payload, secrets: ofLine } };
    const { body, ...rest } = rowOf({ ...result, job }, { include: [...includes], secrets: ofRun });
    expect(body).toBe(secret);
    const shown = JSON.stringify(rest);
    for (const form of ['s3cret', encodeURIComponent(secret)]) expect(shown).not.toContain(form);
    expect(shown.split('***').length).toBeGreaterThan(10);
  });

  test('the headers of a request that name one are masked by their name too', () => {
    const sent = requestWith({ headers: ['authorization', 'Bearer x', 'x-api-key', 'y', 'accept', '*/*'] });
    expect(rowOf(resultOf({}, sent), { include: ['request'] }).request?.headers).toEqual({
      authorization: '***',
      'x-api-key': '***',
      accept: '*/*',
    });
  });

  test.each([
    ['a number', '12345', '{"n":12345,"s":"x12345"}'],
    ['a word of JSON', 'true', '{"t":true,"f":"true"}'],
    ['a piece of JSON', ',"b":', '{"a":1,"b":2}'],
    ['a piece of an escape', 'u00e9', '{"a":"caf\\u00e9"}'],
  ])('that look like %s leave the included input JSON', (_what, value, input) => {
    const row = rowOf(resultOf({}, { input, secrets: [value] }), { include: ['input'] });
    expect(Object.keys(row.input as object)).toEqual(Object.keys(JSON.parse(input)));
  });

  test('are masked in the included input however JSON writes them there', () => {
    const input = '{"headers":{"authorization":"Bearer ab\\/cd\\u0065f"}}';
    const row = rowOf(resultOf({}, { input, secrets: ['ab/cdef'] }), { include: ['input'] });
    expect(row.input).toEqual({ headers: { authorization: 'Bearer ***' } });
  });
});

describe('any result', () => {
  const text = fc.string({ unit: 'binary' });
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
  const ms = fc.double({ min: 0, max: 1e9, noNaN: true });
  const failure = fc
    .tuple(
      fc.constantFrom(...failureCodes),
      text,
      fc.constantFrom(null, 'connect', 'headers', 'body', 'idle', 'total' as const),
      fc.boolean(),
      fc.oneof(
        text,
        fc.constant(undefined),
        text.map((message) => new Error(message)),
      ),
    )
    .map(([code, message, phase, retryable, cause]) => new Failure(code, message, { phase, retryable, cause }));
  const name = fc.stringMatching(/^[a-z-]{1,8}$/);
  const value = fc.record({
    status: maybe(fc.integer({ min: 100, max: 999 })),
    finalUrl: maybe(text),
    headers: maybe(fc.dictionary(name, fc.oneof(text, fc.array(text)))),
    body: maybe(
      fc.oneof(
        fc.record({ kind: fc.constant('json' as const), raw: fc.json({ stringUnit: 'binary' }) }),
        fc.record({ kind: fc.constant('text' as const), text }),
        fc.record({ kind: fc.constant('base64' as const), data: fc.base64String() }),
      ),
    ),
    bytes: maybe(fc.nat()),
    connectMs: maybe(ms),
    ttfbMs: maybe(ms),
  });
  const result: fc.Arbitrary<FetchResult> = fc.record({
    job: fc.record({
      index: fc.nat(),
      id: maybe(text),
      payload: fc.record({
        url: maybe(text),
        method: text,
        request: maybe(
          fc.record({
            origin: text,
            host: text,
            path: text,
            url: text,
            method: text,
            headers: fc.dictionary(name, text).map((fields) => Object.entries(fields).flat()),
            body: maybe(fc.oneof(text, fc.uint8Array())),
          }),
        ),
        lane: fc.constant(null),
        fileName: fc.constant(null),
        input: maybe(fc.json()),
        secrets: fc.constant([]),
      }),
    }),
    value: maybe(value),
    failure: maybe(failure),
    attempts: fc.nat(),
    hops: fc.nat(),
    durationMs: maybe(ms),
    timings: fc.record({ queuedMs: ms, limitedMs: ms, totalMs: ms }),
    log: maybe(
      fc.array(fc.record({ attempt: fc.integer({ min: 1 }), lane: text, durationMs: ms, failure: maybe(failure) })),
    ),
  });

  test('is a row by the schema, in its order, on one line', () => {
    const chosen = fc.subarray([...includes]);
    fc.assert(
      fc.property(result, chosen, fc.boolean(), (one, include, hasBody) => {
        const line = lineOf(one, { include, hasBody });
        expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        const row = parseRow(line);
        expect(row.ok).toBe(one.failure === null);
        expect(row.url).toBe(one.job.payload.url);
        expect(row.id).toBe(one.job.id);
      }),
    );
  });

  test('stays a row whatever is masked in it', () => {
    const secret = fc.oneof(text, fc.constantFrom('true', 'null', '":"', '100', '\\', 'index'));
    fc.assert(
      fc.property(result, fc.array(secret, { maxLength: 3 }), (one, secrets) => {
        parseRow(lineOf(one, { include: ['headers', 'timings', 'attempts', 'request'], secrets }));
      }),
    );
  });
});
