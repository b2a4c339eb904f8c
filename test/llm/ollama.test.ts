import { describe, expect, test } from 'vitest';
import { asked, read } from './support.ts';

const lines = (...all: object[]): string => all.map((one) => `${JSON.stringify(one)}\n`).join('');
const says = (content: string, more: object = {}) => ({
  message: { role: 'assistant', content },
  done: false,
  ...more,
});

describe('the request', () => {
  test('goes to /api/chat and asks for a stream', () => {
    const { path, json, sent } = asked('ollama', { baseUrl: 'http://127.0.0.1:11434' });
    expect(path).toBe('/api/chat');
    for (const base of ['api', 'api/', 'api/chat', 'v1', 'v1/'])
      expect(asked('ollama', { baseUrl: `http://h/x/${base}` }).path).toBe('/x/api/chat');
    expect(json).toEqual({ model: 'some-model', messages: [{ role: 'user', content: 'hello' }], stream: true });
    expect(sent).not.toHaveProperty('authorization');
    expect(asked('ollama', { key: { value: 'k', variable: 'K' } }).sent.authorization).toBe('Bearer k');
  });

  test('has what else is asked for in options, where a parameter joins it', () => {
    const schema = { type: 'object' };
    const params = { options: { num_ctx: 8192 }, think: false };
    expect(asked('ollama', { maxTokens: 5, temperature: 0, schema, params }).json).toMatchObject({
      options: { num_predict: 5, temperature: 0, num_ctx: 8192 },
      format: schema,
      think: false,
    });
  });

  test('makes one text and images of parts', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
      { type: 'text', text: 'b' },
    ];
    expect(asked('ollama', {}, [{ role: 'user', content }]).json.messages).toEqual([
      { role: 'user', content: 'ab', images: ['AA'] },
    ]);
  });
});

describe('the answer', () => {
  test('need not count: a prompt that was cached has no count', () => {
    const body = lines(says('Hi'), says('', { done: true, done_reason: 'stop', eval_count: 4 }));
    expect(read('ollama', body).content).toMatchObject({ text: 'Hi', usage: { inputTokens: null, outputTokens: 4 } });
  });

  test('without its last line is `truncated`', () => {
    expect(read('ollama', lines(says('Hi'), says('!')))).toMatchObject({
      failure: { code: 'truncated', retryable: true },
      content: { text: 'Hi!' },
    });
  });

  test('may break off with a line that is an error', () => {
    expect(read('ollama', lines(says('Hi'), { error: 'model runner has unexpectedly stopped' }))).toMatchObject({
      failure: { code: 'http', retryable: true },
      content: { text: 'Hi' },
    });
  });

  test('may come as events, from a proxy', () => {
    const body = `data: ${JSON.stringify(says('Hi', { done: true }))}\n\n`;
    expect(read('ollama', body)).toMatchObject({ failure: null, content: { text: 'Hi', finishReason: null } });
  });

  test('an unknown model is final, and said in the server’s words', () => {
    const { failure } = read('ollama', { error: "model 'x' not found" }, { status: 404 });
    expect(failure).toMatchObject({ code: 'http', retryable: false });
    expect(failure?.message).toBe("llm.example:443 answered 404 Not Found: model 'x' not found");
  });
});
