import * as Flags from '@oclif/core/flags';
import { acceptEncoding } from '../http/decode.ts';
import type { ModelSettings } from '../llm/codec.ts';
import { parseExactJson } from '../record/json.ts';
import { addressOf, checkHeader, quote } from '../record/request.ts';
import { firstOllamaModel } from './local-ollama.ts';
import { modelChoices, type ProviderName, providerKey, providerUrl, splitModel } from './providers.ts';
import { sayable } from './sayable.ts';
import { parseCount, UsageError } from './values.ts';

const helpGroup = 'MODEL';

/** Who is asked, and how. */
export const modelFlags = {
  model: Flags.string({
    char: 'm',
    helpGroup,
    helpValue: 'PROVIDER:MODEL',
    summary:
      'The model to ask, of openai, anthropic, gemini or ollama; a bare NAME is OpenAI’s. Default: what an Ollama on this machine has.',
  }),
  'base-url': Flags.string({
    helpGroup,
    helpValue: 'URL',
    summary:
      'The server; any that speaks OpenAI’s API, with its /v1, for a bare NAME. Default: OPENAI_BASE_URL, ANTHROPIC_BASE_URL, OLLAMA_HOST …, else the provider’s own.',
  }),
  'api-key-env': Flags.string({
    helpGroup,
    helpValue: 'NAME',
    summary:
      'The environment variable that holds the key. Default: OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY …, as the provider. A server on this machine needs none.',
  }),
  api: Flags.option({
    options: ['chat', 'responses'] as const,
    default: 'chat',
    helpGroup,
    summary: 'Which of OpenAI’s APIs to speak: Chat Completions or Responses.',
  })(),
  'anthropic-version': Flags.string({
    helpGroup,
    helpValue: 'DATE',
    summary: 'The anthropic-version to ask for. Default: 2023-06-01.',
  }),
  'anthropic-auth': Flags.option({
    options: ['x-api-key', 'bearer'] as const,
    helpGroup,
    summary: 'How Anthropic is shown the key. Default: x-api-key, but bearer for ANTHROPIC_AUTH_TOKEN.',
  })(),
  'max-tokens': Flags.custom<number>({
    parse: async (text) => parseCount(text, { min: 1 }),
    helpGroup,
    helpValue: 'N',
    summary: 'Longest answer; one that is cut off is ok, with finish_reason length. Default: the model’s own.',
  })(),
  temperature: Flags.custom<number>({
    parse: async (text) => parseTemperature(text),
    helpGroup,
    helpValue: 'N',
    summary: 'Sent only when given: some models take none.',
  })(),
  param: Flags.custom<Param>({
    parse: async (text) => parseParam(text),
    multiple: true,
    multipleNonGreedy: true,
    helpGroup,
    helpValue: 'KEY=VALUE',
    summary: 'Any other field of the request; VALUE is JSON where it is that, else text. Repeatable.',
  })(),
};

export type ModelFlags = {
  model?: string | undefined;
  'base-url'?: string | undefined;
  'api-key-env'?: string | undefined;
  api: 'chat' | 'responses';
  'anthropic-version'?: string | undefined;
  'anthropic-auth'?: 'x-api-key' | 'bearer' | undefined;
  'max-tokens'?: number | undefined;
  temperature?: number | undefined;
  param?: Param[] | undefined;
  'dry-run'?: boolean;
};

type Environment = NodeJS.ProcessEnv;
type Param = readonly [name: string, value: unknown];

export type ModelOptions = {
  env: Environment;
  version: string;
  /** What answers must fit. */
  schema: Readonly<Record<string, unknown>> | null;
};

