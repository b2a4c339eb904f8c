import { describe, expect, test } from 'vitest';
import { fieldOf, idOf, isResultRow, parseRecord, textOf } from '../../src/input/records.ts';
import { refusedBy } from '../support/refused.ts';

const refusal = (text: string) => refusedBy(() => parseRecord(text));

describe('parseRecord', () => {
  test.each(['[]', '"text"', '1', '1.0', '-0', 'null', 'true', '[{"url":"http://h"}]'])(
    '%s is JSON but no record',
    (text) => {
      expect(refusal(text)).toMatchObject({ code: 'input', message: 'the line is JSON, but not an object' });
    },
  );

  test.each(['', '{', '{"url":"http://h"', "{'url':1}", '{"a":1}{"b":2}', '{"a":undefined}', 'http://h/'])(
    '%j is no JSON',
    (text) => {
      expect(refusal(text)).toMatchObject({ code: 'input', message: expect.stringMatching(/^not valid JSON: /) });
    },
  );

  test('a record nested beyond all reason is refused, not fatal', () => {
    const deep = (inner: string) => `{"a":${'['.repeat(100_000)}${inner}${']'.repeat(100_000)}}`;
    expect(refusal(deep('1.0')).message).toMatch(/nested too deep/);
  });

  test('the message of broken JSON shows nothing of the line: it may hold credentials', () => {
    const { message, cause } = refusal('{"x-api-key":"s3cret","n":NaN}');
    expect(message).not.toMatch(/s3|cret/);
    expect(cause instanceof Error ? cause.message : '').not.toMatch(/s3|cret/);
  });
});

describe('fields', () => {
  test('are the record’s own: nothing is inherited', () => {
    const record = parseRecord('{"a":1}');
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      expect(fieldOf(record, name)).toBeUndefined();
    }
    expect(fieldOf(parseRecord('{"__proto__":{"url":"http://h"}}'), 'url')).toBeUndefined();
    expect(fieldOf(parseRecord('{"__proto__":7}'), '__proto__')).toBe(7);
  });

  test('that are null are not given', () => {
    expect(fieldOf(parseRecord('{"a":null}'), 'a')).toBeUndefined();
    expect(textOf(parseRecord('{"a":null}'), 'a')).toBeNull();
  });

  test('given twice count the last time', () => {
    expect(textOf(parseRecord('{"url":"a","url":"b"}'), 'url')).toBe('b');
  });

  test.each(['1', '1.0', 'true', '{}', '["http://h"]'])('that must be text are not %s', (value) => {
    expect(() => textOf(parseRecord(`{"url":${value}}`), 'url')).toThrow('`url` must be a string');
  });
});

describe('idOf', () => {
  test.each([
    ['{"id":"a"}', 'a'],
    ['{"id":""}', ''],
    ['{"custom_id":"b"}', 'b'],
    ['{"id":"a","custom_id":"b"}', 'a'],
    ['{"id":null,"custom_id":"b"}', 'b'],
    ['{"id":7}', '7'],
    ['{"id":0}', '0'],
    ['{"id":1234567890123456789}', '1234567890123456789'],
    ['{"id":1.0}', '1.0'],
    ['{"id":false}', 'false'],
    ['{"id":{"a":[1.0]}}', '{"a":[1.0]}'],
    ['{"id":null}', null],
    ['{}', null],
  ])('of %s is %j', (text, id) => {
    expect(idOf(parseRecord(text))).toBe(id);
  });
});

test('a row that sluice wrote has `index`, `ok` and `attempts`', () => {
  expect(isResultRow(parseRecord('{"index":0,"ok":false,"attempts":0}'))).toBe(true);
  expect(isResultRow(parseRecord('{"index":0,"ok":false}'))).toBe(false);
  expect(isResultRow(parseRecord('{"__proto__":{"index":0,"ok":false,"attempts":0}}'))).toBe(false);
});
