import { describe, expect, test } from 'vitest';
import type { ModelSettings } from '../../src/llm/codec.ts';
import { openaiChat } from '../../src/llm/openai-chat.ts';
import type { Message } from '../../src/record/prompt.ts';
import type { HttpHeaders } from '../../src/record/request.ts';

const key = 'sk-test-0123456789abcdef';

function codec(settings: Partial<Omit<ModelSettings, 'baseUrl'>> & { baseUrl?: string } = {}) {
  const { baseUrl = 'https://llm.example/v1', ...others } = settings;
  const headers = [['user-agent', 'test']] as const;
  const common = { model: 'some-model', key: null, headers, maxTokens: null, temperature: null, params: {} };
  return openaiChat({ ...common, ...others, baseUrl: new URL(baseUrl) });
}

const hello: Message[] = [{ role: 'user', content: 'hello' }];

function requestOf(settings?: Parameters<typeof codec>[0], messages = hello) {
  const request = codec(settings).requestOf({ messages, lane: null, input: null });
  return { ...request, text: String(request.body), json: JSON.parse(String(request.body)) as Record<string, unknown> };
}

type Given = { status?: number; headers?: HttpHeaders; settings?: Parameters<typeof codec>[0] };

/** What an answer means; its body is given as text, or as what is to be JSON. */
function read(body: unknown, { status = 200, headers = {}, settings }: Given = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const reader = codec(settings).open({ status, headers });
  reader.push(Buffer.from(text));
  return reader.end(null);
}

function refused(status: number, error: unknown, given: Given = {}) {
  return read({ error }, { ...given, status });
}

function chat(message: object, more: object = {}) {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'some-model-2026-01-01',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop', ...more }],
    usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 },
  };
}

describe('the request', () => {
  test('goes to /chat/completions below the base URL, whether or not that ends with a slash', () => {
    expect(requestOf()).toMatchObject({
      method: 'POST',
      url: 'https://llm.example/v1/chat/completions',
      host: 'llm.example:443',
      path: '/v1/chat/completions',
    });
    expect(requestOf({ baseUrl: 'http://127.0.0.1:8080/v1/' }).path).toBe('/v1/chat/completions');
    expect(requestOf({ baseUrl: 'http://127.0.0.1:8080' }).path).toBe('/chat/completions');
    expect(requestOf({ baseUrl: 'http://h/v1/chat/completions' }).path).toBe('/v1/chat/completions');
    expect(requestOf({ baseUrl: 'http://h/of/chat' }).path).toBe('/of/chat/chat/completions');
    expect(requestOf({ baseUrl: 'https://x.example/openai?api-version=1' }).path).toBe(
      '/openai/chat/completions?api-version=1',
    );
  });

  test('holds the model and the messages, and nothing that was not asked for', () => {
    const streaming = { stream: true, stream_options: { include_usage: true } };
    expect(requestOf().json).toEqual({ model: 'some-model', messages: hello, ...streaming });
  });

  test('passes messages on as they are, each digit and field', () => {
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'x' }], name: 'Ada' }];
    expect(requestOf({}, messages).json.messages).toEqual(messages);
  });

  test('temperature 0 is sent', () => {
    expect(requestOf({ temperature: 0 }).json.temperature).toBe(0);
  });

  test('the longest answer is `max_completion_tokens` for OpenAI, `max_tokens` for all others', () => {
    expect(requestOf({ maxTokens: 5, baseUrl: 'https://api.openai.com/v1' }).json).toMatchObject({
      max_completion_tokens: 5,
    });
    expect(requestOf({ maxTokens: 5, baseUrl: 'https://me.openai.azure.com/openai/v1' }).text).toContain(
      'max_completion_tokens',
    );
    for (const baseUrl of ['http://127.0.0.1/v1', 'https://openai.com.example/v1', 'https://notopenai.com/v1']) {
      expect(requestOf({ maxTokens: 5, baseUrl }).json).toMatchObject({ max_tokens: 5 });
    }
  });

  test('a parameter has the last word', () => {
    expect(requestOf({ temperature: 1, params: { temperature: 0.5, seed: 7 } }).json).toMatchObject({
      temperature: 0.5,
      seed: 7,
    });
  });

  test('usage is asked for, not of servers that refuse to be asked', () => {
    expect(requestOf({ baseUrl: 'https://api.mistral.ai/v1' }).json).toEqual({
      model: 'some-model',
      messages: hello,
      stream: true,
    });
    const picky = codec();
    const complaint = {
      object: 'error',
      message: { detail: [{ type: 'extra_forbidden', loc: ['body', 'stream_options'] }] },
    };
    const ask = () => JSON.parse(String(picky.requestOf({ messages: hello, lane: null, input: null }).body)) as object;
    expect(ask()).toHaveProperty('stream_options');
    // Several are on their way when the first complaint comes.
    for (let turn = 0; turn < 3; turn += 1) {
      const reader = picky.open({ status: 422, headers: {} });
      reader.push(Buffer.from(JSON.stringify(complaint)));
      expect(reader.end(null).failure).toMatchObject({ code: 'http', retryable: true });
      expect(ask()).not.toHaveProperty('stream_options');
    }
  });

  test('a schema is asked for, strictly where OpenAI takes it so', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const strict = { ...schema, required: ['a'], additionalProperties: false };
    const format = (one: Record<string, unknown>) => requestOf({ schema: one }).json.response_format;
    expect(format(schema)).toEqual({ type: 'json_schema', json_schema: { name: 'answer', schema, strict: false } });
    expect(format(strict)).toMatchObject({ json_schema: { strict: true } });
    expect(format({ ...strict, properties: { a: schema } })).toMatchObject({ json_schema: { strict: false } });
    expect(format({ ...strict, properties: { a: { type: 'array', items: strict } } })).toMatchObject({
      json_schema: { strict: true },
    });
  });

  test('the key is a bearer token; without one there is no authorization', () => {
    expect(requestOf({ key: { value: key, variable: 'K' } }).headers).toContain(`Bearer ${key}`);
    expect(requestOf().headers).toEqual(['user-agent', 'test', 'content-type', 'application/json']);
  });
});

