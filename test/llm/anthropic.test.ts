import { describe, expect, test } from 'vitest';
import { asked, read } from './support.ts';

const key = { value: 'sk-ant-0123456789', variable: 'ANTHROPIC_API_KEY' };

describe('the request', () => {
  test('goes to /v1/messages, whether or not the base URL has the version', () => {
    for (const baseUrl of [
      'https://api.anthropic.com',
      'https://api.anthropic.com/v1',
      'https://api.anthropic.com/v1/',
    ]) {
      expect(asked('anthropic', { baseUrl }).url).toBe('https://api.anthropic.com/v1/messages');
    }
    expect(asked('anthropic', { baseUrl: 'http://a/v1/messages/' }).path).toBe('/v1/messages');
    expect(asked('anthropic', { baseUrl: 'http://127.0.0.1:1/x' }).path).toBe('/x/v1/messages');
  });

  test('has the key and the version in the way that is wanted', () => {
    expect(asked('anthropic', { key }).sent).toMatchObject({
      'x-api-key': key.value,
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
    });
    const other = asked('anthropic', { key, auth: 'bearer', version: '2026-10-21' }).sent;
    expect(other).toMatchObject({ authorization: `Bearer ${key.value}`, 'anthropic-version': '2026-10-21' });
    expect(other).not.toHaveProperty('x-api-key');
  });

  test('streams, says how long the answer may be, and nothing that was not asked for', () => {
    expect(asked('anthropic').json).toEqual({
      model: 'some-model',
      max_tokens: 4096,
      stream: true,
      messages: [{ role: 'user', content: 'hello' }],
    });
    expect(asked('anthropic', { maxTokens: 5, temperature: 0 }).json).toMatchObject({ max_tokens: 5, temperature: 0 });
  });

  test('keeps what the system says apart, as text where it is text', () => {
    const user = { role: 'user', content: 'x' };
    const system = (content: unknown) => ({ role: 'system', content });
    const { json } = asked('anthropic', {}, [system('be brief'), user, { role: 'developer', content: 'be kind' }]);
    expect([json.system, json.messages]).toEqual(['be brief\n\nbe kind', [user]]);
    const cached = { type: 'text', text: 'long', cache_control: { type: 'ephemeral' } };
    expect(asked('anthropic', {}, [system([cached]), system('short'), user]).json.system).toEqual([
      cached,
      { type: 'text', text: 'short' },
    ]);
  });

  test('translates parts of messages, and passes on what is Anthropic’s own', () => {
    const own = { type: 'document', source: { type: 'text', data: 'x' } };
    const content = [
      { type: 'text', text: 'what is this?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { type: 'image_url', image_url: { url: 'https://x.example/a.png' } },
      own,
    ];
    expect(asked('anthropic', {}, [{ role: 'user', content }]).json.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'what is this?' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
          { type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } },
          own,
        ],
      },
    ]);
  });

  test('asks for a schema, and lets parameters complete what is sent', () => {
    const schema = { type: 'object' };
    const params = { output_config: { effort: 'low' }, top_k: 5 };
    expect(asked('anthropic', { schema, params }).json).toMatchObject({
      output_config: { format: { type: 'json_schema', schema }, effort: 'low' },
      top_k: 5,
    });
  });
});

/** Events with their type as name too, as Anthropic sends them. */
function events(...all: ({ type: string } & Record<string, unknown>)[]): string {
  return all.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

const start = { type: 'message_start', message: { content: [], usage: { input_tokens: 9, output_tokens: 1 } } };
const says = (text: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
const ends = (reason: string, more: object = {}) => ({
  type: 'message_delta',
  delta: { stop_reason: reason, ...more },
  usage: { output_tokens: 7 },
});
const stop = { type: 'message_stop' };

describe('the answer', () => {
  test('counts as the last event that counts, input from the first where that is all', () => {
    const { content } = read('anthropic', events(start, says('Hi'), ends('end_turn'), stop));
    expect(content).toMatchObject({ text: 'Hi', usage: { inputTokens: 9, outputTokens: 7 } });
  });

  test('without message_stop is `truncated`, even when its reason has come', () => {
    expect(read('anthropic', events(start, says('Hi'), ends('end_turn')))).toMatchObject({
      failure: { code: 'truncated' },
      content: { text: 'Hi' },
    });
  });

  test('may be broken off: an overload holds the lane, and the text stays', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    expect(read('anthropic', events(start, says('Hi'), error))).toMatchObject({
      failure: { code: 'http', retryable: true },
      isRefusal: true,
      content: { text: 'Hi' },
    });
    const wrong = { type: 'error', error: { type: 'invalid_request_error', message: 'no' } };
    expect(read('anthropic', events(start, wrong)).failure?.retryable).toBe(false);
  });

  test('may be a refusal, with its explanation', () => {
    const details = { stop_details: { type: 'refusal', explanation: 'not that' } };
    const { failure, content } = read('anthropic', events(start, says('Well'), ends('refusal', details), stop));
    expect([failure?.code, failure?.message]).toEqual(['refused', 'the model declined to answer: not that']);
    expect(content).toMatchObject({ text: 'Well', finishReason: 'refusal' });
  });

  test('may have no event names', () => {
    const body = [start, says('Hi'), ends('end_turn'), stop].map((one) => `data: ${JSON.stringify(one)}\n\n`).join('');
    expect(read('anthropic', body)).toMatchObject({ failure: null, content: { text: 'Hi' } });
  });
});

describe('an error', () => {
  const error = (status: number, type: string, more: object = {}, headers = {}) =>
    read(
      'anthropic',
      { type: 'error', error: { type, message: 'why', ...more }, request_id: 'req_1' },
      { status, headers },
    );

  test.each([
    [400, 'invalid_request_error', 'http', false, false],
    [401, 'authentication_error', 'http', false, false],
    [402, 'billing_error', 'quota', false, undefined],
    [404, 'not_found_error', 'http', false, false],
    [429, 'rate_limit_error', 'rate_limited', true, true],
    [500, 'api_error', 'http', true, false],
    [504, 'timeout_error', 'http', true, false],
    [529, 'overloaded_error', 'http', true, true],
  ])('%i %s is `%s`', (status, type, code, retryable, isRefusal) => {
    const reading = error(status, type);
    expect([reading.failure?.code, reading.failure?.retryable, reading.isRefusal]).toEqual([
      code,
      retryable,
      isRefusal,
    ]);
    expect(reading.failure?.message).toContain(`why (${type})`);
  });

  test.each(['enforced_spend_limit_reached', 'contract_spend_limit_reached'])(
    '429 with %s is `quota`',
    (error_code) => {
      expect(error(429, 'rate_limit_error', { details: { error_code } }).failure).toMatchObject({
        code: 'quota',
        retryable: false,
      });
    },
  );

  test('429 holds the lane until the empty budget is full again, by the server’s clock', () => {
    const headers = {
      date: 'Thu, 21 Aug 2025 12:40:00 GMT',
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '49',
      'anthropic-ratelimit-requests-reset': '2025-08-21T12:50:00Z',
      'anthropic-ratelimit-input-tokens-remaining': '0',
      'anthropic-ratelimit-input-tokens-reset': '2025-08-21T12:40:20Z',
    };
    expect(error(429, 'rate_limit_error', {}, headers)).toMatchObject({ holdMs: 20_000, isRefusal: true });
  });
});
