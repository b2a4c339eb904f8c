import { AddressBook } from '../record/address-book.ts';
import { rawText } from '../record/json.ts';
import { addressOf, checkMethod, type HttpRequest, parseUrl, urlWithoutCredentials } from '../record/request.ts';
import { secretsOfHeader } from '../record/secrets.ts';
import { type Draft, draftOf, draftOfRow, type Headers } from './drafts.ts';
import { fieldOf, type InputRecord, objectIn } from './records.ts';

/** What the command line says of every request; a record may say otherwise of its own. */
export type RequestDefaults = {
  /** Null: GET, or POST where there is a body. */
  readonly method: string | null;
  /** Checked, names in lower case. */
  readonly headers: Headers;
  readonly body: string | Uint8Array | null;
  /** Added to the query of every URL (`-G`), encoded already. */
  readonly query: string;
  /** What URLs that begin with `/` stand on. */
  readonly baseUrl: URL | null;
  /** The scheme of URLs that have none. */
  readonly protoDefault: 'http' | 'https' | null;
};

/** Makes requests of what lines say. Throws a Failure `input` for what cannot be sent. */
export function createRequests(defaults: RequestDefaults) {
  const common = withoutOverridden(defaults.headers, []);
  const addresses = new AddressBook();
  const usualMethod = defaults.method ?? (defaults.body === null ? 'GET' : 'POST');

  /** A URL like the one before, or null: then it has to be parsed. */
  function alike(text: string): HttpRequest | null {
    const address = defaults.query === '' ? addresses.find(text) : null;
    if (!address) return null;
    const { origin, host, path } = address;
    return { origin, host, path, url: text, method: usualMethod, headers: common, body: defaults.body };
  }

  function build({ url: text, method, headers, body }: Draft): HttpRequest {
    const url = parse(text, defaults);
    if (defaults.query) url.search += (url.search ? '&' : '?') + defaults.query;
    const hasCredentials = url.username !== '' || url.password !== '';
    const sent = headers.length === 0 && !hasCredentials ? common : withOwn(url, headers, defaults.headers);
    const content = body ?? defaults.body;
    const verb = method === null ? defaults.method : checkMethod(method);
    const address = addressOf(url);
    addresses.note(text, address);
    return {
      ...address,
      url: hasCredentials ? urlWithoutCredentials(url.href) : hasScheme(text) ? text : url.href,
      method: verb ?? (content === null ? 'GET' : 'POST'),
      headers: sent,
      body: content,
    };
  }

  return {
    /** A line that is a URL. */
    fromUrl: (text: string): HttpRequest => alike(text) ?? build({ url: text, method: null, headers: [], body: null }),
    /** A record with `url`, and `method`, `headers`, `body` where they differ from the command line's. */
    fromRecord: (record: InputRecord): HttpRequest => build(draftOf(record, defaults.headers)),
    /** A row that is to be done again. */
    fromRow: (row: InputRecord): HttpRequest => build(draftOfRow(row, defaults)),
    /** What a URL of the input gives away. */
    secretsOf: (url: string): readonly string[] => secretsOfUrl(url, defaults.protoDefault),
  };
}

function parse(text: string, { baseUrl, protoDefault }: RequestDefaults): URL {
  if (baseUrl && text.startsWith('/')) return parseUrl(text, baseUrl);
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
  return [basic, secret, unescaped(secret), written.slice(written.indexOf(':') + 1)].filter((form) => form !== '');
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
