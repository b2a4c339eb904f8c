import { expect, test } from 'vitest';
import { durationMs, resetMs } from '../../src/llm/limits.ts';

test.each([
  ['12ms', 12],
  ['7.44ms', 7.44],
  ['172.799999ms', 172.799999],
  ['1s', 1000],
  ['0s', 0],
  ['6m0s', 360_000],
  ['1h2m3s', 3_723_000],
  ['1m0.5s', 60_500],
  ['500us', 0.5],
  ['500µs', 0.5],
  ['59', 59_000],
  ['1.5', 1500],
])('`durationMs` reads %s', (text, ms) => {
  expect(durationMs(text)).toBeCloseTo(ms, 6);
});

test.each(['', '-1', '-1s', 'soon', '1 s', '1s later', '1d', 's', '1741305600', '1741305600000'])(
  '`durationMs` takes `%s` for no wait',
  (text) => {
    expect(durationMs(text)).toBeNull();
  },
);

test('`resetMs` waits for the budget that is used up, not for those with something left', () => {
  const headers = {
    'x-ratelimit-remaining-requests': '99',
    'x-ratelimit-reset-requests': '8.64s',
    'x-ratelimit-remaining-tokens': '0',
    'x-ratelimit-reset-tokens': '1m12s',
  };
  expect(resetMs(headers)).toBe(72_000);
  expect(resetMs({ ...headers, 'x-ratelimit-remaining-tokens': '12' })).toBeNull();
  expect(resetMs({ ...headers, 'x-ratelimit-remaining-requests': '0' })).toBe(72_000);
});

test('`resetMs` believes a reset that says nothing of what remains', () => {
  expect(resetMs({ 'x-ratelimit-reset-project-tokens': '20ms' })).toBe(20);
  expect(resetMs({ 'x-ratelimit-reset-tokens': '0s' })).toBeNull();
  expect(resetMs({ 'x-ratelimit-limit-requests': '10' })).toBeNull();
});
