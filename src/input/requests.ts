import { AddressBook } from '../record/address-book.ts';
import { rawText } from '../record/json.ts';
import { percentDecoded } from '../record/percent.ts';
import {
  addressOf,
  checkHeader,
  checkMethod,
  type HttpRequest,
  parseUrl,
  urlWithoutCredentials,
} from '../record/request.ts';
import { isSecretHeader, secretsOfHeader } from '../record/secrets.ts';
import { joinBase } from './base-url.ts';
import { type Draft, draftOf, draftOfRow } from './drafts.ts';
import { fieldOf, type InputRecord, objectIn } from './records.ts';
import type { Content, Headers, RequestDefaults } from './request-defaults.ts';
import type { TemplateScope } from './template.ts';

/** Makes requests of what lines say. Throws a Failure `input` for what cannot be sent, `template` for a field that is missing. */
export function createRequests(defaults: RequestDefaults) {
  const common = withoutOverridden(defaults.headers, []);
  const addresses = new AddressBook();
  const known = [...defaults.headers, ...defaults.lineHeaders.map(({ name }) => [name, ''] as const)];
  const lineNames = new Set(defaults.lineHeaders.map(({ name }) => name));
  const secretHeaders = new Set([...lineNames].filter(isSecretHeader));
  /** True where nothing is made anew for each line but its URL. */
  const isPlain = !defaults.query && !defaults.body && defaults.lineHeaders.length === 0;

  /** A URL like the one before, or null: then it has to be parsed. */
  function alike(text: string): HttpRequest | null {
    const address = isPlain ? addresses.find(text) : null;
    if (!address) return null;
    const { origin, host, path } = address;
    return { origin, host, path, url: text, method: defaults.method ?? 'GET', headers: common, body: null };
  }

  function build({ url: text, method, headers: own, body }: Draft, scope: TemplateScope): HttpRequest {
    const url = urlOf(text, defaults);
    const query = defaults.query?.(scope);
    if (query) url.search += (url.search ? '&' : '?') + query;
    const hasCredentials = url.username !== '' || url.password !== '';
    const content = body === null ? (defaults.body?.(scope) ?? nothing) : { body };
    const headers = defaults.lineHeaders.length === 0 ? own : [...lineHeadersOf(scope, own), ...own];
    const sent = headers.length === 0 && !hasCredentials ? common : withOwn(url, headers, defaults.headers);
    const verb = method === null ? defaults.method : checkMethod(method);
    const address = addressOf(url);
    addresses.note(text, address);
    return {
      ...address,
      url: hasCredentials ? urlWithoutCredentials(url.href) : hasScheme(text) ? text : url.href,
      method: verb ?? (content === nothing ? 'GET' : 'POST'),
      headers: sent,
      ...content,
    };
  }

  function lineHeadersOf(scope: TemplateScope, own: Headers): [string, string][] {
    return defaults.lineHeaders
      .filter(({ name }) => !own.some(([given]) => given === name))
      .map(({ name, value }) => {
        const text = value.render(scope).trim();
        return [checkHeader(name, text), text];
      });
  }

  return {
    /** Whether a record is only what the templates ask for: the URL is made of a template. */
    hasUrl: defaults.url !== null,
    /** The method of a request that brings none. */
    method: defaults.method ?? (defaults.body ? 'POST' : 'GET'),
    /** The URL that the template makes of a line. */
    urlOf: (scope: TemplateScope): string => defaults.url?.render(scope) ?? scope.line,
    /** A line that is a URL, or of which one has been made. */
    fromUrl: (url: string, scope: TemplateScope = { index: 0, line: url, record: null }): HttpRequest =>
      alike(url) ?? build({ url, method: null, headers: [], body: null }, scope),
    /** A record with `url`, and `method`, `headers`, `body` where they differ from the command line's. */
    fromRecord: (record: InputRecord, scope: TemplateScope = scopeOf(record)): HttpRequest =>
      build(draftOf(record, known, scope.line), scope),
    /** A row that is to be done again. */
    fromRow: (row: InputRecord, scope: TemplateScope = scopeOf(row)): HttpRequest =>
      build(draftOfRow(row, { headers: known, hasBody: defaults.body !== null, text: scope.line }), scope),
    /** The headers of a request that other lines may have otherwise. */
    ownHeaders({ headers }: HttpRequest, record: InputRecord | null): (readonly [name: string, value: unknown])[] {
      const given = defaults.url === null && record ? (fieldOf(record, 'headers') ?? {}) : {};
      const made = headers.flatMap((name, at) =>
        at % 2 === 0 && lineNames.has(name) ? [[name, headers[at + 1]] as const] : [],
      );
      return [...Object.entries(given), ...made];
    },
    /** What a URL of the input gives away. */
    secretsOf: (url: string): readonly string[] => secretsOfUrl(url, defaults.protoDefault),
    /** What the headers that were made for this line give away. */
    secretsIn: ({ headers }: HttpRequest): readonly string[] => {
      if (secretHeaders.size === 0) return none;
      return headers.flatMap((name, at) =>
        at % 2 === 0 && secretHeaders.has(name) ? secretsOfHeader(name, headers[at + 1] ?? '') : [],
      );
    },
  };
}

