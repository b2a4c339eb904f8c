import * as Flags from '@oclif/core/flags';
import { acceptEncoding } from '../http/decode.ts';
import { type RequestDefaults, secretsOfUrl } from '../input/requests.ts';
import { Failure } from '../record/failure.ts';
import { checkHeader, checkMethod, parseUrl } from '../record/request.ts';
import { secretsOfHeader } from '../record/secrets.ts';
import { type DataFlag, joinData } from './request-data.ts';
import { readWhole } from './sources.ts';
import { parseCount, UsageError } from './values.ts';

const helpGroup = 'REQUEST';
const many = { multiple: true, multipleNonGreedy: true, helpGroup } as const;
const noEffect = { helpGroup, hidden: true, summary: 'Accepted for curl users: it is how sluice works anyway.' };

/** curl's letters, for the request alone. */
export const requestFlags = {
  request: Flags.string({
    char: 'X',
    aliases: ['method'],
    helpGroup,
    helpValue: 'METHOD',
    summary: 'Method. Default GET, or POST where there is a body.',
  }),
  header: Flags.string({
    char: 'H',
    ...many,
    helpValue: "'NAME: VALUE'",
    summary: 'Header for every request; `NAME:` takes one away, @FILE reads them from a file. Repeatable.',
  }),
  data: Flags.string({
    char: 'd',
    ...many,
    helpValue: 'DATA',
    summary: 'Body, or @FILE without its line ends. Repeated ones are joined by &.',
  }),
  'data-binary': Flags.string({ ...many, helpValue: 'DATA', summary: 'Body, or @FILE as it is.' }),
  'data-urlencode': Flags.string({
    ...many,
    helpValue: 'NAME=TEXT',
    summary: 'Body, percent-encoded: TEXT, NAME=TEXT, @FILE or NAME@FILE.',
  }),
  json: Flags.string({ ...many, helpValue: 'JSON', summary: 'JSON body, or @FILE; sets content-type and accept.' }),
  get: Flags.boolean({ char: 'G', helpGroup, summary: 'Put the data into the query instead of the body.' }),
  head: Flags.boolean({ char: 'I', helpGroup, summary: 'HEAD: headers only (they are then included in the row).' }),
  cookie: Flags.string({
    char: 'b',
    ...many,
    helpValue: 'NAME=VALUE',
    summary: 'Cookie for every request. Repeatable.',
  }),
  referer: Flags.string({ char: 'e', helpGroup, helpValue: 'URL', summary: 'Referer header.' }),
  user: Flags.string({ char: 'u', helpGroup, helpValue: 'USER:PASSWORD', summary: 'Basic authentication.' }),
  'bearer-env': Flags.string({
    helpGroup,
    helpValue: 'NAME',
    summary: 'Bearer token from the environment variable NAME.',
  }),
  'user-agent': Flags.string({ char: 'A', helpGroup, helpValue: 'TEXT', summary: 'User-Agent header.' }),
  compressed: Flags.boolean({
    default: true,
    allowNo: true,
    helpGroup,
    summary: `Ask for compressed answers (${acceptEncoding}). On; --no-compressed turns it off.`,
  }),
  'base-url': Flags.string({ helpGroup, helpValue: 'URL', summary: 'What input URLs that begin with / stand on.' }),
  'proto-default': Flags.option({
    options: ['http', 'https'] as const,
    helpGroup,
    summary: 'Scheme of input URLs that have none.',
  })(),
  'max-redirects': Flags.custom<number>({
    parse: async (text) => parseCount(text, { max: 1000 }),
    default: 10,
    helpGroup,
    helpValue: 'N',
    summary: 'Redirects to follow; 0 follows none.',
  })(),
  location: Flags.boolean({ char: 'L', ...noEffect }),
  silent: Flags.boolean({ char: 's', ...noEffect }),
  'show-error': Flags.boolean({ char: 'S', ...noEffect }),
  fail: Flags.boolean({ char: 'f', ...noEffect }),
};

export type RequestFlags = {
  request?: string | undefined;
  header?: string[] | undefined;
  get: boolean;
  head: boolean;
  cookie?: string[] | undefined;
  referer?: string | undefined;
  user?: string | undefined;
  'bearer-env'?: string | undefined;
  'user-agent'?: string | undefined;
  compressed: boolean;
  'base-url'?: string | undefined;
  'proto-default'?: 'http' | 'https' | undefined;
};

export type RequestSettings = { defaults: RequestDefaults; secrets: string[] };

