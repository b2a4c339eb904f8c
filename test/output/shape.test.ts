import { describe, expect, test } from 'vitest';
import { compileQuery } from '../../src/output/query.ts';
import { createShape, merged, type Shaped } from '../../src/output/shape.ts';
import { Failure } from '../../src/record/failure.ts';
import type { Result } from '../../src/record/job.ts';

type Task = { input: string | null; secrets: readonly string[] };
type Options = {
  isRaw?: boolean;
  isTerminal?: boolean;
  mergeField?: string | null;
  secrets?: string[];
  input?: string;
  failure?: Failure;
};

/** A result whose row is `{"ok":…,"body":BODY}`, shaped. */
async function shape(body: string, query: string | null, options: Options = {}): Promise<Shaped<Task, null>> {
  const {
    isRaw = false,
    isTerminal = false,
    mergeField = null,
    secrets = [],
    input = '"http://h/"',
    failure = null,
  } = options;
  const shaper = createShape<Task, null>({
    render: (result) => `{"ok":${result.failure === null},"body":${body}}`,
    query: query === null ? null : await compileQuery(query),
    isRaw,
    isTerminal,
    mergeField,
    secrets,
  });
  const timings = { queuedMs: 0, limitedMs: 0, totalMs: 0 };
  const job = { index: 3, id: 'ada', payload: { input, secrets: [] } };
  const result: Result<Task, null> = {
    job,
    value: null,
    failure,
    attempts: 1,
    hops: 0,
    durationMs: 1,
    timings,
    log: null,
  };
  return shaper(result);
}

const printed = async (...args: Parameters<typeof shape>) => (await shape(...args)).printed;

describe('a query', () => {
  test('prints its value as JSON on one line, with what a terminal obeys as escapes', async () => {
    expect(await printed('{"id":12345678901234567890,"a":" \u0085"}', 'body')).toBe(
      '{"id":12345678901234567890,"a":" \\u0085"}',
    );
    expect(await printed('"x"', 'body')).toBe('"x"');
    expect(await printed('1', 'nothing')).toBe('null');
  });

  test('raw, strings are bare and a list has a line for each element', async () => {
    const raw = { isRaw: true };
    expect(await printed('"x\\ty"', 'body', raw)).toBe('x\ty');
    expect(await printed('["a",{"b":1.10},null,"c"]', 'body', raw)).toBe('a\n{"b":1.10}\n\nc');
    expect(await printed('12345678901234567890', 'body', raw)).toBe('12345678901234567890');
    expect(await printed('null', 'body', raw)).toBe('');
    expect(await printed('[]', 'body', raw)).toBeNull();
  });

  test('raw, on a terminal, a string is shown and never obeyed; anywhere else it is as it came', async () => {
    const hostile = JSON.stringify('a\tb\nc\u001b[31m\u009b1m\u0007\r\u202e\u2028d');
    expect(await printed(hostile, 'body', { isRaw: true, isTerminal: true })).toBe('a\tb\nc[31m1md');
    expect(await printed(hostile, 'body', { isRaw: true })).toBe(JSON.parse(hostile));
    expect(await printed('""', 'body', { isRaw: true, isTerminal: true })).toBe('');
  });

  test('a failed row is not asked but told, credentials masked', async () => {
    const failure = new Failure('http', 'h answered 404 to sesame');
    const { printed, told, row } = await shape('1', 'body', { failure, secrets: ['sesame'] });
    expect(printed).toBeNull();
    expect(told).toBe('#3 ada http: h answered 404 to ***');
    expect(row).toBe('{"ok":false,"body":1}');
  });

  test('a row that it does not fit has failed, in the file too', async () => {
    const { result, printed, told, row } = await shape('1', 'length(body)');
    expect(result.failure).toMatchObject({ code: 'query', retryable: false });
    expect(printed).toBeNull();
    expect(told).toMatch(/^#3 ada query: /);
    expect(row).toBe('{"ok":false,"body":1}');
  });
});

describe('merge', () => {
  test.each([
    ['{"a":1}', '{"a":1,"row":{}}'],
    ['{}', '{"row":{}}'],
    ['{"n":1.10,"1":2,"0":3,"n":4}', '{"n":1.10,"1":2,"0":3,"n":4,"row":{}}'],
    ['{"row":1,"n":12345678901234567890}', '{"n":12345678901234567890,"row":{}}'],
    ['{"\\u0072ow":1,"a":"\\\\"}', '{"a":"\\\\","row":{}}'],
    ['{"a":{"row":1}}', '{"a":{"row":1},"row":{}}'],
    ['"http://h/"', '{"line":"http://h/","row":{}}'],
  ])('%s', (input, expected) => {
    expect(merged(input, 'row', '{}')).toBe(expected);
  });

  test('a field may have any name', () => {
    expect(merged('{"__proto__":1}', '__proto__', '{}')).toBe('{"__proto__":{}}');
    expect(merged('{"a":1}', 'x"y', '{}')).toBe('{"a":1,"x\\"y":{}}');
  });

  test('a failed row is merged too, and a query sees the whole', async () => {
    const input = '{"n":7,"key":"sesame"}';
    const failure = new Failure('http', 'no');
    const options = { input, mergeField: 'row', secrets: ['sesame'] };
    expect(await printed('1', null, { ...options, failure })).toBe('{"n":7,"key":"***","row":{"ok":false,"body":1}}');
    expect(await printed('1', '[n, row.body]', options)).toBe('[7,1]');
  });
});
