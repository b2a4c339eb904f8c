import { describe, expect, test } from 'vitest';
import { firstOllamaModel } from '../../src/cli/local-ollama.ts';
import { type ModelFlags, modelSettings } from '../../src/cli/model-flags.ts';
import { json, reply } from '../support/answers.ts';
import { startServer } from '../support/server.ts';

type Given = Partial<ModelFlags> & { env?: Record<string, string> };

async function settingsOf({ env = {}, ...flags }: Given) {
  const { provider, settings } = await modelSettings({ api: 'chat', ...flags }, { env, version: '1', schema: null });
  return { provider, ...settings, url: settings.baseUrl.href };
}

const keys = {
  OPENAI_API_KEY: 'openai-key',
  ANTHROPIC_API_KEY: 'anthropic-key',
  GEMINI_API_KEY: 'gemini-key',
  OLLAMA_API_KEY: 'ollama-key',
};

describe('a model is of a provider, which has an address and a key', () => {
  test.each([
    ['gpt-5-mini', 'openai', 'gpt-5-mini', 'https://api.openai.com/v1', 'OPENAI_API_KEY'],
    ['openai:gpt-5-mini', 'openai', 'gpt-5-mini', 'https://api.openai.com/v1', 'OPENAI_API_KEY'],
    ['anthropic:claude', 'anthropic', 'claude', 'https://api.anthropic.com/', 'ANTHROPIC_API_KEY'],
    ['gemini:flash', 'gemini', 'flash', 'https://generativelanguage.googleapis.com/', 'GEMINI_API_KEY'],
    ['ollama:llama3.2:3b', 'ollama', 'llama3.2:3b', 'http://127.0.0.1:11434/', 'OLLAMA_API_KEY'],
    ['OpenAI:gpt-5-mini', 'openai', 'gpt-5-mini', 'https://api.openai.com/v1', 'OPENAI_API_KEY'],
    ['ft:gpt-5-mini:me::7', 'openai', 'ft:gpt-5-mini:me::7', 'https://api.openai.com/v1', 'OPENAI_API_KEY'],
  ])('%s', async (given, provider, model, url, variable) => {
    const settings = await settingsOf({ model: given, env: keys });
    expect(settings).toMatchObject({ provider, model, url, key: { variable } });
  });

  test.each(['llama3.2:3b', 'foo:bar', 'opnai:m'])('%s is a model of a server that is named', async (model) => {
    const named = { provider: 'openai', model, url: 'http://a/v1' };
    expect(await settingsOf({ model, env: keys, 'base-url': 'http://a/v1' })).toMatchObject(named);
    expect(await settingsOf({ model, env: { ...keys, OPENAI_BASE_URL: 'http://a/v1' } })).toMatchObject(named);
  });

  test.each([
    ['foo:bar', /`foo` is no provider .*openai, anthropic, gemini, ollama.*`ollama:foo:bar`.*--base-url/],
    ['llama3.2:3b', /write `ollama:llama3.2:3b`/],
    ['opnai:m', /did you mean `openai:m`\?/],
    ['Antropic:m', /did you mean `anthropic:m`\?/],
    ['google:m', /did you mean `gemini:m`\?/],
  ])('%s is wrong usage where no server is named, with a key and without', async (model, message) => {
    await expect(settingsOf({ model, env: keys })).rejects.toThrow(message);
    await expect(settingsOf({ model, env: {} })).rejects.toThrow(message);
  });

  test.each([
    ['openai:m', { OPENAI_BASE_URL: 'http://a/v1' }, 'http://a/v1'],
    ['anthropic:m', { ANTHROPIC_BASE_URL: 'http://b/' }, 'http://b/'],
    ['gemini:m', { GOOGLE_GEMINI_BASE_URL: 'http://c' }, 'http://c/'],
    ['ollama:m', { OLLAMA_HOST: '0.0.0.0:8080' }, 'http://127.0.0.1:8080/'],
  ])('%s is where its variable says, and --base-url wins', async (model, address, url) => {
    const env = { ...keys, ...address };
    expect((await settingsOf({ model, env })).url).toBe(url);
    expect((await settingsOf({ model, env, 'base-url': 'http://d/x' })).url).toBe('http://d/x');
  });

  test('Google’s key wins over Gemini’s, Anthropic’s own over its token', async () => {
    const gemini = await settingsOf({ model: 'gemini:m', env: { ...keys, GOOGLE_API_KEY: 'g' } });
    expect(gemini.key).toEqual({ value: 'g', variable: 'GOOGLE_API_KEY' });
    const both = await settingsOf({ model: 'anthropic:m', env: { ...keys, ANTHROPIC_AUTH_TOKEN: 't' } });
    expect(both).toMatchObject({ key: { value: 'anthropic-key' }, auth: 'x-api-key' });
  });

  test('an ANTHROPIC_AUTH_TOKEN is a bearer token, a key is one where that is asked for', async () => {
    const token = await settingsOf({ model: 'anthropic:m', env: { ANTHROPIC_AUTH_TOKEN: 't' } });
    expect(token).toMatchObject({ key: { value: 't' }, auth: 'bearer', version: null });
    const flags = { 'anthropic-auth': 'bearer', 'anthropic-version': '2026-10-21' } as const;
    expect(await settingsOf({ model: 'anthropic:m', env: keys, ...flags })).toMatchObject({
      auth: 'bearer',
      version: '2026-10-21',
    });
  });

  test('--api-key-env names the one variable that counts', async () => {
    const env = { ...keys, MINE: ' k\n' };
    const named = await settingsOf({ model: 'anthropic:m', env, 'api-key-env': 'MINE' });
    expect(named.key).toEqual({ value: 'k', variable: 'MINE' });
    await expect(settingsOf({ model: 'openai:m', env, 'api-key-env': 'NOPE' })).rejects.toThrow(/NOPE is not set/);
  });
});

