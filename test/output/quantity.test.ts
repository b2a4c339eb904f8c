import { describe, expect, test } from 'vitest';
import { showBytes, showCount, showDuration, showLatency, showRate, showShare } from '../../src/output/quantity.ts';

describe('numbers as people read them', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1_234_567, '1,234,567'],
  ])('showCount %d', (count, text) => expect(showCount(count)).toBe(text));

  test.each([
    [0, '0.00/s'],
    [0.416, '0.42/s'],
    [9.994, '9.99/s'],
    [9.996, '10.0/s'],
    [48.31, '48.3/s'],
    [99.94, '99.9/s'],
    [99.96, '100/s'],
    [1204.2, '1,204/s'],
  ])('showRate %d', (rate, text) => expect(showRate(rate)).toBe(text));

  test.each([
    [0.04, '0.0 ms'],
    [9.94, '9.9 ms'],
    [9.96, '10 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [9994, '9.99 s'],
    [12_340, '12.3 s'],
  ])('showLatency %d', (ms, text) => expect(showLatency(ms)).toBe(text));

  test.each([
    [0, '0.0s'],
    [9940, '9.9s'],
    [9960, '10s'],
    [59_400, '59s'],
    [59_600, '1m00s'],
    [125_000, '2m05s'],
    [3_599_400, '59m59s'],
    [3_599_600, '1h00m'],
    [3_720_000, '1h02m'],
    [90_000_000, '25h00m'],
  ])('showDuration %d', (ms, text) => expect(showDuration(ms)).toBe(text));

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_951, '1.0 MB'],
    [1.2e9, '1.2 GB'],
    [5e20, '500000.0 PB'],
  ])('showBytes %d', (bytes, text) => expect(showBytes(bytes)).toBe(text));

  test.each([
    [0, 0, '0%'],
    [0, 5, '0%'],
    [5, 5, '100%'],
    [1, 3, '33.3%'],
    [1, 100_000, '<0.1%'],
    [99_999, 100_000, '>99.9%'],
  ])('showShare %d of %d', (part, whole, text) => expect(showShare(part, whole)).toBe(text));
});
