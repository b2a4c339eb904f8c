import { describe, expect, test } from 'vitest';
import type { Codec } from '../../src/llm/codec.ts';
import { codecOf, type Provider } from '../../src/llm/codecs.ts';
import { Failure } from '../../src/record/failure.ts';
import { type Given, settingsOf } from '../llm/support.ts';
import { handClock, start } from './start.ts';

/** Each API that the mock speaks, as the codecs ask it. */
const apis: readonly [name: string, provider: Provider, given: Given, path: string][] = [
  ['OpenAI Chat Completions', 'openai', {}, '/v1'],
  ['OpenAI Responses', 'openai', { api: 'responses' }, '/v1'],
  ['Anthropic', 'anthropic', {}, ''],
  ['Gemini', 'gemini', {}, ''],
  ['Ollama', 'ollama', {}, ''],
];

const messages = [
  { role: 'system', content: 'be brief' },
  { role: 'user', content: 'größe 🦀' },
];

function requestOf(codec: Codec) {
  return codec.requestOf({ messages, lane: null, input: null });
}

/** What the codec makes of the mock's answer. */
async function ask(codec: Codec) {
  const { url, body, headers: flat } = requestOf(codec);
  const headers = flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ''] as [string, string]] : []));
  const response = await fetch(url, { method: 'POST', body: String(body), headers });
  const reader = codec.open({ status: response.status, headers: Object.fromEntries(response.headers) });
  let told = '';
  try {
    for await (const piece of response.body ?? []) told += reader.push(piece);
  } catch (cause) {
    return { ...reader.end(new Failure('reset', 'broken', { cause })), told };
  }
  return { ...reader.end(null), told };
}

describe.each(apis)('%s', (_name, provider, given, path) => {
  async function asking(model: string, more: Given = {}) {
    const { url } = await start();
    return await ask(codecOf(provider, settingsOf({ ...given, model, baseUrl: url + path, ...more })));
  }

  test('streams what it was asked, and counts', async () => {
    const { content, failure, told } = await asking('any');
    expect(failure).toBeNull();
    expect(content).toMatchObject({ text: 'You said: größe 🦀', usage: { inputTokens: 4, outputTokens: 5 } });
    expect(told).toBe(content?.text);
  });

  test('cuts an answer that is too long', async () => {
    const { content, failure } = await asking('any', { maxTokens: 2 });
    expect([failure, content?.text]).toEqual([null, 'You said']);
    expect(content?.finishReason).toMatch(/length|max_output_tokens|max_tokens|MAX_TOKENS/);
  });

  test('answers in JSON', async () => {
    const { content } = await asking('json');
    expect(JSON.parse(content?.text ?? '')).toEqual({ said: 'größe 🦀' });
  });

  test('declines, each API in its own way, and Ollama in words', async () => {
    const { failure, content } = await asking('refuse');
    if (provider === 'ollama') expect(content?.text).toBe('I will not answer that.');
    else expect(failure?.code).toBe('refused');
  });

  test.each([
    ['fail:500', 'http', true],
    ['fail:400', 'http', false],
    ['fail:rate', 'rate_limited', true],
    ['fail:overloaded', 'http', true],
    ['fail:error', 'http', true],
  ])('%s is `%s`', async (model, code, retryable) => {
    const { failure, content } = await asking(model);
    expect([failure?.code, failure?.retryable, content]).toEqual([code, retryable, null]);
  });

  test('fail:quota is `quota` where the API can say so', async () => {
    const { failure } = await asking('fail:quota');
    expect(failure?.code).toBe(provider === 'ollama' ? 'rate_limited' : 'quota');
  });

  test.each([
    ['fail:cut', 'truncated'],
    ['fail:stream', 'http'],
    ['fail:drop', 'reset'],
  ])('%s breaks off in the middle: `%s`, with the text until then', async (model, code) => {
    const { failure, content } = await asking(model);
    expect([failure?.code, content?.text]).toEqual([code, 'You said: gr']);
  });
});

test('a request without what an API needs is a 400 that says what', async () => {
  const { url } = await start();
  const post = async (path: string, body: object) => {
    const response = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) });
    return [response.status, ((await response.json()) as { error: { message: string } }).error.message];
  };
  const turns = [{ role: 'user', content: 'x' }];
  expect(await post('/v1/messages', { model: 'm', messages: turns })).toEqual([
    400,
    '/v1/messages: expected `max_tokens`',
  ]);
  const stream = '/v1beta/models/m:streamGenerateContent';
  expect(await post(stream, { contents: turns })).toEqual([400, expect.stringContaining('expected ?alt=sse')]);
  expect(await post('/v1beta/models/m:count', {})).toEqual([400, expect.stringContaining(':generateContent')]);
  expect((await post('/v1/responses', { model: 'm' }))[0]).toBe(400);
  expect((await post('/api/chat', { model: 'm' }))[0]).toBe(400);
});

