import { describe, expect, test } from 'vitest';
import { compileQuery } from '../../src/output/query.ts';
import { Failure } from '../../src/record/failure.ts';

const row =
  '{"id":"a","body":{"id":1234567890123456789,"price":9.50,"s":"x","ok":true,"nums":[10,9,1.10,12345678901234567890],' +
  '"list":[{"n":1234567890123456788,"id":"a"},{"n":10,"id":"b"},{"n":9.50,"id":"c"}],"own":{"__proto__":{"q":1}}}}';

/** The query's value as JSON text. */
async function ask(expression: string, text = row): Promise<string> {
  const query = await compileQuery(expression);
  return JSON.stringify(query(text) ?? null);
}

describe('numbers', () => {
  test.each([
    ['body.id', '1234567890123456789'],
    ['body.{a:id,b:[price]}', '{"a":1234567890123456789,"b":[9.50]}'],
    ['body.list[].n', '[1234567890123456788,10,9.50]'],
    ['to_string(body.id)', '"1234567890123456789"'],
    ['to_number(body.id)', '1234567890123456789'],
    ['not_null(nothing, body.id)', '1234567890123456789'],
    ["body.list[?id=='a'].n | [0]", '1234567890123456788'],
    ['sort(body.nums)', '[1.10,9,10,12345678901234567890]'],
    ['max(body.nums)', '12345678901234567890'],
    ['min(body.nums)', '1.10'],
    ['sort_by(body.list, &n)[].n', '[9.50,10,1234567890123456788]'],
    ['max_by(body.list, &n).n', '1234567890123456788'],
    ['let $id = body.id in $id', '1234567890123456789'],
  ])('%s keeps every digit', async (expression, expected) => {
    expect(await ask(expression)).toBe(expected);
  });

  test.each([
    ['type(body.id)', '"number"'],
    ['body.list[?n > `9`].id', '["a","b","c"]'],
    ['body.list[?n == `9.5`].id', '["c"]'],
    ['body.price + `0.5`', '10'],
    ['-body.price', '-9.5'],
    ['sum(body.list[1:].n)', '19.5'],
    ['contains(body.nums, `1.1`)', 'true'],
    ['ceil(body.price)', '10'],
    ['body.id.rawJSON', 'null'],
    ['body.list[1:].*', '[[10,"b"],[9.50,"c"]]'],
    ['body.*.* | [1]', 'null'],
  ])('%s takes a number that is kept as text for the number that it is', async (expression, expected) => {
    expect(await ask(expression)).toBe(expected);
  });
});

test.each(['__proto__', 'body.constructor', 'toString', 'body.list[0].hasOwnProperty'])(
  '%s is null where no record has it: nothing inherited is seen',
  async (expression) => {
    expect(await ask(expression)).toBe('null');
  },
);

test('a field that the record itself has is seen, whatever its name', async () => {
  expect(await ask('body.own.__proto__')).toBe('{"q":1}');
});

describe('a wrong expression is refused with its place', () => {
  test.each([
    ['', 'it is empty'],
    ['body.', 'ends too early (character 6)'],
    ['body[', 'ends too early (character 6)'],
    ['length(body', 'ends too early (character 12)'],
    ['a b', 'wrong from `b` on (character 3)'],
    ['a..b', 'wrong from `.b` on (character 3)'],
    ['abs(`x`)', 'on (character 5)'],
    ['body |\nb c', 'wrong from `c` on (line 2, character 3)'],
    ['body | nofn(@)', 'no function nofn (character 8)'],
    ['toString(body)', 'no function toString'],
    ['length()', 'length() takes 1 argument'],
    ['&body', 'gives a value'],
  ])('%j', async (expression, message) => {
    const refusal = await compileQuery(expression).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Failure);
    expect((refusal as Failure).code).toBe('query');
    expect((refusal as Failure).message).toContain(message);
  });
});

test('a query that does not fit a row throws a Failure `query`, and the next row is none the worse', async () => {
  const query = await compileQuery('length(body)');
  expect(() => query('{"body":1.50}')).toThrow(Failure);
  expect(() => query('{"body":true}')).toThrow('does not fit the row');
  expect(query('{"body":"four"}')).toBe(4);
});