export type Requests = ReturnType<typeof createRequests>;

function scopeOf(record: InputRecord): TemplateScope {
  return { index: 0, line: '', record };
}

/** What a text means as a URL; a Failure `input` when it means none. */
export function urlOf(text: string, { baseUrl, protoDefault }: Pick<RequestDefaults, 'baseUrl' | 'protoDefault'>): URL {
  if (baseUrl && text.startsWith('/')) return joinBase(baseUrl, text);
  return parseUrl(withScheme(text, protoDefault));
}

function withScheme(text: string, protoDefault: RequestDefaults['protoDefault']): string {
  return protoDefault === null || hasScheme(text) ? text : `${protoDefault}://${text}`;
}

/** Only at the beginning: a path or query may hold a URL of its own. */
function hasScheme(text: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(text);
}

function withOwn(url: URL, own: Headers, common: Headers): readonly string[] {
  const headers = [...own];
  const hasCredentials = url.username !== '' || url.password !== '';
  if (hasCredentials && !own.some(([name]) => name === 'authorization')) {
    headers.push(['authorization', `Basic ${basicOf(url)}`]);
  }
  return withoutOverridden(common, headers);
}

/** The common headers, each replaced by a request's own of the same name; names and values in turn. */
function withoutOverridden(common: Headers, own: Headers): readonly string[] {
  const names = new Set(own.map(([name]) => name));
  return [...common.filter(([name]) => !names.has(name)), ...own].flat();
}

function basicOf({ username, password }: URL): string {
  return Buffer.from(`${percentDecoded(username)}:${percentDecoded(password)}`).toString('base64');
}

const none: readonly string[] = [];
const nothing: Content = { body: null };

/**
 * What a line's URL gives away: nothing, or its password in each form in which it may turn up again. One that does not
 * parse is shown all the same, as `input`, so what stands in the password's place counts there.
 */
export function secretsOfUrl(text: string, protoDefault: RequestDefaults['protoDefault'] = null): readonly string[] {
  if (!text.includes('@')) return none;
  const whole = withScheme(text, protoDefault);
  const url = URL.parse(whole);
  if (url && url.username === '' && url.password === '') return none;
  // As it is written: parsing drops tabs and line ends, and encodes what it does not like.
  const [, written = ''] = (url ? userinfo : userinfoOfNoUrl).exec(whole) ?? [];
  const secret = url ? url.password || url.username : '';
  const basic = url ? basicOf(url) : '';
  return [basic, secret, percentDecoded(secret), written.slice(written.indexOf(':') + 1)].filter((form) => form !== '');
}

const userinfo = /^[^/?#@:]*:[\\/]*([^/?#]*)@/;
/** As in `urlWithoutCredentials`: a password that no URL can hold may hold anything. An e-mail address is none. */
const userinfoOfNoUrl = /^[^@:]*:[\\/]*(.*)@/s;

/** What a record's own headers give away; of a row, also those of its request. */
export function secretsOfRecord(record: InputRecord): readonly string[] {
  const request = objectIn(fieldOf(record, 'request'));
  return [record, ...(request ? [request] : [])].flatMap((one) => secretsOfHeaders(objectIn(fieldOf(one, 'headers'))));
}

function secretsOfHeaders(headers: InputRecord | null): string[] {
  return Object.entries(headers ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((one) => {
      const text = rawText(one) ?? one;
      return typeof text === 'object' ? [] : secretsOfHeader(name, String(text).trim());
    }),
  );
}
