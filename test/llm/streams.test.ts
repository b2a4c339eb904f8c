import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/record/failure.ts';
import { open, read, readIn, sse } from './support.ts';

/** One event of a chat stream. */
function chunk(delta: object, more: object = {}, top: object = {}) {
  return { choices: [{ index: 0, delta, finish_reason: null, ...more }], ...top };
}

const hi = chunk({ content: 'Hi' });
const stop = chunk({}, { finish_reason: 'stop' });

describe('a stream', () => {
  test('that a server sends as text/plain, or JSON that it calls a stream, is what it looks like', () => {
    const headers = { 'content-type': 'text/plain' };
    expect(read('openai', sse(hi, stop), { headers })).toMatchObject({ content: { text: 'Hi' }, failure: null });
    const body = { choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] };
    expect(read('openai', body, { headers: { 'content-type': 'text/event-stream' } }).content?.text).toBe('Hi');
  });

  test('is whole with its reason or with [DONE]; with neither it is `truncated`, and keeps its text', () => {
    expect(read('openai', sse(hi, stop)).failure).toBeNull();
    expect(read('openai', sse(hi, '[DONE]')).failure).toBeNull();
    const { content, failure } = read('openai', sse(hi));
    expect(failure).toMatchObject({ code: 'truncated', phase: 'body', retryable: true });
    expect(content).toEqual({ text: 'Hi', finishReason: null, usage: null, ttftMs: null });
  });

  test('of nothing is `truncated`: [DONE] alone is no answer', () => {
    for (const body of ['', '\n\n', ': ping\n\n: ping\n\n', sse('[DONE]'), sse({ choices: [] }, '[DONE]')]) {
      const { content, failure } = read('openai', body);
      expect([failure?.code, failure?.retryable, content]).toEqual(['truncated', true, null]);
    }
  });

  test('may leave out the blank line at its end, the space after the colon, and use CR alone', () => {
    const text = `data:${JSON.stringify(hi)}\r\rdata:${JSON.stringify(stop)}`;
    expect(read('openai', text)).toMatchObject({ content: { text: 'Hi', finishReason: 'stop' }, failure: null });
  });

  test('may have an event on several lines of data', () => {
    const [first, ...rest] = JSON.stringify(hi, null, 1).split('\n');
    const text = `data: ${first}\n${rest.map((line) => `data: ${line}\n`).join('')}\n${sse(stop)}`;
    expect(read('openai', text).content?.text).toBe('Hi');
  });

  test('tells its text as it comes, and never half a surrogate pair', () => {
    const reader = open('openai');
    const told = (text: string) => reader.push(Buffer.from(text));
    const half = (piece: string) => `data: {"choices":[{"delta":{"content":"${piece}"}}]}\n\n`;
    expect(told(half('a\\ud83d'))).toBe('a');
    expect(told(half('\\ude00b'))).toBe('😀b');
    expect(told(half('c\\ud83d'))).toBe('c');
    expect(told(half('d\\ude00'))).toBe('\ufffdd\ufffd');
    expect(told(half('\\ud83d'))).toBe('');
    expect(reader.end(null).content?.text).toBe('a😀bc\ufffdd\ufffd\ufffd');
  });

  test('that ends with its mark ignores what comes then', () => {
    const body = sse(hi, '[DONE]', chunk({ content: '!' }), { error: { message: 'late' } });
    expect(read('openai', body)).toMatchObject({ content: { text: 'Hi' }, failure: null });
  });

  test('whose connection breaks between its reason and its mark is a failure, with all of the text', () => {
    const cut = new Failure('reset', 'gone');
    const { content, failure } = readIn(open('openai'), [Buffer.from(sse(hi, stop))], cut);
    expect([content?.text, failure]).toEqual(['Hi', cut]);
  });

  test('takes an event of a megabyte, and none of more than 16', () => {
    const long = 'x'.repeat(1024 ** 2);
    expect(read('openai', sse(chunk({ content: long }), stop)).content?.text).toBe(long);
    const reader = open('openai');
    const piece = Buffer.from(`data: ${long}`);
    for (let sent = 0; sent < 20; sent += 1) reader.push(piece);
    expect(reader.end(null).failure?.code).toBe('too_large');
    const lines = open('openai');
    for (let sent = 0; sent < 20; sent += 1) lines.push(Buffer.from(`data: ${long}\n`));
    expect(lines.end(null).failure?.code).toBe('too_large');
  });
});

