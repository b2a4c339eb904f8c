import { expect, test } from 'vitest';
import { parseIncludes } from '../../src/cli/row-flags.ts';
import { UsageError } from '../../src/cli/values.ts';
import { includes } from '../../src/output/row.ts';

test('`parseIncludes` takes words in any order, with space around them, and knows them all', () => {
  expect([...parseIncludes('timings, headers')]).toEqual(['timings', 'headers']);
  expect([...parseIncludes(includes.join())]).toEqual([...includes]);
});

test.each(['', 'header', 'headers,', 'Headers', 'headers timings'])('%j is refused', (text) => {
  expect(() => parseIncludes(text)).toThrow(UsageError);
});