test('each API answers in one document to those who want no stream', async () => {
  const { url } = await start();
  const turns = [{ role: 'user', content: 'x', parts: [{ text: 'x' }] }];
  const bodies: [path: string, body: object][] = [
    ['/v1/chat/completions', { model: 'm', messages: turns }],
    ['/v1/responses', { model: 'm', input: 'x' }],
    ['/v1/messages', { model: 'm', max_tokens: 9, messages: turns }],
    ['/v1beta/models/m:generateContent', { contents: turns }],
    ['/api/chat', { model: 'm', messages: turns, stream: false }],
  ];
  for (const [at, [path, body]] of bodies.entries()) {
    const response = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) });
    expect(response.headers.get('content-type')).toBe('application/json');
    const [, provider, given] = apis[at] ?? apis[0] ?? (['', 'openai', {}] as const);
    const reader = codecOf(provider, settingsOf(given)).open({ status: response.status, headers: {} });
    reader.push(Buffer.from(await response.text()));
    expect(reader.end(null)).toMatchObject({ failure: null, content: { text: 'You said: x' } });
  }
});

test('tokens wait as long as the model’s name says, else as the mock was told', async () => {
  const clock = handClock();
  const { url } = await start({ clock, tokenDelayMs: 70 });
  for (const [model, ms] of [
    ['tokens:30ms', 30],
    ['any', 70],
  ] as const) {
    const codec = codecOf('openai', settingsOf({ model, baseUrl: `${url}/v1` }));
    const answer = ask(codec);
    for (let token = 0; token < 5; token += 1) {
      await clock.asleep(1);
      expect(clock.sleepers[0]?.ms).toBe(ms);
      clock.sleepers[0]?.wake();
    }
    expect((await answer).content?.text).toBe('You said: größe 🦀');
  }
});

test('with a rate, answers say what is left of it', async () => {
  const clock = handClock();
  const { url } = await start({ clock, rate: { count: 3, windowMs: 60_000 } });
  const openai = codecOf('openai', settingsOf({ baseUrl: `${url}/v1` }));
  const claude = codecOf('anthropic', settingsOf({ baseUrl: url }));
  expect((await ask(openai)).budgets).toEqual([{ kind: 'requests', limit: 3, remaining: 2, resetMs: 60_000 }]);
  const [budget] = (await ask(claude)).budgets ?? [];
  expect(budget).toMatchObject({ kind: 'requests', limit: 3, remaining: 1 });
  // By the answer's date, which has no fractions of a second.
  expect(Math.abs((budget?.resetMs ?? 0) - 60_000)).toBeLessThanOrEqual(2000);
  await ask(openai);
  expect(await ask(openai)).toMatchObject({ failure: { code: 'rate_limited' }, isRefusal: true, holdMs: 60_000 });
});

test('more tokens a minute than allowed are refused, in the words of each API, until there is room', async () => {
  const clock = handClock();
  const { url } = await start({ clock, tokensPerMinute: 20 });
  const asking = (provider: Provider, given: Given = {}) =>
    ask(codecOf(provider, settingsOf({ ...given, baseUrl: url + (provider === 'openai' ? '/v1' : '') })));
  expect(await asking('openai', { maxTokens: 8 })).toMatchObject({
    failure: null,
    budgets: [{ kind: 'tokens', limit: 20, remaining: 8, resetMs: 60_000 }],
  });
  clock.advance(1000);
  for (const provider of ['anthropic', 'gemini', 'openai'] as const) {
    const { failure, isRefusal, budgets } = await asking(provider, { maxTokens: 5 });
    expect([failure?.code, isRefusal, budgets?.[0]?.remaining]).toEqual(['rate_limited', true, 8]);
    expect(failure?.message).toContain('too many tokens; there is room in 59 s');
  }
  clock.advance(59_000);
  expect((await asking('ollama')).failure).toBeNull();
});

test('`/api/tags` lists the models', async () => {
  const { url } = await start();
  const { models } = (await (await fetch(`${url}/api/tags`)).json()) as { models: { name: string }[] };
  expect(models.map(({ name }) => name)).toContain('fail:cut');
});
