import { STATUS_CODES } from 'node:http';
import { isIP } from 'node:net';
import { type buildConnector, Client, type Dispatcher } from 'undici';
import { Failure } from '../record/failure.ts';
import { type Connector, track, type Unfinished } from './connector.ts';
import { asFailure } from './errors.ts';
import type { ProxyServer } from './proxy.ts';

export type TunnelOptions = {
  proxy: ProxyServer;
  /** Connects to the proxy. */
  connect: Connector;
  /** Makes TLS on a connection that stands. */
  secure: Connector;
  /** To the end of the tunnel, TLS not counted; 0 is no limit. */
  timeoutMs: number;
  unfinished: Unfinished;
};

/** Connections to https hosts through a proxy, which is asked to connect (RFC 9110, section 9.3.6) and then only passes bytes on. */
export function createTunnel({ proxy, connect, secure, timeoutMs, unfinished }: TunnelOptions): Connector {
  const toProxy = throughProxy(connect, proxy);
  const overTunnel = track(secure, unfinished);
  return (options, callback) => {
    const target = targetOf(options);
    // A client for one request: the connection is the tunnel's from then on.
    const client = new Client(proxy.origin, { connect: toProxy, allowH2: false, headersTimeout: 0, bodyTimeout: 0 });
    unfinished.add(client);
    const timer = timeoutMs > 0 ? setTimeout(() => void client.destroy(late(proxy)), timeoutMs) : undefined;
    const asked = { path: target, headers: { host: target, ...authorizationFor(proxy) } };
    client.connect(asked, (error, answer) => {
      clearTimeout(timer);
      unfinished.delete(client);
      if (error) return callback(asFailure(error, { phase: 'connect', host: nameOf(proxy) }), null);
      const httpSocket = answer.socket as NonNullable<buildConnector.Options['httpSocket']>;
      const isOpen = answer.statusCode >= 200 && answer.statusCode < 300;
      if (isOpen) return overTunnel({ ...options, httpSocket }, callback);
      httpSocket.on('error', () => {}).destroy();
      callback(refusal(answer.statusCode, target, proxy), null);
    });
  };
}

/** A connection to the proxy; what goes wrong with it is told of the proxy, not of the host that was called. */
export function throughProxy(connect: Connector, proxy: ProxyServer): Connector {
  return (options, callback) => {
    connect(options, (...settled) => {
      const [error] = settled;
      if (error) callback(asFailure(error, { phase: 'connect', host: nameOf(proxy) }), null);
      else callback(...settled);
    });
  };
}

/** A request for an http host as a proxy takes it: with the whole URL, on a connection to the proxy. */
export function forwarded(request: Dispatcher.DispatchOptions, proxy: ProxyServer): Dispatcher.DispatchOptions {
  const origin = String(request.origin);
  const own = Object.entries({ host: new URL(origin).host, ...authorizationFor(proxy) }).flat();
  // Whom TLS is made with, where the proxy speaks it; undici would take it from the host header.
  const tls = { servername: hostnameOf(proxy) };
  return {
    ...request,
    ...tls,
    origin: proxy.origin,
    path: origin + request.path,
    headers: [...own, ...(request.headers as string[])],
  };
}

function authorizationFor({ authorization }: ProxyServer): Record<string, string> {
  return authorization === null ? {} : { 'proxy-authorization': authorization };
}

function hostnameOf({ origin }: ProxyServer): string {
  const { hostname } = new URL(origin);
  // An address is no name that a certificate is asked for by.
  return isIP(hostname.replace(/^\[(.*)\]$/, '$1')) === 0 ? hostname : '';
}

function targetOf({ hostname, port }: buildConnector.Options): string {
  return `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port || '443'}`;
}

function nameOf({ origin }: ProxyServer): string {
  return `the proxy ${origin}`;
}

/** Statuses of a proxy that may not be able to reach the host just now. */
const transientStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

function refusal(status: number, target: string, proxy: ProxyServer): Failure {
  const answer = `${status}${STATUS_CODES[status] ? ` ${STATUS_CODES[status]}` : ''}`;
  const hint = proxy.authorization
    ? 'it does not take these credentials'
    : 'give them in its URL, -x http://USER:PASSWORD@HOST:PORT';
  const message =
    status === 407
      ? `${nameOf(proxy)} asks for credentials (${answer}): ${hint}`
      : `${nameOf(proxy)} did not connect to ${target}: it answered ${answer}`;
  return new Failure('connect', message, { phase: 'connect', retryable: transientStatuses.has(status) });
}

function late(proxy: ProxyServer): Failure {
  return new Failure('timeout', `no connection in time (${nameOf(proxy)})`, { phase: 'connect', retryable: true });
}