describe('an error inside a 200', () => {
  const status = (body: string) => {
    const { failure, isRefusal, content } = read('openai', body);
    return [failure?.code, failure?.retryable, isRefusal, content?.text];
  };

  test.each([
    ['OpenAI', sse(hi, { error: { message: 'm', type: 'server_error', code: null } }), ['http', true, false, 'Hi']],
    ['vLLM', sse(hi, { error: { message: 'm', type: 'BadRequestError', code: 400 } }), ['http', false, false, 'Hi']],
    ['a rate', sse({ error: { message: 'm', code: 'rate_limit_exceeded' } }), ['rate_limited', true, true, undefined]],
    ['a quota', sse(hi, { error: { message: 'm', code: 'insufficient_quota' } }), ['quota', false, undefined, 'Hi']],
    [
      'Groq',
      `${sse(hi)}event: error\ndata: {"error":{"message":"m","type":"invalid_request_error","status_code":400}}\n\n`,
      ['http', false, false, 'Hi'],
    ],
    [
      'OpenRouter',
      sse(hi, chunk({ content: '' }, { finish_reason: 'error' }, { error: { code: 502, message: 'm' } }), '[DONE]'),
      ['http', true, false, 'Hi'],
    ],
    [
      'a choice',
      sse(hi, chunk({}, { error: { code: 429, message: 'm' } }), '[DONE]'),
      ['rate_limited', true, true, 'Hi'],
    ],
    ['a bare reason', sse(hi, chunk({}, { finish_reason: 'error' })), ['http', true, false, 'Hi']],
    ['plain words', `${sse(hi)}event: error\ndata: {"message":"m"}\n\n`, ['http', true, false, 'Hi']],
    ['no frame', `${sse(hi)}{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}`, ['http', true, true, 'Hi']],
    [
      'no frame on many lines',
      `${sse(hi)}[{\n  "error": {\n    "code": 429,\n    "message": "m"\n  }\n}]\n`,
      ['rate_limited', true, true, 'Hi'],
    ],
  ])('is a failure that keeps the text: %s', (_, body, told) => {
    expect(status(body)).toEqual(told);
  });

  test('says who broke off and why', () => {
    const { failure } = read('openai', sse(hi, { error: { message: 'out of memory', type: 'server_error' } }));
    expect(failure?.message).toBe('llm.example:443 broke off its answer: out of memory (server_error)');
  });
});

describe('what the model declines', () => {
  test('is `refused`, with the words that came', () => {
    const body = sse(chunk({ refusal: 'I cannot ' }), chunk({ refusal: 'do that.' }), stop);
    const { failure } = read('openai', body);
    expect([failure?.code, failure?.retryable]).toEqual(['refused', false]);
    expect(failure?.message).toBe('the model declined to answer: I cannot do that.');
  });

  test('or a filter stops, is `refused`, with text and usage', () => {
    const usage = { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } };
    const body = sse(hi, chunk({}, { finish_reason: 'content_filter' }), usage, '[DONE]');
    expect(read('openai', body)).toMatchObject({
      failure: { code: 'refused' },
      content: { text: 'Hi', finishReason: 'content_filter', usage: { inputTokens: 1, outputTokens: 2 } },
    });
  });

  test('Azure refuses a prompt with 400', () => {
    const error = { code: 'content_filter', status: 400, innererror: { code: 'ResponsibleAIPolicyViolation' } };
    expect(read('openai', { error: { message: 'm', ...error } }, { status: 400 }).failure?.code).toBe('refused');
  });
});

describe('no answer at all', () => {
  test.each(['<html>Welcome</html>', 'OK', '{"hello":1}', '[1,2]'])(
    'is `decode`, and the same next time: %s',
    (body) => {
      expect(read('openai', body).failure).toMatchObject({ code: 'decode', retryable: false });
    },
  );

  test.each(['{"choices":[{"mess', '{malformed json: <<<', 'data: {"choices"\n\ndata: [DONE]\n\n'])(
    'that is broken JSON is `decode`, and worth another attempt: %s',
    (body) => {
      expect(read('openai', body).failure).toMatchObject({ code: 'decode', retryable: true });
    },
  );

  test('an error that comes as an event is read all the same', () => {
    const error = { message: 'm', code: 'insufficient_quota' };
    expect(read('openai', `event: error\n${sse({ error })}`, { status: 429 }).failure?.code).toBe('quota');
  });

  test('figures that say nothing are none', () => {
    const { content } = read('openai', sse(chunk({ content: 'Hi' }, {}, { usage: {} }), stop));
    expect(content).toMatchObject({ text: 'Hi', usage: null });
  });

  test('an error whose reason is cut short is still that error', () => {
    const body = [Buffer.from('{"error": {"message": "slow do')];
    const reading = readIn(open('openai', {}, { status: 429 }), body, new Failure('reset', 'gone'));
    expect(reading).toMatchObject({ failure: { code: 'rate_limited' }, isRefusal: true, content: null });
  });
});