/** Who is asked, where prompts go and how. Wrong usage when that is not clear, or the key is missing. */
export async function modelSettings(
  flags: ModelFlags,
  { env, version, schema }: ModelOptions,
): Promise<{ provider: ProviderName; settings: ModelSettings }> {
  const isNamedServer = flags['base-url'] !== undefined || Boolean(env.OPENAI_BASE_URL?.trim());
  const { provider, model } = flags.model?.trim()
    ? splitModel(flags.model, { isNamedServer })
    : await localModel(flags, env);
  refuseForeign(flags, provider);
  const baseUrl = providerUrl(provider, flags['base-url'], env);
  const key = providerKey(provider, { named: flags['api-key-env'], env, baseUrl });
  const settings: ModelSettings = {
    model,
    baseUrl,
    key,
    headers: [
      ['user-agent', `sluice/${version}`],
      ['accept', 'application/json'],
      ['accept-encoding', acceptEncoding],
      ...accountHeaders(baseUrl, env),
    ],
    maxTokens: flags['max-tokens'] ?? null,
    temperature: flags.temperature ?? null,
    params: Object.fromEntries(flags.param ?? []),
    api: flags.api,
    schema,
    auth: flags['anthropic-auth'] ?? (key?.variable === 'ANTHROPIC_AUTH_TOKEN' ? 'bearer' : 'x-api-key'),
    version: flags['anthropic-version'] ?? null,
  };
  return { provider, settings };
}

/** The model to ask when none is named: an Ollama's on this machine. A server that is named is not asked for one. */
async function localModel(flags: ModelFlags, env: Environment): Promise<{ provider: ProviderName; model: string }> {
  if (flags['base-url'] !== undefined || env.OPENAI_BASE_URL?.trim()) {
    throw new UsageError('--model: no model is given: -m NAME (GET /models of the server lists what it has)');
  }
  // Nothing is sent in a dry run, not even a question.
  if (flags['dry-run'])
    throw new UsageError('--model: no model is given: a dry run does not ask for one; name it with -m');
  const baseUrl = providerUrl('ollama', undefined, env);
  const model = await firstOllamaModel(baseUrl);
  if (model !== null) return { provider: 'ollama', model };
  throw new UsageError(
    `--model: no model is given, and no Ollama with one answers at ${addressOf(baseUrl).host}: ${modelChoices()}`,
  );
}

/** Flags of one provider mean nothing to another: whoever gives them expects something that will not come. */
function refuseForeign(flags: ModelFlags, provider: ProviderName): void {
  if (flags.api !== 'chat' && provider !== 'openai') {
    throw new UsageError(`--api: it chooses between OpenAI's APIs, and ${provider} is asked`);
  }
  for (const name of ['anthropic-version', 'anthropic-auth'] as const) {
    if (flags[name] === undefined || provider === 'anthropic') continue;
    throw new UsageError(`--${name}: it is for anthropic, and ${provider} is asked`);
  }
  const version = flags['anthropic-version'];
  if (version !== undefined) sayable('--anthropic-version', () => checkHeader('anthropic-version', version));
}

/** Whose account it is, for those with several. Other servers need not know. */
function accountHeaders({ hostname }: URL, env: Environment): [string, string][] {
  if (!/(?:^|\.)openai\.com$/.test(hostname)) return [];
  const names = [
    ['openai-organization', 'OPENAI_ORG_ID'],
    ['openai-project', 'OPENAI_PROJECT_ID'],
  ] as const;
  return names.flatMap(([header, variable]): [string, string][] => {
    const account = env[variable]?.trim();
    if (!account) return [];
    sayable(variable, () => checkHeader(header, account));
    return [[header, account]];
  });
}

function parseTemperature(text: string): number {
  const temperature = Number(text.trim() === '' ? Number.NaN : text);
  if (!(temperature >= 0 && temperature <= 100)) throw new UsageError(`expected a number such as 0.2, got \`${text}\``);
  return temperature;
}

/** Fields that sluice sets itself: another value would make another kind of answer, or none that a row can hold. */
const ownFields = ['model', 'messages', 'input', 'contents', 'stream', 'stream_options', 'n'];

function parseParam(text: string): Param {
  const mark = text.indexOf('=');
  const name = text.slice(0, Math.max(0, mark)).trim();
  if (name === '') throw new UsageError(`expected KEY=VALUE, got ${quote(text)}`);
  if (ownFields.includes(name)) throw new UsageError(`${name} is set by sluice itself and cannot be given`);
  const given = text.slice(mark + 1);
  try {
    return [name, parseExactJson(given)];
  } catch {
    return [name, given];
  }
}
