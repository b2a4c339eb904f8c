import { Failure } from './failure.ts';
import { masked } from './secrets.ts';

/** One HTTP request, checked and ready to send. */
export type HttpRequest = Address & {
  /** For people and for rows: as the user wrote it, credentials masked. */
  readonly url: string;
  readonly method: string;
  /** Names (lower case) and values in turn, as undici takes them. */
  readonly headers: readonly string[];
  readonly body: string | Uint8Array | null;
  /** A body that is streamed, in place of the other. */
  readonly stream?: StreamedBody;
  /** The body holds a credential: it goes to no other origin. */
  readonly isPrivate?: boolean;
};

/** A body that may be larger than memory: a form with files. */
export type StreamedBody = {
  /** What it is made of, for people and for rows: the same for the same body. */
  readonly parts: readonly string[];
  /** Gets ready to send it once. Rejects with a Failure where that cannot be. */
  open(): Promise<{ readonly length: number | null; readonly chunks: AsyncIterable<Uint8Array> }>;
};

/** What `fetch` is to do for one line. */
export type FetchTask = {
  /** As the row shows them, also where no request could be made of the line. */
  readonly url: string | null;
  readonly method: string;
  /** Null only in a job that has failed already. */
  readonly request: HttpRequest | null;
  /** The lane that the user names for it; null is the host of each call. */
  readonly lane: string | null;
  /** The same for tasks whose requests are the same to the letter, where one answer is to do for all. */
  readonly twin?: string;
  /** What the user names the file of its body, as yet unsafe; null is a name made of its id and URL. */
  readonly fileName: string | null;
  /** The line as JSON text, when rows are to include it. */
  readonly input: string | null;
  /** Values of this line alone that no row or message may show. */
  readonly secrets: readonly string[];
};

/** Where a request goes. */
export type Address = {
  /** Scheme, host and port: where the connection goes. */
  readonly origin: string;
  /** `host:port`, always with the port: the default lane. */
  readonly host: string;
  /** Path and query, as sent. */
  readonly path: string;
};

/** What an HTTP answer leaves for the row. */
export type HttpAnswer = {
  readonly status: number | null;
  readonly finalUrl: string | null;
  /** Names in lower case; set-cookie is a list. */
  readonly headers: HttpHeaders | null;
  readonly body: Body | null;
  /** Length of the body after decompression; null where that is not known. */
  readonly bytes: number | null;
  readonly connectMs: number | null;
  readonly ttfbMs: number | null;
};

export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * A body as the row holds it. `raw` is JSON text, checked, on one line, each digit as the server sent it. `replaced`
 * counts the characters U+FFFD in it that stand for bytes which do not fit its charset; absent where all do.
 */
export type Body =
  | { readonly kind: 'json'; readonly raw: string; readonly replaced?: number }
  | { readonly kind: 'text'; readonly text: string; readonly replaced?: number }
  | { readonly kind: 'base64'; readonly data: string }
  /** Saved; `path` is what the row shows. */
  | { readonly kind: 'file'; readonly path: string };

/** Methods that may be sent again without harm (RFC 9110, section 9.2.2). */
const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export function isIdempotent(method: string): boolean {
  return idempotentMethods.has(method);
}

/** Control characters, which no URL, method or header may bring along. Tabs and line ends would be dropped silently. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controls = /[\u0000-\u001f\u007f]/;
const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what a header value must not hold (RFC 9110, section 5.5)
const invalidValue = /[\u0000-\u0008\u000a-\u001f\u007f\u0100-\uffff]/;
/** Servers take headers of 8 to 32 KiB, all of a request together. */
export const longestValue = 64 * 1024;
/** Headers that frame the message or the connection: they are the program's to set. */
const framing: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** An absolute http(s) URL, or one on a base, or a Failure `input` that says what is wrong with it. */
export function parseUrl(text: string, base?: URL): URL {
  if (controls.test(text)) throw new Failure('input', `the URL holds a control character: ${quote(text)}`);
  const url = URL.parse(text, base?.href);
  if (!url) throw new Failure('input', `not a URL: ${quote(text)}${hintFor(text)}`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    // `localhost:8080/x` parses, as a URL whose scheme is `localhost:`.
    if (!text.includes('://')) throw new Failure('input', `not a URL: ${quote(text)}${hintFor(text)}`);
    throw new Failure('input', `only http and https can be called, not ${url.protocol} (${quote(text)})`);
  }
  if (url.hostname === '') throw new Failure('input', `the URL has no host: ${quote(text)}`);
  return url;
}

