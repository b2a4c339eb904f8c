import { Failure } from '../record/failure.ts';
import { percentDecoded } from '../record/percent.ts';
import { quote } from '../record/request.ts';
import type { Bypass } from './no-proxy.ts';

/** A server that calls others for us. */
export type ProxyServer = {
  /** Scheme, host and port: what people are told, too. */
  readonly origin: string;
  /** What goes into `proxy-authorization`, or null. */
  readonly authorization: string | null;
  /** What no row or message may show. */
  readonly secrets: readonly string[];
};

/** The proxies of a run, by the scheme that is called; null is none. */
export type Proxies = {
  readonly http: ProxyServer | null;
  readonly https: ProxyServer | null;
  readonly bypass: Bypass;
};

/** curl's: a proxy that names no port listens there, or on 443 where it speaks TLS. */
const defaultPort = 1080;

/** `http://user:password@host:port`; without a scheme it is http. Throws a Failure `input` for anything else. */
export function parseProxy(text: string): ProxyServer {
  const given = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.parse(given);
  if (!url || (url.hostname === '' && /^https?:/.test(url.protocol))) {
    throw new Failure('input', `expected a proxy such as http://127.0.0.1:3128, got ${quote(given)}`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Failure(
      'input',
      `only http and https proxies can be used, not ${url.protocol.slice(0, -1)} (${quote(given)})`,
    );
  }
  // A URL forgets a port that is its scheme's usual one.
  const hasPort = url.port !== '' || /:\d+$/.test(given.replace(/^[^/]*\/\/(?:[^/?#]*@)?/, '').split(/[/?#]/)[0] ?? '');
  if (!hasPort && url.protocol === 'http:') url.port = String(defaultPort);
  const [user, password] = [percentDecoded(url.username), percentDecoded(url.password)];
  const isKnown = user !== '' || password !== '';
  const token = Buffer.from(`${user}:${password}`).toString('base64');
  return {
    origin: url.origin,
    authorization: isKnown ? `Basic ${token}` : null,
    secrets: isKnown ? [token, `${url.username}:${url.password}`, password, url.password] : [],
  };
}

/** The proxy through which an origin is called, or null. */
export function proxyFor(origin: URL, { http, https, bypass }: Proxies): ProxyServer | null {
  const isSecure = origin.protocol === 'https:';
  const proxy = isSecure ? https : http;
  if (!proxy) return null;
  const port = Number(origin.port || (isSecure ? 443 : 80));
  return bypass(origin.hostname.replace(/^\[(.*)\]$/, '$1'), port) ? null : proxy;
}
