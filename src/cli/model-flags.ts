import * as Flags from '@oclif/core/flags';
import { acceptEncoding } from '../http/decode.ts';
import type { ApiKey, ModelSettings } from '../llm/codec.ts';
import { parseExactJson } from '../record/json.ts';
import { checkHeader, quote } from '../record/request.ts';
import { sayable } from './sayable.ts';
import { parseCount, UsageError } from './values.ts';

const helpGroup = 'MODEL';

/** Who is asked, and how. */
export const modelFlags = {
  model: Flags.string({ char: 'm', helpGroup, helpValue: 'NAME', summary: 'The model to ask.' }),
  'base-url': Flags.string({
    helpGroup,
    helpValue: 'URL',
    summary: 'The server, up to /v1. Default: OPENAI_BASE_URL, else https://api.openai.com/v1.',
  }),
  'api-key-env': Flags.string({
    default: 'OPENAI_API_KEY',
    helpGroup,
    helpValue: 'NAME',
    summary: 'The environment variable that holds the key. A server on this machine needs none.',
  }),
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
  'api-key-env': string;
  'max-tokens'?: number | undefined;
  temperature?: number | undefined;
  param?: Param[] | undefined;
};

type Environment = NodeJS.ProcessEnv;
type Param = readonly [name: string, value: unknown];

/** Where prompts go and how. Wrong usage when that is not clear, or the key is missing. */
export function modelSettings(
  flags: ModelFlags,
  { env, version }: { env: Environment; version: string },
): ModelSettings {
  const model = modelOf(flags.model);
  const baseUrl = baseUrlOf(flags['base-url'], env);
  const key = keyOf(flags['api-key-env'], { env, baseUrl });
  return {
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
  };
}

function modelOf(given: string | undefined): string {
  if (!given?.trim()) {
    throw new UsageError(
      '--model: no model is given: -m gpt-5-mini, say (GET /models of the server lists what it has)',
    );
  }
  const [, provider] = /^(anthropic|gemini|ollama):./.exec(given) ?? [];
  if (provider) {
    throw new UsageError(
      `--model: ${provider} cannot be asked in its own way yet; give its OpenAI-compatible --base-url, and the model without \`${provider}:\``,
    );
  }
  return given.replace(/^openai:(?=.)/, '');
}

const openai = 'https://api.openai.com/v1';

function baseUrlOf(given: string | undefined, env: Environment): URL {
  const name = given === undefined ? 'OPENAI_BASE_URL' : '--base-url';
  const text = (given ?? (env.OPENAI_BASE_URL || openai)).trim();
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${name}: expected a URL such as http://localhost:11434/v1, got ${quote(text)}`);
  }
  if (url.username || url.password)
    throw new UsageError(`${name}: it may not hold a user and password: leave them out`);
  url.hash = '';
  return url;
}

function keyOf(variable: string, { env, baseUrl }: { env: Environment; baseUrl: URL }): ApiKey | null {
  const key = env[variable]?.trim();
  if (key) {
    sayable(variable, () => checkHeader('authorization', `Bearer ${key}`));
    return { value: key, variable };
  }
  if (isLoopback(baseUrl)) return null;
  throw new UsageError(
    `the environment variable ${variable} is not set, and ${baseUrl.host} wants a key (any word will do for a server that asks for none; --api-key-env names another variable)`,
  );
}

function isLoopback({ hostname }: URL): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
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
const ownFields = ['model', 'messages', 'stream', 'stream_options', 'n'];

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
