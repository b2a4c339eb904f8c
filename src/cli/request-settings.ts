import { acceptEncoding } from '../http/decode.ts';
import { formType } from '../input/drafts.ts';
import type { RequestDefaults } from '../input/request-defaults.ts';
import { secretsOfUrl, urlOf } from '../input/requests.ts';
import { compileUrl } from '../input/url-template.ts';
import { checkMethod, parseUrl } from '../record/request.ts';
import { secretsOfHeader } from '../record/secrets.ts';
import { bodyOf, queryOf } from './request-body.ts';
import { type DataFlag, joinData } from './request-data.ts';
import type { RequestFlags } from './request-flags.ts';
import { formOf } from './request-form.ts';
import { applyHeader, checkedHeaders, type HeaderValues, headerLines } from './request-headers.ts';
import { sayable } from './sayable.ts';
import type { Templates } from './templates.ts';
import { UsageError } from './values.ts';

export type RequestSettings = { defaults: RequestDefaults; secrets: string[] };

export type Surroundings = {
  /** The data flags in order. */
  data: readonly DataFlag[];
  templates: Templates;
  env: NodeJS.ProcessEnv;
  version: string;
};

/** What the flags say of every request, with the values that no output may show. */
export async function requestSettings(
  flags: RequestFlags,
  { data, templates, env, version }: Surroundings,
): Promise<RequestSettings> {
  const joined = await joinData(data);
  const form = flags.form ? formOf(flags.form, templates) : null;
  checkBody(flags, { hasData: joined !== null, hasForm: form !== null });
  const headers: HeaderValues = new Map([
    ['user-agent', [`sluice/${version}`]],
    ['accept', ['*/*']],
  ]);
  if (flags.compressed) headers.set('accept-encoding', [acceptEncoding]);
  if (form) headers.set('content-type', [form.contentType]);
  if (joined && !flags.get) headers.set('content-type', [joined.isJson ? 'application/json' : formType]);
  if (joined?.isJson) headers.set('accept', ['application/json']);
  if (flags['user-agent'] !== undefined) headers.set('user-agent', [flags['user-agent']]);
  if (flags.referer !== undefined) headers.set('referer', [flags.referer]);
  if (flags.cookie) headers.set('cookie', [flags.cookie.map(checkCookie).join('; ')]);
  for (const [flag, authorization] of [userOf(flags), bearerOf(flags, env)].filter((one) => one !== null)) {
    if (headers.has('authorization')) throw new UsageError(`${flag}: the authorization is given twice`);
    headers.set('authorization', [authorization]);
  }
  const given = new Set<string>();
  for (const line of await headerLines(flags.header ?? [])) applyHeader(headers, given, line);
  if (form && given.has('content-type')) throw new UsageError('--header: the content-type of a form is set by -F');
  const { fixed, lineHeaders } = checkedHeaders(headers, { given, templates });
  const secrets = [...fixed].flatMap(([name, content]) => secretsOfHeader(name, content));
  if (flags['base-url'] !== undefined) secrets.push(...secretsOfUrl(flags['base-url']));
  if (flags.user) secrets.push(flags.user, flags.user.slice(flags.user.indexOf(':') + 1));
  const contentType = headers.get('content-type')?.at(-1);
  const defaults: RequestDefaults = {
    url: urlTemplate(flags, templates),
    method: methodOf(flags),
    headers: fixed,
    lineHeaders,
    body: form?.body ?? (joined && !flags.get ? bodyOf(joined, { contentType, templates }) : null),
    query: joined && flags.get ? queryOf(joined, { templates }) : null,
    baseUrl: flags['base-url'] === undefined ? null : sayable('--base-url', () => parseUrl(flags['base-url'] ?? '')),
    protoDefault: flags['proto-default'] ?? null,
  };
  checkUrl(flags, defaults);
  return { defaults, secrets };
}

function checkBody({ head, get }: RequestFlags, { hasData, hasForm }: { hasData: boolean; hasForm: boolean }): void {
  if (hasForm && hasData) throw new UsageError('-F: a form cannot be joined with other data');
  if (hasForm && get) throw new UsageError('-G: a form cannot be put into the query');
  if (head && (hasForm || (hasData && !get)))
    throw new UsageError('-I: a HEAD request has no body; use -G to put the data into the query');
}

function urlTemplate({ url }: RequestFlags, templates: Templates): RequestDefaults['url'] {
  if (url === undefined) return null;
  if (url.trim() === '') throw new UsageError('--url: expected a URL with templates such as https://api/users/{{id}}');
  return templates.compile('--url', (options) => compileUrl(url.trim(), options));
}

/** A URL that is wrong whatever its values are is found before the first call. */
function checkUrl({ url }: RequestFlags, defaults: RequestDefaults): void {
  if (url === undefined) return;
  const isOpenEnded = url.trim().startsWith('{{') || url.includes('[');
  if (isOpenEnded && !defaults.url?.isFixed) return;
  const sample = defaults.url?.isFixed ? defaults.url.render(nowhere) : url.trim().replaceAll(/\{\{.*?\}\}/gs, '1');
  const { baseUrl, protoDefault } = defaults;
  sayable('--url', () => urlOf(sample, { baseUrl, protoDefault }));
}

const nowhere = { index: 0, line: '', record: null };

function methodOf({ head, request }: RequestFlags): string | null {
  if (head && request !== undefined && request.toUpperCase() !== 'HEAD')
    throw new UsageError(`-I and -X ${request} contradict each other: give one of them`);
  if (head) return 'HEAD';
  return request === undefined ? null : sayable('--request', () => checkMethod(request));
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
  if (!token) {
    // `--bearer-env "$TOKEN"` is an easy mistake, and what stands here then is the token.
    const shown = /^[A-Z][A-Z\d_]{0,63}$/.test(name)
      ? `variable ${name}`
      : 'variable of that name (not shown: it may be a token)';
    throw new UsageError(`--bearer-env: the environment ${shown} is not set`);
  }
  return ['--bearer-env', `Bearer ${token}`];
}

function checkCookie(cookie: string): string {
  if (!cookie.includes('='))
    throw new UsageError(`--cookie: expected NAME=VALUE, got \`${cookie}\` (cookie files cannot be read)`);
  return cookie;
}