describe('an answer', () => {
  test('is its text, its finish reason and its usage', () => {
    expect(read(chat({ content: 'Rhine, Nile, Po' }))).toEqual({
      content: {
        text: 'Rhine, Nile, Po',
        finishReason: 'stop',
        usage: { inputTokens: 9, outputTokens: 12 },
        ttftMs: null,
      },
      failure: null,
      budgets: [],
    });
  });

  test('that was cut off is ok', () => {
    const { failure, content } = read(chat({ content: 'Rhi' }, { finish_reason: 'length' }));
    expect(failure).toBeNull();
    expect(content?.finishReason).toBe('length');
  });

  test('that calls a tool is ok, without text', () => {
    const { failure, content } = read(chat({ content: null, tool_calls: [{}] }, { finish_reason: 'tool_calls' }));
    expect([failure, content?.text]).toEqual([null, null]);
  });

  test('in parts is the text of all of them', () => {
    const content = [{ type: 'thinking' }, { type: 'text', text: 'a' }, { type: 'text', text: 'b' }];
    expect(read(chat({ content })).content?.text).toBe('ab');
  });

  test('need not say why it ended or what it cost', () => {
    const answer = { choices: [{ message: { content: 'x' } }] };
    expect(read(answer)).toMatchObject({ content: { text: 'x', finishReason: null, usage: null }, failure: null });
    expect(read({ ...answer, usage: { prompt_tokens: 3, completion_tokens: 'many' } }).content?.usage).toEqual({
      inputTokens: 3,
      outputTokens: null,
    });
  });

  test('with a null error is an answer, as is one behind a byte order mark', () => {
    expect(read({ ...chat({ content: 'x' }), error: null }).failure).toBeNull();
    expect(read(`\ufeff${JSON.stringify(chat({ content: 'x' }))}`).content?.text).toBe('x');
  });

  test('that declines is `refused`, and keeps what came', () => {
    const declined = read(chat({ content: null, refusal: 'I cannot\nhelp with that.' }));
    expect(declined.failure).toMatchObject({ code: 'refused', retryable: false });
    expect(declined.failure?.message).toBe('the model declined to answer: I cannot help with that.');
    const filtered = read(chat({ content: 'The first' }, { finish_reason: 'content_filter' }));
    expect(filtered.failure).toMatchObject({ code: 'refused', retryable: false });
    expect(filtered.content?.text).toBe('The first');
  });

  test.each([
    'null',
    '[]',
    '"x"',
    '<html>Welcome</html>',
    '{}',
    '{"choices":[]}',
    '{"choices":null}',
    '{"choices":[7]}',
  ])('that is no completion is `decode`: %s', (text) => {
    const { failure, content } = read(text);
    expect(failure).toMatchObject({ code: 'decode', retryable: false });
    expect(content).toBeNull();
  });

  test('an error inside a 200 is a failure', () => {
    expect(read({ error: { message: 'it broke' } }).failure).toMatchObject({ code: 'http', retryable: true });
    expect(read({ error: 'it broke' }).failure?.message).toContain('it broke');
    expect(read({ error: { message: 'busy', code: 429 } })).toMatchObject({
      failure: { code: 'rate_limited' },
      isRefusal: true,
    });
    expect(read({ error: { message: 'wrong', code: 400 } }).failure).toMatchObject({ code: 'http', retryable: false });
    const inChoice = chat({ content: 'half' }, { error: { code: 502, message: 'upstream' }, finish_reason: 'error' });
    expect(read(inChoice).failure).toMatchObject({ code: 'http', retryable: true });
  });
});

