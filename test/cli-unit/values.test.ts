import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCount, parseDuration, parseRate, parseShare, parseSize, UsageError } from '../../src/cli/values.ts';

/** The longest time a Node.js timer waits: a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The value, or null where the text was refused; anything but a UsageError is thrown on. */
function taken<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}

const numberish = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '/', 's', 'm', 'h', 'k', 'i', 'B', '%', '-', ' ', 'e') }),
  fc.stringMatching(/^\d{1,12}(?:\.\d{1,9})?\/?\d{0,9}(?:ms|s|m|h|%|MiB)?$/),
);

describe('parseDuration', () => {
  test.each([
    ['30', 30_000],
    ['0', 0],
    ['1.5', 1500],
    ['.5s', 500],
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    [' 5m ', 300_000],
    ['2147483647ms', longestTimerMs],
  ])('%j is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    '',
    ' ',
    's',
    '-1',
    '+1',
    '1d',
    '5 m',
    '1e3',
    '1,5',
    'NaN',
    'Infinity',
    '1.',
    '5mm',
    '2147483648ms',
    '25h25h',
    '600h',
  ])('%j is refused in one line that quotes it', (text) => {
    expect(() => parseDuration(text)).toThrow(UsageError);
    expect(() => parseDuration(text)).toThrow(`got \`${text}\``);
  });

  test('is a time that a timer can wait, or refused', () => {
    fc.assert(
      fc.property(numberish, (text) => {
        const ms = taken(() => parseDuration(text));
        if (ms !== null) expect(ms >= 0 && ms <= longestTimerMs).toBe(true);
      }),
    );
  });
});

describe('parseRate', () => {
  test.each([
    ['50', 50, 1000],
    ['50/s', 50, 1000],
    ['600/m', 600, 60_000],
    ['5/15s', 5, 15_000],
    ['10/h', 10, 3_600_000],
    ['1/500ms', 1, 500],
    ['3/sec', 3, 1000],
    ['3/min', 3, 60_000],
    ['3/hour', 3, 3_600_000],
    ['0.5/s', 1, 2000],
    ['2.5/s', 1, 400],
    ['1/0.5s', 1, 500],
    [' 50/s ', 50, 1000],
  ])('%j is %d in %d ms', (text, count, windowMs) => {
    expect(parseRate(text)).toEqual({ count, windowMs });
  });

  test.each([
    '',
    '0',
    '0/s',
    '-1/s',
    'fast',
    '50/',
    '/s',
    '50/0s',
    '50/d',
    '50 / s',
    '50/s/s',
    '1e3/s',
    '2000/ms',
    '5/600h',
  ])('%j is refused in one line that quotes it', (text) => {
    expect(() => parseRate(text)).toThrow(UsageError);
    expect(() => parseRate(text)).toThrow(`got \`${text}\``);
  });

  test('is paced by times that a timer can wait, or refused', () => {
    fc.assert(
      fc.property(numberish, (text) => {
        const rate = taken(() => parseRate(text));
        if (rate === null) return;
        expect(Number.isInteger(rate.count) && rate.count > 0).toBe(true);
        expect(rate.windowMs > 0 && rate.windowMs / rate.count <= longestTimerMs).toBe(true);
      }),
    );
    expect(taken(() => parseRate('0.0000001/s'))).toBeNull();
  });
});

describe('parseSize', () => {
  test.each([
    ['0', 0],
    ['1024', 1024],
    ['10MiB', 10 * 1024 ** 2],
    ['500kB', 500_000],
    ['1k', 1000],
    ['1Ki', 1024],
    ['1.5K', 1500],
    ['2G', 2e9],
    ['1 MB', 1e6],
    ['7b', 7],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(['', 'B', '-1', '1T', '1e3', '1 0', 'big', '9'.repeat(20)])('%j is refused', (text) => {
    expect(() => parseSize(text)).toThrow(UsageError);
  });

  test('is a whole number of bytes, or refused', () => {
    fc.assert(
      fc.property(numberish, (text) => {
        const bytes = taken(() => parseSize(text));
        if (bytes !== null) expect(Number.isSafeInteger(bytes) && bytes >= 0).toBe(true);
      }),
    );
  });
});

describe('parseCount', () => {
  test.each([
    ['0', 0],
    ['10', 10],
    [' 7 ', 7],
    ['1000000000', 1e9],
  ])('%j is %d', (text, count) => {
    expect(parseCount(text)).toBe(count);
  });

  test.each(['', ' ', '-1', '1.5', 'ten', 'NaN', 'Infinity', '1000000001', '1,000', '0x10', '1e3', '+1', '1.0'])(
    '%j is refused',
    (text) => {
      expect(() => parseCount(text)).toThrow('expected a whole number of at least 0');
    },
  );

  test('says the range', () => {
    expect(parseCount('1', { min: 1 })).toBe(1);
    expect(() => parseCount('0', { min: 1 })).toThrow('expected a whole number of at least 1, got `0`');
    expect(() => parseCount('1001', { max: 1000 })).toThrow('expected a whole number from 0 to 1000, got `1001`');
  });
});

describe('parseShare', () => {
  test.each([
    ['0', 0],
    ['0.1', 0.1],
    ['1', 1],
    ['10%', 0.1],
    ['100%', 1],
    ['2.5%', 0.025],
    [' 5% ', 0.05],
  ])('%j is %d', (text, share) => {
    expect(parseShare(text)).toBe(share);
  });

  test.each(['', '%', '-1', '1.1', '101%', 'half', 'NaN', '5%%'])('%j is refused', (text) => {
    expect(() => parseShare(text)).toThrow(UsageError);
  });

  test('is from 0 to 1, or refused', () => {
    fc.assert(
      fc.property(numberish, (text) => {
        const share = taken(() => parseShare(text));
        if (share !== null) expect(share >= 0 && share <= 1).toBe(true);
      }),
    );
  });
});
