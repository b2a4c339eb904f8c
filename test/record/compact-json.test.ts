import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compactJson } from '../../src/record/compact-json.ts';

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

  test('takes what JSON.parse takes, and nothing else', () => {
    const pieces = fc.constantFrom(
      ...'{}[],:"\\/ \n\r\t\0\x1f\x7f019-+.eEtfnub'.split(''),
      'true',
      'null',
      '"a"',
      '\\u00e9',
      '\ud800',
      '\u00a0',
    );
    const cut = fc
      .tuple(fc.jsonValue({ maxDepth: 3 }), fc.nat(), fc.nat(3), pieces)
      .map(([value, place, length, piece]) => {
        const text = JSON.stringify(value);
        const at = place % (text.length + 1);
        return text.slice(0, at) + piece + text.slice(at + length);
      });
    const soup = fc.array(pieces, { maxLength: 8 }).map((some) => some.join(''));
    fc.assert(
      fc.property(fc.oneof(cut, soup), (text) => {
        expect([text, compactJson(text) !== null]).toEqual([text, isJson(text)]);
      }),
      { numRuns: 2000 },
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
