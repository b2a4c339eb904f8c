import { describe, expect, test } from 'vitest';
import { start as startMock } from '../mock/start.ts';
import { json, reply } from '../support/answers.ts';
import { streamRows } from '../support/delta.ts';
import { lines } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { promptRows } from '../support/row.ts';
import { startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

const key = 'key-0123456789abcdef';

/** How each API is asked: the model, what names the server, and the key's variable. */
const apis = [
  {
    name: 'Chat Completions',
    args: ['-m', 'openai:echo'],
    base: 'OPENAI_BASE_URL',
    path: '/v1',
    key: 'OPENAI_API_KEY',
  },
  {
    name: 'Responses',
    args: ['-m', 'openai:echo', '--api', 'responses'],
    base: 'OPENAI_BASE_URL',
    path: '/v1',
    key: 'OPENAI_API_KEY',
  },
  { name: 'Anthropic', args: ['-m', 'anthropic:echo'], base: 'ANTHROPIC_BASE_URL', path: '', key: 'ANTHROPIC_API_KEY' },
  { name: 'Gemini', args: ['-m', 'gemini:echo'], base: 'GOOGLE_GEMINI_BASE_URL', path: '', key: 'GEMINI_API_KEY' },
  { name: 'Ollama', args: ['-m', 'ollama:echo'], base: 'OLLAMA_HOST', path: '', key: 'OLLAMA_API_KEY' },
];

describe.each(apis)('$name', ({ args, base, path, key: variable }) => {
  const envFor = (url: string) => ({ [base]: `${url}${path}`, [variable]: key });

  test('answers in rows, whole or piece by piece', async () => {
    const mock = await startMock();
    const input = lines('{"id":"a","prompt":"hello 😀"}', 'second');
    const run = await sluice(['prompt', ...args, '--max-tokens', '50'], { input, env: envFor(mock.url) });
    expect(promptRows(run.rows).sort((a, b) => a.index - b.index)).toMatchObject([
      { id: 'a', ok: true, provider: args[1]?.split(':')[0], model: 'echo', text: 'You said: hello 😀', status: 200 },
      { id: null, ok: true, text: 'You said: second' },
    ]);
    for (const { usage, ttft_ms: ttft } of promptRows(run.rows)) {
      expect([usage?.input_tokens, usage?.output_tokens, ttft].every((count) => (count ?? 0) > 0)).toBe(true);
    }
    const streamed = await sluice(['prompt', ...args, '--stream', 'hello 😀'], {
      env: envFor(mock.url),
      isRows: false,
    });
    const { deltas, results } = streamRows(streamed.stdout);
    expect(deltas.map(({ text }) => text).join('')).toBe('You said: hello 😀');
    expect(results).toMatchObject([{ ok: true, text: 'You said: hello 😀' }]);
  });

  test('tells a stream that breaks off, an empty account and a refusal apart', async () => {
    const mock = await startMock();
    const codes = ['fail:cut', 'fail:quota', 'refuse', 'fail:500'].map(async (model) => {
      const asked = args.map((word) => word.replace('echo', model));
      const run = await sluice(['prompt', ...asked, '--retries', '0', 'a long enough prompt'], {
        env: envFor(mock.url),
      });
      return run.rows[0]?.error?.code;
    });
    // Ollama has no accounts, and a model that declines says so in words.
    const [empty, declined] = variable === 'OLLAMA_API_KEY' ? ['rate_limited', undefined] : ['quota', 'refused'];
    expect(await Promise.all(codes)).toEqual(['truncated', empty, declined, 'http']);
  });

  test('asks for an answer that fits a schema', async () => {
    const mock = await startMock();
    const cwd = temporaryFolder({ 'schema.json': '{"type":"object"}' });
    const asked = args.map((word) => word.replace('echo', 'json'));
    const run = await sluice(['prompt', ...asked, '--schema', 'schema.json', 'x'], { cwd, env: envFor(mock.url) });
    expect(promptRows(run.rows)[0]).toMatchObject({ ok: true, json: expect.any(Object) });
  });

  test('shows its key to nobody but its server', async () => {
    const server = await startServer();
    server.on('*', json(`{"error":{"message":"who is ${key}?"}}`, 401));
    const env = { ...Object.fromEntries(apis.map((api) => [api.key, `wrong-${key}`])), ...envFor(server.url) };
    const run = await sluice(['prompt', ...args, '-v', 'x'], { env });
    expect(run.rows[0]).toMatchObject({ ok: false, attempts: 1, error: { code: 'http' } });
    expect(run.rows[0]?.error?.message).toContain(variable);
    const sent = server.calls.map(({ headers, path: asked }) => JSON.stringify([headers, asked]));
    expect(sent).toHaveLength(1);
    expect(sent[0]).toContain(key);
    expect(sent[0]).not.toContain('wrong-');
    expect(run.stdout + run.stderr).not.toContain(key);
  });
});

describe('Anthropic', () => {
  test('takes its version and the style of its key as they are given', async () => {
    const server = await startServer();
    server.on('*', reply(500));
    const ask = (args: string[], env: Record<string, string>) =>
      sluice(['prompt', '-m', 'anthropic:m', '--base-url', server.url, '--retries', '0', 'x', ...args], { env });
    await ask([], { ANTHROPIC_API_KEY: key });
    await ask(['--anthropic-version', '2026-10-21', '--anthropic-auth', 'bearer'], { ANTHROPIC_API_KEY: key });
    await ask([], { ANTHROPIC_AUTH_TOKEN: key });
    expect(server.calls.map(({ headers }) => headers)).toMatchObject([
      { 'x-api-key': key, 'anthropic-version': '2023-06-01' },
      { authorization: `Bearer ${key}`, 'anthropic-version': '2026-10-21' },
      { authorization: `Bearer ${key}` },
    ]);
    expect(server.calls[1]?.headers['x-api-key']).toBeUndefined();
  });
});

test('without a model, an Ollama on this machine answers', async () => {
  const mock = await startMock();
  const server = await startServer({ '/api/tags': json('{"models":[{"name":"llama3.2:3b"}]}') });
  server.on('/api/chat', json('{"message":{"role":"assistant","content":"hi"},"done":true,"done_reason":"stop"}'));
  const run = await sluice(['prompt', 'x'], { env: { OLLAMA_HOST: server.url } });
  expect(promptRows(run.rows)[0]).toMatchObject({ provider: 'ollama', model: 'llama3.2:3b', text: 'hi' });
  const none = await sluice(['prompt', 'x'], { env: { OLLAMA_HOST: `${mock.url}/nothing` } });
  expect([none.exitCode, none.stderr]).toEqual([2, expect.stringMatching(/--model: no model is given, and no Ollama/)]);
});

test('a provider that says that little is left is not called so often that it refuses', async () => {
  const mock = await startMock({ rate: { count: 10, windowMs: 1000 } });
  const args = ['prompt', '-m', 'openai:echo', '-c', '1', '--include', 'attempts'];
  const env = { OPENAI_BASE_URL: `${mock.url}/v1` };
  const run = await sluice(args, { input: lines(...Array.from({ length: 25 }, (_, at) => `${at}`)), env });
  const refusals = run.rows.flatMap(({ attempt_log: log = [] }) => log).filter(({ error }) => error !== null);
  expect(run.rows).toHaveLength(25);
  expect(refusals).toEqual([]);
});