/** What the flags say of every request, with the values that no output may show. `data` holds the data flags in order. */
export async function requestSettings(
  flags: RequestFlags,
  { data, env, version }: { data: readonly DataFlag[]; env: NodeJS.ProcessEnv; version: string },
): Promise<RequestSettings> {
  const joined = await joinData(data);
  if (flags.head && joined && !flags.get)
    throw new UsageError('-I: a HEAD request has no body; use -G to put the data into the query');
  if (flags.head && flags.request !== undefined && flags.request.toUpperCase() !== 'HEAD')
    throw new UsageError(`-I and -X ${flags.request} contradict each other: give one of them`);
  const headers = new Map([
    ['user-agent', `sluice/${version}`],
    ['accept', '*/*'],
  ]);
  if (flags.compressed) headers.set('accept-encoding', acceptEncoding);
  if (joined && !flags.get) headers.set('content-type', joined.contentType);
  if (joined?.isJson) headers.set('accept', 'application/json');
  if (flags['user-agent'] !== undefined) headers.set('user-agent', flags['user-agent']);
  if (flags.referer !== undefined) headers.set('referer', flags.referer);
  if (flags.cookie) headers.set('cookie', flags.cookie.map(checkCookie).join('; '));
  for (const [flag, authorization] of [userOf(flags), bearerOf(flags, env)].filter((one) => one !== null)) {
    if (headers.has('authorization')) throw new UsageError(`${flag}: the authorization is given twice`);
    headers.set('authorization', authorization);
  }
  for (const line of await headerLines(flags.header ?? [])) applyHeader(headers, line);
  const secrets = [...headers].flatMap(([name, content]) => secretsOfHeader(name, content));
  if (flags['base-url'] !== undefined) secrets.push(...secretsOfUrl(flags['base-url']));
  if (flags.user) secrets.push(flags.user, flags.user.slice(flags.user.indexOf(':') + 1));
  for (const [name, content] of headers) sayable('--header', () => checkHeader(name, content));
  return {
    defaults: {
      method: flags.head
        ? 'HEAD'
        : flags.request === undefined
          ? null
          : sayable('--request', () => checkMethod(flags.request ?? '')),
      headers: [...headers],
      body: joined && !flags.get ? joined.content : null,
      query: joined && flags.get ? joined.content.toString() : '',
      baseUrl: flags['base-url'] === undefined ? null : sayable('--base-url', () => parseUrl(flags['base-url'] ?? '')),
      protoDefault: flags['proto-default'] ?? null,
    },
    secrets,
  };
}

/** A failure of a flag's value is wrong usage, told with the flag. */
export function sayable<T>(flag: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof Failure ? new UsageError(`${flag}: ${error.message}`) : error;
  }
}

function userOf({ user }: RequestFlags): [string, string] | null {
  if (user === undefined) return null;
  if (!user.includes(':')) throw new UsageError('--user: expected USER:PASSWORD (an empty password is `USER:`)');
  return ['--user', `Basic ${Buffer.from(user).toString('base64')}`];
}

function bearerOf({ 'bearer-env': name }: RequestFlags, env: NodeJS.ProcessEnv): [string, string] | null {
  if (name === undefined) return null;
  if (!name) throw new UsageError('--bearer-env: expected the name of an environment variable, got nothing');
  const token = env[name]?.trim();
  if (!token) throw new UsageError(`--bearer-env: the environment variable ${name} is not set`);
  return ['--bearer-env', `Bearer ${token}`];
}

function checkCookie(cookie: string): string {
  if (!cookie.includes('='))
    throw new UsageError(`--cookie: expected NAME=VALUE, got \`${cookie}\` (cookie files cannot be read)`);
  return cookie;
}

async function headerLines(given: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  for (const header of given) {
    if (!header.startsWith('@')) lines.push(header);
    else
      lines.push(
        ...(await readWhole('--header', header.slice(1)))
          .toString('utf8')
          .split(/\r?\n/)
          .filter((line) => line.trim() !== ''),
      );
  }
  return lines;
}

/** `Name: value` sets, `Name;` sets to nothing, `Name:` takes away: as curl does. */
function applyHeader(headers: Map<string, string>, line: string): void {
  const [, name, mark, content] = /^([^:;]+)([:;])(.*)$/s.exec(line) ?? [];
  // What was given is not shown: half of it may be a token.
  if (name === undefined || (mark === ';' && content?.trim())) throw new UsageError("--header: expected 'NAME: VALUE'");
  const lower = sayable('--header', () => checkHeader(name.trim(), ''));
  if (mark === ':' && content?.trim() === '') headers.delete(lower);
  else headers.set(lower, content?.trim() ?? '');
}
