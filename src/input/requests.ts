import { Failure } from '../record/failure.ts';
import { rawText } from '../record/json.ts';
import {
  addressOf,
  checkHeader,
  checkMethod,
  type HttpRequest,
  parseUrl,
  withoutCredentials,
} from '../record/request.ts';
import { masked, secretsOfHeader } from '../record/secrets.ts';
import { fieldOf, type InputRecord, textOf } from './records.ts';

/** What the command line says of every request; a record may say otherwise of its own. */
export type RequestDefaults = {
  /** Null: GET, or POST where there is a body. */
  readonly method: string | null;
  /** Checked, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | Uint8Array | null;
  /** Added to the query of every URL (`-G`), encoded already. */
  readonly query: string;
  /** What URLs that begin with `/` stand on. */
  readonly baseUrl: URL | null;
  /** The scheme of URLs that have none. */
  readonly protoDefault: 'http' | 'https' | null;
};

/** A request before it is checked. */
type Draft = {
  readonly url: string;
  readonly method: string | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | Uint8Array | null;
};

/** Makes requests of what lines say. Throws a Failure `input` for what cannot be sent. */
export function createRequests(defaults: RequestDefaults) {
  const common = withoutOverridden(defaults.headers, []);

  function build({ url: text, method, headers, body }: Draft): HttpRequest {
    const url = parse(text, defaults);
    if (defaults.query) url.search += (url.search ? '&' : '?') + defaults.query;
    const hasCredentials = text.includes('@') && (url.username !== '' || url.password !== '');
    const sent = headers.length === 0 && !hasCredentials ? common : withOwn(url, headers, defaults.headers);
    const content = body ?? defaults.body;
    const verb = method === null ? defaults.method : checkMethod(method);
    return {
      ...addressOf(url),
      url: hasCredentials ? withoutCredentials(url.href) : text.includes('://') ? text : url.href,
      method: verb ?? (content === null ? 'GET' : 'POST'),
      headers: sent,
      body: content,
    };
  }

  return {
    /** A line that is a URL. */
    fromUrl: (text: string): HttpRequest => build({ url: text, method: null, headers: [], body: null }),
    /** A record with `url`, and `method`, `headers`, `body` where they differ from the command line's. */
    fromRecord: (record: InputRecord): HttpRequest => build(draftOf(record)),
    /** A row that is to be done again. */
    fromRow: (row: InputRecord): HttpRequest => build(draftOfRow(row, defaults)),
  };
}

function parse(text: string, { baseUrl, protoDefault }: RequestDefaults): URL {
  if (baseUrl && text.startsWith('/')) return parseUrl(new URL(text, baseUrl).href);
  if (protoDefault && !text.includes('://')) return parseUrl(`${protoDefault}://${text}`);
  return parseUrl(text);
}

function draftOf(record: InputRecord): Draft {
  const url = textOf(record, 'url');
  if (url === null) throw new Failure('input', 'the record has no `url`');
  const body = bodyOf(fieldOf(record, 'body'));
  const headers = headersOf(fieldOf(record, 'headers'));
  const saysType = headers.some(([name]) => name === 'content-type');
  const own = body.isJson && !saysType ? [...headers, ['content-type', 'application/json'] as const] : headers;
  return { url, method: textOf(record, 'method'), headers: own, body: body.content };
}

/** Only a row that included its request can bring a body and headers again: its own are the response's. */
function draftOfRow(row: InputRecord, defaults: RequestDefaults): Draft {
  const url = textOf(row, 'url');
  if (url === null) throw new Failure('input', 'the row has no `url`, so it cannot be done again');
  const method = textOf(row, 'method');
  const request = fieldOf(row, 'request');
  if (typeof request === 'object' && request !== null) {
    const draft = draftOf({ ...(request as InputRecord), url });
    return { ...draft, headers: draft.headers.filter(([, value]) => !value.includes(masked)) };
  }
  const hasAuthorization = defaults.headers.some(([name]) => name === 'authorization');
  const hadCredentials = url.includes(`://${masked}@`);
  if (hadCredentials && !hasAuthorization) {
    throw new Failure(
      'input',
      'the row cannot be done again: its URL had credentials, which rows never hold (give them with -u)',
    );
  }
  const mayHaveBody = method !== null && !/^(GET|HEAD|DELETE|OPTIONS)$/i.test(method);
  if (mayHaveBody && defaults.body === null) {
    throw new Failure(
      'input',
      `the row cannot be done again: a row does not hold the body of its ${method} unless it was written with --include request`,
    );
  }
  return { url: hadCredentials ? url.replace(`${masked}@`, '') : url, method, headers: [], body: null };
}

function bodyOf(body: unknown): { content: string | null; isJson: boolean } {
  if (body === undefined) return { content: null, isJson: false };
  if (typeof body === 'string') return { content: body, isJson: false };
  return { content: JSON.stringify(body), isJson: true };
}

function headersOf(headers: unknown): [string, string][] {
  if (headers === undefined) return [];
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw new Failure('input', "the record's `headers` must be an object");
  }
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, string] => {
      const text = rawText(one) ?? one;
      if (typeof text === 'object')
        throw new Failure('input', `the record's header \`${name.slice(0, 100)}\` must be a string`);
      const plain = String(text).trim();
      return [checkHeader(name, plain), plain];
    }),
  );
}

function withOwn(url: URL, own: Draft['headers'], common: Draft['headers']): readonly string[] {
  const headers = [...own];
  const hasCredentials = url.username !== '' || url.password !== '';
  if (hasCredentials && !own.some(([name]) => name === 'authorization')) {
    headers.push(['authorization', `Basic ${basicOf(url)}`]);
  }
  return withoutOverridden(common, headers);
}

/** The common headers, each replaced by a request's own of the same name; names and values in turn. */
function withoutOverridden(common: Draft['headers'], own: Draft['headers']): readonly string[] {
  const names = new Set(own.map(([name]) => name));
  return [...common.filter(([name]) => !names.has(name)), ...own].flat();
}

function basicOf({ username, password }: URL): string {
  return Buffer.from(`${unescaped(username)}:${unescaped(password)}`).toString('base64');
}

/** Percent-decoded where it is decodable. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const none: readonly string[] = [];

/** What a line's URL gives away: nothing, or its password in each form in which it may turn up again. */
export function secretsOfUrl(text: string): readonly string[] {
  const url = text.includes('@') ? URL.parse(text) : null;
  if (!url || (url.username === '' && url.password === '')) return none;
  const secret = url.password === '' ? url.username : url.password;
  return [basicOf(url), secret, unescaped(secret)];
}

/** What a record's own headers give away. */
export function secretsOfRecord(record: InputRecord): readonly string[] {
  const headers = fieldOf(record, 'headers');
  if (typeof headers !== 'object' || headers === null) return none;
  return Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => (typeof one === 'string' ? secretsOfHeader(name, one.trim()) : [])),
  );
}
