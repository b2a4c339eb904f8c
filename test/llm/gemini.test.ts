import { describe, expect, test } from 'vitest';
import { asked, read, sse } from './support.ts';

const key = { value: 'AIza0123456789', variable: 'GEMINI_API_KEY' };
const google = 'https://generativelanguage.googleapis.com';

describe('the request', () => {
  test('goes to the model’s stream; the key is a header and never in the URL', () => {
    for (const baseUrl of [google, `${google}/v1beta`, `${google}/v1beta/`]) {
      const { url, sent } = asked('gemini', { baseUrl, key, model: 'gemini-3-flash' });
      expect(url).toBe(`${google}/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse`);
      expect(sent['x-goog-api-key']).toBe(key.value);
    }
    expect(asked('gemini', { model: 'tunedModels/my model' }).path).toBe(
      '/v1beta/tunedModels/my%20model:streamGenerateContent?alt=sse',
    );
  });

  test('has the conversation in Gemini’s words, and nothing that was not asked for', () => {
    expect(asked('gemini').json).toEqual({ contents: [{ role: 'user', parts: [{ text: 'hello' }] }] });
    const messages = [
      { role: 'system', content: 'be brief' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'what?' },
          { type: 'image_url', image_url: 'data:image/png;base64,AA' },
        ],
      },
      { role: 'assistant', content: 'a cat' },
      { role: 'user', parts: [{ text: 'sure?' }] },
    ];
    expect(asked('gemini', {}, messages).json).toEqual({
      systemInstruction: { parts: [{ text: 'be brief' }] },
      contents: [
        { role: 'user', parts: [{ text: 'what?' }, { inlineData: { mimeType: 'image/png', data: 'AA' } }] },
        { role: 'model', parts: [{ text: 'a cat' }] },
        { role: 'user', parts: [{ text: 'sure?' }] },
      ],
    });
  });

  test('has what else is asked for in generationConfig, where a parameter joins it', () => {
    const schema = { type: 'object' };
    const params = { generationConfig: { topK: 3, temperature: 1 }, safetySettings: [] };
    expect(asked('gemini', { maxTokens: 5, temperature: 0, schema, params }).json).toMatchObject({
      generationConfig: {
        maxOutputTokens: 5,
        temperature: 1,
        topK: 3,
        responseMimeType: 'application/json',
        responseJsonSchema: schema,
      },
      safetySettings: [],
    });
  });
});

const part = (text: string, more: object = {}) => ({
  candidates: [{ content: { parts: [{ text }] }, index: 0, ...more }],
});

describe('the answer', () => {
  test('counts thoughts as output, and the last counts are the ones that hold', () => {
    const counted = (usageMetadata: object) => ({ ...part('x'), usageMetadata });
    const { content } = read(
      'gemini',
      sse(
        counted({ promptTokenCount: 6, totalTokenCount: 20, thoughtsTokenCount: 14 }),
        counted({ promptTokenCount: 6, candidatesTokenCount: 1, thoughtsTokenCount: 35 }),
        part('', { finishReason: 'STOP' }),
      ),
    );
    expect(content?.usage).toEqual({ inputTokens: 6, outputTokens: 36 });
  });

  test('goes on after a reason that comes with every event', () => {
    const all = { finishReason: 'STOP' };
    expect(read('gemini', sse(part('a', all), part('b', all))).content?.text).toBe('ab');
  });

  test('without a reason is `truncated`', () => {
    expect(read('gemini', sse(part('a'))).failure?.code).toBe('truncated');
    expect(read('gemini', sse(part('a', { finishReason: 'FINISH_REASON_UNSPECIFIED' }))).failure?.code).toBe(
      'truncated',
    );
  });

  test.each(['SAFETY', 'RECITATION', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII'])(
    'that ends with %s is `refused`',
    (reason) => {
      expect(read('gemini', sse(part('a'), part('b', { finishReason: reason })))).toMatchObject({
        failure: { code: 'refused', retryable: false },
        content: { text: 'ab', finishReason: reason },
      });
    },
  );

  test('to a prompt that is blocked is `refused`', () => {
    const body = sse({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 9 } });
    expect(read('gemini', body)).toMatchObject({
      failure: { code: 'refused' },
      content: { text: null, finishReason: 'PROHIBITED_CONTENT', usage: { inputTokens: 9, outputTokens: null } },
    });
  });

  test.each(['OTHER', 'MAX_TOKENS', 'LANGUAGE'])('that ends with %s is ok', (reason) => {
    expect(read('gemini', sse(part('a', { finishReason: reason }))).failure).toBeNull();
  });
});

describe('an error', () => {
  const exhausted = (...details: object[]) => {
    const error = { code: 429, message: 'quota', status: 'RESOURCE_EXHAUSTED', details };
    return read('gemini', { error }, { status: 429 });
  };
  const violated = (quotaId: string) => ({ '@type': 'google.rpc.QuotaFailure', violations: [{ quotaId }] });
  const retryInfo = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '22.5s' };

  test('429 holds the lane for as long as the server says', () => {
    expect(exhausted(violated('GenerateRequestsPerMinutePerProject'), retryInfo)).toMatchObject({
      failure: { code: 'rate_limited', retryable: true },
      isRefusal: true,
      holdMs: 22_500,
    });
  });

  test('429 for the day is `quota`', () => {
    expect(exhausted(violated('GenerateRequestsPerDayPerProjectPerModel-FreeTier'), retryInfo).failure).toMatchObject({
      code: 'quota',
      retryable: false,
    });
  });

  test('a wrong key, which is a 400, says which key was sent', () => {
    const error = { code: 400, message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT' };
    const { failure } = read('gemini', { error }, { status: 400, given: { key } });
    expect(failure?.message).toMatch(/the key came from GEMINI_API_KEY$/);
    expect(failure?.message).not.toContain(key.value);
  });

  test.each([
    [503, 'UNAVAILABLE', true, true],
    [500, 'INTERNAL', true, false],
    [403, 'PERMISSION_DENIED', false, false],
  ])('%i %s, as a list too', (code, status, retryable, isRefusal) => {
    for (const body of [{ error: { code, message: 'm', status } }, [{ error: { code, message: 'm', status } }]]) {
      const reading = read('gemini', body, { status: code });
      expect([reading.failure?.code, reading.failure?.retryable, reading.isRefusal]).toEqual([
        'http',
        retryable,
        isRefusal,
      ]);
    }
  });
});