describe('a refusal of the server', () => {
  test.each([
    'insufficient_quota',
    'credit_balance_exhausted',
    'billing_not_active',
    'organization_spend_limit_exceeded',
    'project_spend_limit_exceeded',
    'organization_usage_limit_exceeded',
  ])('429 with %s is `quota`: never again, and nobody has to wait', (code) => {
    const reading = refused(429, { message: 'no', type: 'x', code }, { headers: { 'retry-after': '1' } });
    expect(reading.failure).toMatchObject({ code: 'quota', retryable: false });
    expect(reading.isRefusal).toBeFalsy();
    expect(refused(429, { message: 'no', type: code, code: null }).failure?.code).toBe('quota');
  });

  test('402 is `quota` too', () => {
    expect(refused(402, { message: 'Insufficient Balance', code: 402 }).failure?.code).toBe('quota');
  });

  test.each(['rate_limit_exceeded', 'slow_down', null])(
    'any other 429 is `rate_limited` and holds the lane: %s',
    (code) => {
      const headers = { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' };
      expect(refused(429, { message: 'no', code }, { headers })).toMatchObject({
        failure: { code: 'rate_limited', retryable: true },
        isRefusal: true,
        holdMs: 360_000,
      });
    },
  );

  test.each([408, 409, 500, 502, 504])('%d is worth another attempt', (status) => {
    const reading = refused(status, { message: 'no' });
    expect(reading).toMatchObject({ failure: { code: 'http', retryable: true }, isRefusal: false });
  });

  test.each([503, 529])('%d is worth another attempt, when the lane has waited', (status) => {
    const reading = refused(status, { code: status, message: 'Loading model', type: 'unavailable_error' });
    expect(reading).toMatchObject({ failure: { code: 'http', retryable: true }, isRefusal: true, holdMs: null });
  });

  test.each([400, 404, 413, 422])('%d is final', (status) => {
    expect(refused(status, { message: 'no' }).failure).toMatchObject({ code: 'http', retryable: false });
  });

  test('x-should-retry is obeyed', () => {
    expect(refused(500, {}, { headers: { 'x-should-retry': 'false' } }).failure?.retryable).toBe(false);
    expect(refused(400, {}, { headers: { 'x-should-retry': 'true' } }).failure?.retryable).toBe(true);
  });

  test('401 and 403 say which key was sent, and never the key', () => {
    const settings = { key: { value: key, variable: 'MY_KEY' } };
    for (const status of [401, 403]) {
      const { failure } = refused(status, { message: 'Incorrect API key' }, { settings });
      expect(failure).toMatchObject({ code: 'http', retryable: false });
      expect(failure?.message).toMatch(/Incorrect API key; the key came from MY_KEY$/);
      expect(failure?.message).not.toContain(key);
    }
    expect(refused(401, { message: 'no' }).failure?.message).toMatch(/no key was sent/);
  });

  test('a redirect is not followed, and says where it leads', () => {
    const { failure } = read('', { status: 308, headers: { location: 'https://llm.example/v2/' } });
    expect(failure).toMatchObject({ code: 'redirect', retryable: false });
    expect(failure?.message).toContain('https://llm.example/v2/');
  });

  test('a 404 of a base URL without /v1 says so, one about a model does not', () => {
    const settings = { baseUrl: 'http://127.0.0.1:11434' };
    expect(read('404 page not found', { status: 404, settings }).failure?.message).toMatch(/is \/v1 missing/);
    expect(refused(404, { message: "model 'x' not found" }, { settings }).failure?.message).not.toMatch(/v1/);
    expect(read('404 page not found', { status: 404 }).failure?.message).not.toMatch(/missing/);
  });

  test.each([
    ['OpenAI', { error: { message: 'why', type: 'x', param: null, code: 'some_code' } }, 'why (some_code)'],
    ['llama.cpp and vLLM', { error: { code: 400, message: 'why', type: 'x' } }, 'why (x)'],
    ['Ollama', { error: 'why' }, 'why'],
    ['an older vLLM', { object: 'error', message: 'why', type: 'x', code: 400 }, 'why (x)'],
    ['FastAPI', { detail: 'why' }, 'why'],
    ['FastAPI’s checks', { detail: [{ msg: 'why' }] }, '[{"msg":"why"}]'],
    ['Gemini', [{ error: { code: 400, message: 'why', status: 'INVALID_ARGUMENT' } }], 'why (INVALID_ARGUMENT)'],
    ['a proxy', '<html>\n<h1>why</h1>\u001b[31m', '<html> <h1>why</h1> [31m'],
    ['nobody', '', ''],
  ])('tells the reason in the words of %s', (_, body, said) => {
    const { message } = read(body, { status: 400 }).failure ?? {};
    expect(message).toBe(`llm.example:443 answered 400 Bad Request${said && ': '}${said}`);
  });

  test('a reason of a megabyte is cut short', () => {
    expect(refused(400, { message: 'x'.repeat(1e6) }).failure?.message.length).toBeLessThan(600);
  });
});
