import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compactJson, escapeUnsafe, parseExactJson, rawText } from '../../src/record/json.ts';

/** Texts of white space, used in turn wherever JSON allows some. */
const spaces = fc.array(fc.stringMatching(/^[\t\n\r ]{0,3}$/), { minLength: 1, maxLength: 12 });

/** The value as JSON text with white space around every token. */
function spaced(value: unknown, gaps: readonly string[]): string {
  let used = 0;
  const gap = () => gaps[used++ % gaps.length] ?? '';
  function write(one: unknown): string {
    if (Array.isArray(one)) return `[${gap()}${one.map(write).join(`${gap()},${gap()}`)}${gap()}]`;
    if (typeof one !== 'object' || one === null) return JSON.stringify(one);
    const fields = Object.entries(one).map(
      ([name, field]) => `${JSON.stringify(name)}${gap()}:${gap()}${write(field)}`,
    );
    return `{${gap()}${fields.join(`${gap()},${gap()}`)}${gap()}}`;
  }
  return gap() + write(value) + gap();
}

const nested = (levels: number, gap = '') => `${`[${gap}`.repeat(levels)}${`${gap}]`.repeat(levels)}`;

describe('compactJson', () => {
  test('takes out white space between tokens, and only there', () => {
    expect(compactJson(' {\n\t"a b" : [ 1 ,\r\n"c  d" ] } ')).toBe('{"a b":[1,"c  d"]}');
    expect(compactJson('"  "')).toBe('"  "');
    expect(compactJson('{"a":1}')).toBe('{"a":1}');
  });

  test.each([
    ['"\\" x"'],
    ['"\\\\"'],
    ['"\\\\\\" , "'],
    ['["\\\\" , "b c"]', '["\\\\","b c"]'],
    ['["\\"" , "\\\\\\"  "]', '["\\"","\\\\\\"  "]'],
    ['[ "" , "" ]', '["",""]'],
    ['"\\u0022 x"'],
  ])('finds the end of a string whatever its escapes and quotes: %s', (text, compact = text) => {
    expect(compactJson(text)).toBe(compact);
  });

  test('leaves every digit as it is', () => {
    expect(compactJson('[ 1234567890123456789, 1.0, -0, 1E+2, 0.10 ]')).toBe('[1234567890123456789,1.0,-0,1E+2,0.10]');
  });

  test('keeps double keys and `__proto__`', () => {
    expect(compactJson('{"a": 1, "a": 2, "__proto__": {}}')).toBe('{"a":1,"a":2,"__proto__":{}}');
  });

  test('takes 200 levels and not 201, with and without white space', () => {
    expect(compactJson(nested(200))).toBe(nested(200));
    expect(compactJson(nested(200, ' '))).toBe(nested(200));
    expect(compactJson(nested(201))).toBeNull();
    expect(compactJson(nested(201, ' '))).toBeNull();
    expect(compactJson('{"a":'.repeat(201) + 1 + '}'.repeat(201))).toBeNull();
    expect(compactJson(nested(100_000))).toBeNull();
  });

  test('counts depth, not brackets', () => {
    const wide = `[${Array.from({ length: 300 }, () => '[{}]').join()}]`;
    expect(compactJson(wide)).toBe(wide);
    const inString = JSON.stringify('['.repeat(500));
    expect(compactJson(inString)).toBe(inString);
  });

  test.each([
    [''],
    [' '],
    ['{'],
    ['nul'],
    ['01'],
    ['[1,]'],
    ["{'a':1}"],
    ['"\n"'],
    ['\ufeff{}'],
    ['{} {}'],
    ['NaN'],
    ['\u00a0{}'],
  ])('is null for what is no JSON: %j', (text) => {
    expect(compactJson(text)).toBeNull();
  });

  test('of any JSON with any white space is the JSON without it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), spaces, (value, gaps) => {
        const compact = compactJson(spaced(value, gaps));
        expect(compact).toBe(JSON.stringify(value));
        expect(compactJson(compact ?? '')).toBe(compact);
      }),
      { numRuns: 50 },
    );
  });

  test('of strings full of quotes and backslashes is right too', () => {
    const text = fc.string({ unit: fc.constantFrom('\\', '"', ' ', '\n', '[', '{', 'a', '\u2028') });
    fc.assert(
      fc.property(fc.array(text), spaces, (value, gaps) => {
        expect(compactJson(spaced(value, gaps))).toBe(JSON.stringify(value));
      }),
    );
  });
});

describe('parseExactJson', () => {
  test.each([
    '12345678901234567890',
    '1.0',
    '-0',
    '1e2',
    '1E400',
    '0.1',
    '9007199254740993',
    '0.30000000000000004',
    '5e-324',
    '-0.0',
    '17',
  ])('writes %s as it was read', (text) => {
    expect(JSON.stringify(parseExactJson(text))).toBe(text);
  });

  test('writes any number as it was read, wherever it stands', () => {
    const number = fc.stringMatching(/^-?(?:0|[1-9]\d{0,24})(?:\.\d{1,8})?(?:[eE][+-]?\d{1,3})?$/);
    fc.assert(
      fc.property(number, number, (a, b) => {
        const text = `{"a":[${a},{"b":${b}}],"c":${a}}`;
        expect(JSON.stringify(parseExactJson(text))).toBe(text);
      }),
    );
  });

  test('gives plain values where nothing would be lost', () => {
    expect(parseExactJson('{"a":[1,2.5,"1.0",true,null]}')).toEqual({ a: [1, 2.5, '1.0', true, null] });
    expect(rawText(parseExactJson('2.5'))).toBeNull();
  });

  test('keeps `__proto__` a key like any other', () => {
    const text = '{"__proto__":{"n":1.0},"constructor":2}';
    expect(JSON.stringify(parseExactJson(text))).toBe(text);
  });

  test('throws for what is no JSON', () => {
    expect(() => parseExactJson('{"a":1.0')).toThrow(SyntaxError);
    expect(() => parseExactJson('{')).toThrow(SyntaxError);
  });

  test('`rawText` tells the text of a number kept raw, and nothing else', () => {
    expect(rawText(parseExactJson('1.0'))).toBe('1.0');
    expect([1, '1.0', null, undefined, {}, { rawJSON: '1.0' }].map(rawText)).toEqual(Array(6).fill(null));
  });
});

describe('escapeUnsafe', () => {
  test('escapes DEL, C1 controls and line separators, and nothing beside them', () => {
    expect(escapeUnsafe('"\u007f\u0080\u009b\u009f\u2028\u2029"')).toBe('"\\u007f\\u0080\\u009b\\u009f\\u2028\\u2029"');
    expect(escapeUnsafe('"~\u00a0\u2027\u202a😀"')).toBe('"~\u00a0\u2027\u202a😀"');
  });

  test('changes no value', () => {
    const text = fc.string({ unit: fc.constantFrom('\u007f', '\u0085', '\u2028', '\\', '"', 'a', '\n') });
    fc.assert(
      fc.property(fc.dictionary(text, text), (value) => {
        const escaped = escapeUnsafe(JSON.stringify(value));
        expect(JSON.parse(escaped)).toEqual(value);
        expect(escaped).not.toMatch(/[\u007f-\u009f\u2028\u2029]/);
      }),
    );
  });
});