function hintFor(text: string): string {
  if (/^[\w-]+(\.[\w-]+)*(:\d+)?([/?#].*)?$/.test(text)) return ' (for a bare host use --proto-default https)';
  if (text.startsWith('/')) return ' (a path needs --base-url)';
  return '';
}

/** The address of a parsed URL. Credentials and the fragment stay behind. */
export function addressOf(url: URL): Address {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return { origin: url.origin, host: `${url.hostname}:${port}`, path: url.pathname + (url.search || emptyQuery(url)) };
}

/** `?` where a URL ends with it, which `search` does not tell: to a server, `/x?` may be another place than `/x`. */
function emptyQuery({ href, hash }: URL): string {
  const fragment = hash === '' && href.endsWith('#') ? 1 : hash.length;
  return href.charCodeAt(href.length - fragment - 1) === 0x3f ? '?' : '';
}

/** The method in capitals if it is one of the usual ones, else as given; a Failure `input` if it cannot be sent. */
export function checkMethod(method: string): string {
  if (!token.test(method)) throw new Failure('input', `not an HTTP method: ${quote(method)}`);
  const upper = method.toUpperCase();
  if (upper === 'CONNECT') throw new Failure('input', 'the method CONNECT opens tunnels; it cannot be called');
  return /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|QUERY)$/.test(upper) ? upper : method;
}

/** The header's name in lower case; a Failure `input` if it or its value cannot be sent. The value is never shown. */
export function checkHeader(name: string, value: string): string {
  if (!token.test(name)) throw new Failure('input', `not a header name: ${quote(name)}`);
  const lower = name.toLowerCase();
  if (framing.has(lower)) throw new Failure('input', `the header ${lower} is set by sluice itself and cannot be given`);
  if (value.length > longestValue) {
    const size = `${value.length} characters, and at most ${longestValue} are sent`;
    throw new Failure('input', `the header ${lower.slice(0, 100)} has a value of ${size}`);
  }
  const at = value.search(invalidValue);
  if (at !== -1)
    throw new Failure('input', `the header ${lower} has a value that cannot be sent: ${faultAt(value, at)}`);
  return lower;
}

/** Where a value goes wrong, and how; it may be a key, so no character is shown. All before that are Latin-1. */
function faultAt(value: string, at: number): string {
  const place = `its character ${at + 1}`;
  if (/[\r\n]/.test(value.charAt(at))) return `${place} is a line end`;
  if (value.charCodeAt(at) < 0x100) return `${place} is a control character`;
  return `${place} is beyond Latin-1, and headers hold nothing else: encode it`;
}

/** A text with the user and password of every URL in it masked, as rows and messages show it. */
export function withoutCredentials(text: string): string {
  return text.includes('@') ? text.replace(/([a-z][a-z\d+.-]*:[\\/]+)[^/?#\s"]*@/gi, `$1${masked}@`) : text;
}

/**
 * The same for a text that is one URL, or was meant to be one. Where no host can be read from it, a password in it may
 * hold anything, even the marks that would end it: all up to the last `@` is masked.
 */
export function urlWithoutCredentials(text: string): string {
  if (!text.includes('@')) return text;
  const hasHost = Boolean(URL.parse(text)?.hostname);
  const beforeHost = hasHost ? /^([^/?#@:]*:[\\/]*)[^/?#]*@/ : /^([^@:]*:[\\/]*).*@/s;
  return text.replace(beforeHost, `$1${masked}@`);
}

/** Hostile text for a message: short, on one line, without control characters or credentials. */
export function quote(hostile: string): string {
  const text = withoutCredentials(urlWithoutCredentials(hostile));
  const short = text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text;
  return `\`${short.replace(/[\p{Cc}\u2028\u2029]/gu, '\ufffd')}\``;
}
