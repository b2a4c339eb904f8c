import { describe, expect, test } from 'vitest';
import { createTokenEstimate } from '../../src/cli/token-estimate.ts';
import { parseTokens } from '../../src/cli/token-flags.ts';
import type { Job } from '../../src/record/job.ts';
import type { Message, PromptTask } from '../../src/record/prompt.ts';

const job = (...messages: Message[]): Job<PromptTask> => ({
  index: 0,
  id: null,
  payload: { messages, lane: null, input: null },
});
const says = (content: unknown): Job<PromptTask> => job({ role: 'user', content });
const text = 'x'.repeat(400);

describe('an estimate', () => {
  test('is a quarter of the bytes, a little for each message, and the longest answer', () => {
    const { estimate } = createTokenEstimate({ maxTokens: 1000, most: Number.POSITIVE_INFINITY });
    expect(estimate(says(text))).toBe(1104);
    expect(estimate(says('ü'.repeat(200)))).toBe(1104);
    expect(estimate(job({ role: 'system', content: text }, { role: 'user', content: text }))).toBe(1208);
    expect(estimate(says([{ type: 'text', text }]))).toBeGreaterThan(1104);
  });

  test('counts tools and their calls, and an embedded image not by its bytes', () => {
    const { estimate } = createTokenEstimate({ maxTokens: 1000, most: Number.POSITIVE_INFINITY });
    const url = `data:image/png;base64,${'A'.repeat(4_000_000)}`;
    const pictured = estimate(says([{ type: 'image_url', image_url: { url } }]));
    expect([pictured > 2000, pictured < 2100]).toEqual([true, true]);
    const calls = [{ id: 'c', function: { name: 'f', arguments: text } }];
    expect(estimate(job({ role: 'assistant', content: null, tool_calls: calls }))).toBeGreaterThan(1104);
    const { payload } = says('x');
    const list = [{ type: 'function', function: { name: 'f', description: text } }];
    expect(estimate({ index: 0, id: null, payload: { ...payload, tools: { list, choice: null } } })).toBeGreaterThan(
      estimate(says('x')) + 100,
    );
  });

  test('takes a usual answer where nobody says how long it may be', () => {
    const { estimate, learn } = createTokenEstimate({ maxTokens: null, most: Number.POSITIVE_INFINITY });
    expect(estimate(says(text))).toBe(604);
    learn(says(text), { inputTokens: 104, outputTokens: 20 });
    learn(says(text), { inputTokens: 104, outputTokens: 40 });
    expect(estimate(says(text))).toBe(134);
  });

  test('of a first call is no more than what is allowed, as long as its answer is a guess', () => {
    const { estimate, learn } = createTokenEstimate({ maxTokens: null, most: 200 });
    expect(estimate(says(text))).toBe(200);
    expect(estimate(says('x'.repeat(4000)))).toBe(1005);
    learn(says(text), { inputTokens: 104, outputTokens: 600 });
    expect(estimate(says(text))).toBe(704);
    expect(createTokenEstimate({ maxTokens: 1000, most: 200 }).estimate(says(text))).toBe(1104);
  });

  test('is corrected by what providers counted, within reason', () => {
    const { estimate, learn } = createTokenEstimate({ maxTokens: 0, most: Number.POSITIVE_INFINITY });
    learn(says(text), { inputTokens: 208, outputTokens: null });
    expect(estimate(says(text))).toBe(208);
    learn(says(text), { inputTokens: 1_000_000, outputTokens: null });
    expect(estimate(says(text))).toBe(416);
  });
});

test.each([
  ['90000', 90_000],
  ['200k', 200_000],
  ['1.5M', 1_500_000],
  ['0.5k', 500],
])('`%s` is so many tokens', (given, tokens) => {
  expect(parseTokens(given)).toBe(tokens);
});

test.each(['', '0', 'k', '-1', '10kb', '1e5', '200k/m'])('`%s` is no number of tokens', (given) => {
  expect(() => parseTokens(given)).toThrow(/expected a number of tokens like/);
});
