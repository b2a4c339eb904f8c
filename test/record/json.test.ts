import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeUnsafe, parseExactJson, rawText, withoutLoneSurrogates } from '../../src/record/json.ts';

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

describe('half a surrogate pair', () => {
  test.each([
    ['"\\ud800"', '"\\ufffd"'],
    ['"\\uDC00x\\uD83D"', '"\\ufffdx\\ufffd"'],
    ['"\\ud83d\\ude00"', '"\\ud83d\\ude00"'],
    ['"\\uD83D\\uDE00\\ude00"', '"\\uD83D\\uDE00\\ufffd"'],
    ['"\\ud83d\\ud83d\\ude00"', '"\\ufffd\\ud83d\\ude00"'],
    ['"\\ud83d\\n\\ude00"', '"\\ufffd\\n\\ufffd"'],
    ['"\\\\ud800"', '"\\\\ud800"'],
    ['"\\\\\\ud800"', '"\\\\\\ufffd"'],
    ['{"\\udfff":["\\ud7ff\\ue000"]}', '{"\\ufffd":["\\ud7ff\\ue000"]}'],
  ])('%s is %s', (json, expected) => {
    expect(withoutLoneSurrogates(json)).toBe(expected);
    expect(escapeUnsafe(json)).toBe(expected);
  });

  test('is replaced as JavaScript replaces it, whatever stands beside it', () => {
    const units = fc.string({ unit: fc.constantFrom('\ud83d', '\ude00', '\\', 'u', 'd', '8', '"', '\n', '\u2028') });
    fc.assert(
      fc.property(units, (text) => {
        expect(JSON.parse(escapeUnsafe(JSON.stringify(text)))).toBe(text.toWellFormed());
        expect(escapeUnsafe(JSON.stringify(text)).isWellFormed()).toBe(true);
      }),
    );
  });
});
