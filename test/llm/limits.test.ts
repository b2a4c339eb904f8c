import { expect, test } from 'vitest';
import { budgetsOf, durationMs, resetMs } from '../../src/llm/limits.ts';

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

test('`budgetsOf` reads what OpenAI, Groq and Azure say', () => {
  const headers = {
    'x-ratelimit-limit-requests': '500',
    'x-ratelimit-remaining-requests': '499',
    'x-ratelimit-reset-requests': '120ms',
    'x-ratelimit-limit-project-tokens': '30000',
    'x-ratelimit-reset-tokens': '12',
    'x-ratelimit-remaining-tokens': '-1',
    'x-ratelimit-limit-images': '5',
  };
  expect(budgetsOf(headers)).toEqual([
    { kind: 'requests', limit: 500, remaining: 499, resetMs: 120 },
    { kind: 'tokens', limit: 30_000, remaining: null, resetMs: null },
    { kind: 'tokens', limit: null, remaining: null, resetMs: 12_000 },
  ]);
});

test('`budgetsOf` reads what Mistral and Fireworks say', () => {
  const headers = {
    'x-ratelimit-limit-req-10-second': '5',
    'x-ratelimit-remaining-tokens-minute': '499000',
    'x-ratelimit-tokens-query-cost': '12',
    'x-ratelimit-limit-tokens-prompt': '6000.0',
    'x-ratelimit-remaining-tokens-generated': '10',
  };
  expect(budgetsOf(headers).map(({ kind, limit, remaining }) => [kind, limit, remaining])).toEqual([
    ['requests', 5, null],
    ['tokens', null, 499_000],
    ['input_tokens', 6000, null],
    ['output_tokens', null, 10],
  ]);
});

test('`budgetsOf` reads what Anthropic says, by the server’s own clock, and never a wait that is over', () => {
  const headers = {
    date: 'Thu, 21 Aug 2025 12:41:00 GMT',
    'anthropic-ratelimit-requests-limit': '50',
    'anthropic-ratelimit-requests-remaining': '49',
    'anthropic-ratelimit-requests-reset': '2025-08-21T12:40:59Z',
    'anthropic-ratelimit-input-tokens-limit': '40000',
    'anthropic-ratelimit-input-tokens-remaining': '0',
    'anthropic-ratelimit-input-tokens-reset': '2025-08-21T14:41:30+02:00',
    'anthropic-ratelimit-output-tokens-remaining': '8000',
  };
  expect(budgetsOf(headers)).toEqual([
    { kind: 'requests', limit: 50, remaining: 49, resetMs: 0 },
    { kind: 'input_tokens', limit: 40_000, remaining: 0, resetMs: 30_000 },
    { kind: 'output_tokens', limit: null, remaining: 8000, resetMs: null },
  ]);
  expect(resetMs(headers)).toBe(30_000);
  expect(budgetsOf({ ...headers, date: undefined })[1]?.resetMs).toBeNull();
});

test('`budgetsOf` is not led astray', () => {
  const headers = { 'x-ratelimit-limit-requests': 'many', 'x-ratelimit-reset-requests': ['1s', '2s'], date: 'never' };
  expect(budgetsOf(headers)).toEqual([{ kind: 'requests', limit: null, remaining: null, resetMs: null }]);
  expect(budgetsOf({ 'x-ratelimit-limit': '5', 'retry-after': '1' })).toEqual([]);
});
