import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasStrictQuotes } from '../../src/input/strict-quotes.ts';

test.each(['', 'a,b', ',', '"a","b"', '"a ""b"" c",d', '""', '"",""', '"a,\n""",x', 'a,"b"'])(
  'keeps the rules: %j',
  (row) => {
    expect(hasStrictQuotes(row, ',')).toBe(true);
  },
);

test.each(['"', '"a', 'a"b', 'a"', '"a"b', '"a" ,b', ' "a",b', '"a""', 'x,y"z"', '"""'])('does not: %j', (row) => {
  expect(hasStrictQuotes(row, ',')).toBe(false);
});

test('agrees with csv-parse about any row', () => {
  const row = fc
    .array(fc.constantFrom('"', '""', ',', 'a', ' ', '\n'), { maxLength: 12 })
    .map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(row, (text) => {
      fc.pre(text.trim() !== '');
      // Line ends count as part of the row only inside of quotes.
      const isStrict = () => {
        try {
          return parse(text, { relax_column_count: true, record_delimiter: '\r' }) !== null;
        } catch {
          return false;
        }
      };
      expect(hasStrictQuotes(text, ',')).toBe(isStrict());
    }),
    { numRuns: 3000 },
  );
});
