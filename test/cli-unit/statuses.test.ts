import { describe, expect, test } from 'vitest';
import { parseRetryOn, parseStatuses } from '../../src/cli/statuses.ts';
import { UsageError } from '../../src/cli/values.ts';
import { Failure, type FailureCode, failureCodes } from '../../src/record/failure.ts';

describe('parseStatuses', () => {
  test.each([
    ['200', [200], [199, 201]],
    ['2xx', [200, 299], [199, 300]],
    ['2XX', [204], [404]],
    ['200-399', [200, 301, 399], [199, 400]],
    ['2xx,404', [200, 404], [403, 405]],
    [' 2xx , 404 ', [200, 404], [500]],
    ['600-999', [600, 999], [599]],
    ['100-100', [100], [101]],
  ])('%j counts %j and not %j', (text, inside, outside) => {
    const isIn = parseStatuses(text);
    expect(inside.filter(isIn)).toEqual(inside);
    expect(outside.filter(isIn)).toEqual([]);
  });

  test.each(['', 'ok', '99', '1000', '0xx', '20x', '399-200', '2xx-3xx', '2xx,', '-200', '200 404'])(
    '%j is refused in one line that quotes it',
    (text) => {
      expect(() => parseStatuses(text)).toThrow(UsageError);
      expect(() => parseStatuses(text)).toThrow(`got \`${text}\``);
    },
  );
});

describe('parseRetryOn', () => {
  const failing = (code: FailureCode) => new Failure(code, 'x');

  test('takes failure codes and statuses', () => {
    const isWanted = parseRetryOn('timeout, 429,5xx');
    expect(isWanted(failing('timeout'), null)).toBe(true);
    expect(isWanted(failing('rate_limited'), 429)).toBe(true);
    expect(isWanted(failing('http'), 503)).toBe(true);
    expect(isWanted(failing('http'), 404)).toBe(false);
    expect(isWanted(failing('reset'), null)).toBe(false);
  });

  test('a status means an answer of that status, not another failure that came with one', () => {
    const isWanted = parseRetryOn('200,5xx');
    expect(isWanted(failing('truncated'), 200)).toBe(false);
    expect(isWanted(failing('decode'), 500)).toBe(false);
  });

  test('`http` and `rate_limited` mean any such status', () => {
    expect(parseRetryOn('http')(failing('http'), 418)).toBe(true);
    expect(parseRetryOn('http')(failing('rate_limited'), 429)).toBe(false);
    expect(parseRetryOn('rate_limited')(failing('rate_limited'), 429)).toBe(true);
  });

  test('knows every failure code', () => {
    for (const code of failureCodes) expect(parseRetryOn(code)(failing(code), null)).toBe(true);
  });

  test.each([
    ['', ''],
    ['timeouts', 'timeouts'],
    ['reset,,5xx', ''],
    ['429,6x', '6x'],
  ])('%j is refused in one line that quotes the word', (text, word) => {
    expect(() => parseRetryOn(text)).toThrow(UsageError);
    expect(() => parseRetryOn(text)).toThrow(`got \`${word}\``);
  });
});
