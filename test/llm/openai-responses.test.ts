import { describe, expect, test } from 'vitest';
import { asked, read, sse } from './support.ts';

const given = { api: 'responses' } as const;

describe('the request', () => {
  test('goes to /responses, streams, and leaves nothing at the server', () => {
    const { path, json } = asked('openai', { ...given, baseUrl: 'https://api.openai.com/v1' });
    expect(path).toBe('/v1/responses');
    expect(json).toEqual({
      model: 'some-model',
      input: [{ role: 'user', content: 'hello' }],
      stream: true,
      store: false,
    });
  });

  test('has its own names for lengths, schemas and parts', () => {
    const schema = { type: 'object', properties: { a: {} }, required: ['a'], additionalProperties: false };
    const params = { text: { verbosity: 'low' } };
    expect(asked('openai', { ...given, maxTokens: 5, temperature: 0, schema, params }).json).toMatchObject({
      max_output_tokens: 5,
      temperature: 0,
      text: { format: { type: 'json_schema', name: 'answer', schema, strict: true }, verbosity: 'low' },
    });
    const content = [
      { type: 'text', text: 'a' },
      { type: 'image_url', image_url: { url: 'https://x.example/a.png' } },
    ];
    const messages = [
      { role: 'user', content },
      { role: 'assistant', content: [{ type: 'text', text: 'b' }] },
    ];
    expect(asked('openai', given, messages).json.input).toEqual([
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'a' },
          { type: 'input_image', image_url: 'https://x.example/a.png' },
        ],
      },
      { role: 'assistant', content: [{ type: 'output_text', text: 'b' }] },
    ]);
  });
});

const delta = (text: string) => ({ type: 'response.output_text.delta', delta: text });
const last = (status: string, more: object = {}) => ({
  type: `response.${status}`,
  response: { status, output: [], usage: { input_tokens: 3, output_tokens: 4 }, ...more },
});

describe('the answer', () => {
  test('is what its last event holds, when nothing was streamed', () => {
    const content = [
      { type: 'output_text', text: 'a' },
      { type: 'output_text', text: 'b' },
    ];
    const body = sse(last('completed', { output: [{ type: 'message', content }] }));
    expect(read('openai', body, { given })).toMatchObject({ failure: null, content: { text: 'ab' } });
  });

  test('without its last event is `truncated`; [DONE] is none', () => {
    expect(read('openai', sse(delta('a'), '[DONE]'), { given })).toMatchObject({
      failure: { code: 'truncated' },
      content: { text: 'a' },
    });
  });

  test('that a filter stopped is `refused`, one that is too long is not', () => {
    const stopped = (reason: string) =>
      read('openai', sse(delta('a'), last('incomplete', { incomplete_details: { reason } })), { given });
    expect(stopped('content_filter')).toMatchObject({ failure: { code: 'refused' }, content: { text: 'a' } });
    expect(stopped('max_output_tokens')).toMatchObject({
      failure: null,
      content: { finishReason: 'max_output_tokens' },
    });
  });

  test('that declines is `refused`', () => {
    const body = sse(
      { type: 'response.refusal.delta', delta: 'No' },
      { type: 'response.refusal.delta', delta: '.' },
      last('completed'),
    );
    expect(read('openai', body, { given }).failure?.message).toBe('the model declined to answer: No.');
    const refusal = { type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] };
    expect(read('openai', sse(last('completed', { output: [refusal] })), { given }).failure?.code).toBe('refused');
  });

  test.each([
    ['nested', { type: 'error', error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'no' } }],
    ['flat', { type: 'error', code: 'insufficient_quota', message: 'no', sequence_number: 3 }],
    ['in the response', last('failed', { error: { code: 'insufficient_quota', message: 'no' } })],
  ])('that fails has the code of its error: %s', (_, event) => {
    const failed = last('failed', { error: { code: 'server_error', message: 'later' } });
    const { failure, content } = read('openai', sse(delta('a'), event, failed), { given });
    expect([failure?.code, failure?.retryable, content?.text]).toEqual(['quota', false, 'a']);
  });

  test('that fails at the server is worth another attempt', () => {
    const failed = last('failed', { error: { code: 'server_error', message: 'm' } });
    expect(read('openai', sse(failed), { given }).failure).toMatchObject({ code: 'http', retryable: true });
    expect(read('openai', { object: 'response', status: 'cancelled', output: [] }, { given }).failure?.code).toBe(
      'http',
    );
  });
});
