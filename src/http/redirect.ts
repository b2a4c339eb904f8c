import { Failure } from '../record/failure.ts';
import { addressOf, type HttpRequest, parseUrl, quote, withoutCredentials } from '../record/request.ts';

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Headers that may go to another origin: they say what we are and take and want done once, not who we are. */
const harmless = /^(?:accept(?:-.+)?|user-agent|content-type|idempotency-key)$/;
const aboutBody = /^content-/;

/** Where a response sends us, or null when it is an answer: no redirect, or one whose Location is missing or empty. */
export function locationOf(status: number, location: string | string[] | undefined): string | null {
  if (!redirectStatuses.has(status) || location === undefined) return null;
  const first = Array.isArray(location) ? location[0] : location;
  return first?.trim() ? first : null;
}

/**
 * The request of the next hop (RFC 9110, section 15.4). To another origin only `harmless` headers follow, and no body
 * with a credential. Throws a Failure `redirect` for a place that must not be called.
 */
export function redirected(request: HttpRequest, status: number, location: string): HttpRequest {
  // Not by two arguments: a path that begins with // would be taken for a host.
  const current = new URL(request.origin + request.path);
  const url = resolve(location, current);
  if (current.protocol === 'https:' && url.protocol === 'http:') {
    throw new Failure('redirect', `redirected from https to http, which is not followed: ${quote(url.href)}`);
  }
  const method = nextMethod(request.method, status);
  const keepsBody = method === request.method;
  const isSameOrigin = url.origin === request.origin;
  const headers: string[] = [];
  for (let at = 0; at < request.headers.length; at += 2) {
    const [name = '', value = ''] = request.headers.slice(at, at + 2);
    if (!isSameOrigin && !harmless.test(name)) continue;
    if (!keepsBody && aboutBody.test(name)) continue;
    headers.push(name, value);
  }
  const { body, stream, isPrivate = false } = request;
  if (isPrivate && keepsBody && !isSameOrigin) {
    throw new Failure(
      'redirect',
      `redirected to another origin, which must not have the credential in the body: ${quote(url.href)}`,
    );
  }
  const content = keepsBody ? { body, ...(stream && { stream }), ...(isPrivate && { isPrivate }) } : { body: null };
  return { ...addressOf(url), url: withoutCredentials(url.href), method, headers, ...content };
}

function resolve(location: string, base: URL): URL {
  // Header values arrive as Latin-1; what was meant is nearly always UTF-8. Other bytes go back as they came.
  const text = Buffer.from(location, 'latin1').toString('utf8');
  const url = URL.parse(text.includes('\ufffd') ? location.replace(/[\x80-\xff]/g, escape) : text, base.href);
  if (!url) throw new Failure('redirect', `redirected to something that is no URL: ${quote(location)}`);
  try {
    return parseUrl(url.href);
  } catch (cause) {
    throw new Failure('redirect', `redirected to a place that cannot be called: ${quote(url.href)}`, { cause });
  }
}

/** 303 means "look there", and what everyone does with 301 and 302 after a POST is the same. */
function nextMethod(method: string, status: number): string {
  if (status === 303 && method !== 'HEAD') return 'GET';
  if ((status === 301 || status === 302) && method === 'POST') return 'GET';
  return method;
}
