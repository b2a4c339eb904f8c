import type { ApiKey } from '../llm/codec.ts';
import { checkHeader, quote } from '../record/request.ts';
import { nearest } from './nearest.ts';
import { ollamaHost } from './ollama-host.ts';
import { sayable } from './sayable.ts';
import { UsageError } from './values.ts';

const providerNames = ['openai', 'anthropic', 'gemini', 'ollama'] as const;
export type ProviderName = (typeof providerNames)[number];

type Environment = NodeJS.ProcessEnv;

/** Where a provider is, and what opens it: the variables are those of its own clients. */
type Provider = {
  readonly baseUrl: string;
  readonly baseVariable: string;
  /** The first that is set counts. */
  readonly keyVariables: readonly string[];
  /** For messages. */
  readonly example: string;
};

const providers: Readonly<Record<ProviderName, Provider>> = {
  openai: {
    baseUrl: 'https://api.openai.com/v1',
    baseVariable: 'OPENAI_BASE_URL',
    keyVariables: ['OPENAI_API_KEY'],
    example: 'openai:gpt-5-mini',
  },
  anthropic: {
    baseUrl: 'https://api.anthropic.com',
    baseVariable: 'ANTHROPIC_BASE_URL',
    keyVariables: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN'],
    example: 'anthropic:claude-haiku-4-5',
  },
  gemini: {
    baseUrl: 'https://generativelanguage.googleapis.com',
    baseVariable: 'GOOGLE_GEMINI_BASE_URL',
    keyVariables: ['GOOGLE_API_KEY', 'GEMINI_API_KEY'],
    example: 'gemini:gemini-2.5-flash',
  },
  ollama: {
    baseUrl: 'http://127.0.0.1:11434',
    baseVariable: 'OLLAMA_HOST',
    keyVariables: ['OLLAMA_API_KEY'],
    example: 'ollama:llama3.2',
  },
};

/** Who people think of by another name. */
const otherNames: Readonly<Record<string, ProviderName>> = { google: 'gemini', claude: 'anthropic', gpt: 'openai' };

/**
 * `anthropic:claude-haiku-4-5` is that model of that provider; a name without a provider is OpenAI's, or of its API.
 * Other servers' models may well have a colon in their names. OpenAI's own have none but those that were tuned.
 */
export function splitModel(
  given: string,
  { isNamedServer }: { isNamedServer: boolean },
): { provider: ProviderName; model: string } {
  const [, name = '', model = ''] = /^([^:]+):(.*)$/s.exec(given.trim()) ?? [];
  const provider = providerNames.find((known) => known === name.toLowerCase());
  if (!provider) {
    if (name !== '' && name !== 'ft' && !isNamedServer) throw unknownProvider(name, model);
    return { provider: 'openai', model: given.trim() };
  }
  if (model === '') throw new UsageError(`--model: expected PROVIDER:MODEL, got ${quote(given)}, without a model`);
  return { provider, model };
}

function unknownProvider(name: string, model: string): UsageError {
  const known = providerNames.join(', ');
  const meant = otherNames[name.toLowerCase()] ?? nearest(name.toLowerCase(), providerNames);
  const hint = meant
    ? `did you mean ${quote(`${meant}:${model}`)}?`
    : `for a model of Ollama write ${quote(`ollama:${name}:${model}`)}, for one of another server give its --base-url`;
  return new UsageError(`--model: ${quote(name)} is no provider that is known (${known}): ${hint}`);
}

/** The provider's address: the flag's, else its variable's, else the usual one. */
export function providerUrl(provider: ProviderName, given: string | undefined, env: Environment): URL {
  const { baseUrl, baseVariable } = providers[provider];
  const variable = env[baseVariable]?.trim() || undefined;
  const name = given === undefined ? baseVariable : '--base-url';
  const text = (given ?? variable ?? baseUrl).trim();
  const isHost = provider === 'ollama' && given === undefined;
  const url = isHost ? ollamaHost(text) : URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${name}: expected a URL such as http://localhost:11434/v1, got ${quote(text)}`);
  }
  if (url.username || url.password) {
    throw new UsageError(`${name}: it may not hold a user and password: leave them out`);
  }
  url.hash = '';
  return url;
}

/**
 * The key of this provider: from the variable that is named, else from its own. No other provider's key is ever looked
 * at. Null where none is set and none may be needed: on this machine, and for Ollama.
 */
export function providerKey(
  provider: ProviderName,
  { named, env, baseUrl }: { named: string | undefined; env: Environment; baseUrl: URL },
): ApiKey | null {
  const variables = named === undefined ? providers[provider].keyVariables : [named];
  for (const variable of variables) {
    const key = env[variable]?.trim();
    if (!key) continue;
    sayable(variable, () => checkHeader('authorization', `Bearer ${key}`));
    return { value: key, variable };
  }
  if (isLoopback(baseUrl) || (provider === 'ollama' && named === undefined)) return null;
  throw new UsageError(
    `the environment variable ${variables.join(' or ')} is not set, and ${baseUrl.host} wants a key (any word will do for a server that asks for none; --api-key-env names another variable)`,
  );
}

function isLoopback({ hostname }: URL): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

/** What can be asked, for who has not said it. */
export function modelChoices(): string {
  const known = providerNames.map((name) => {
    const { example, keyVariables } = providers[name];
    return name === 'ollama' ? `-m ${example}` : `-m ${example} (${keyVariables.join(' or ')})`;
  });
  return `${known.join(', ')}, or --base-url URL -m NAME for any OpenAI-compatible server`;
}