describe('a key goes to nobody else', () => {
  test.each(['openai:m', 'anthropic:m', 'gemini:m'])('%s does not look at the others’', async (model) => {
    const [own] = model.split(':');
    const others = Object.fromEntries(
      Object.entries(keys).filter(([name]) => !name.toLowerCase().startsWith(`${own}`)),
    );
    await expect(settingsOf({ model, env: others })).rejects.toThrow(/is not set/);
    expect((await settingsOf({ model, env: others, 'base-url': 'http://127.0.0.1:1' })).key).toBeNull();
  });

  test('and accounts of OpenAI are told to OpenAI alone', async () => {
    const env = { ...keys, OPENAI_ORG_ID: 'org-1' };
    const names = ({ headers }: { headers: readonly (readonly [string, string])[] }) => headers.map(([name]) => name);
    expect(names(await settingsOf({ model: 'm', env }))).toContain('openai-organization');
    expect(names(await settingsOf({ model: 'm', env, 'base-url': 'https://other.example/v1' }))).not.toContain(
      'openai-organization',
    );
  });
});

describe('without a model', () => {
  const tags = (...names: unknown[]) => json(JSON.stringify({ models: names.map((name) => ({ name })) }));

  test('an Ollama on its port is asked for its first one that talks', async () => {
    const server = await startServer({ '/api/tags': tags('nomic-embed-text', 'llama3.2:3b', 'qwen3') });
    const env = { OLLAMA_HOST: server.url, OPENAI_API_KEY: 'k' };
    expect(await settingsOf({ env })).toMatchObject({ provider: 'ollama', model: 'llama3.2:3b', key: null });
    expect(server.calls).toHaveLength(1);
  });

  test.each([
    ['nothing there', reply(404)],
    ['no models', tags()],
    ['no JSON', reply(200, 'Ollama is running')],
    ['names that are none', tags(1, null, '')],
  ])('%s: wrong usage that names the choices', async (_name, handler) => {
    const server = await startServer({ '/api/tags': handler });
    const asked = settingsOf({ env: { OLLAMA_HOST: server.url } });
    await expect(asked).rejects.toThrow(
      /no model is given.*openai:\S+ \(OPENAI_API_KEY\).*anthropic:.*gemini:.*ollama:/,
    );
  });

  test('a server that is named is not asked for one, nor is anybody else', async () => {
    const server = await startServer({ '/api/tags': tags('llama3.2') });
    const env = { OLLAMA_HOST: server.url, OPENAI_BASE_URL: `${server.url}/v1` };
    await expect(settingsOf({ env })).rejects.toThrow(/no model is given: -m NAME/);
    await expect(settingsOf({ env: {}, 'base-url': server.url })).rejects.toThrow(/no model is given: -m NAME/);
    expect(server.calls).toHaveLength(0);
  });

  test('a port where nobody answers is given up soon', async () => {
    const server = await startServer({ '/api/tags': () => {} });
    const startedMs = performance.now();
    expect(await firstOllamaModel(new URL(server.url))).toBeNull();
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });
});
