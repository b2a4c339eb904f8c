import { buildConnector, type Dispatcher } from 'undici';
import { type Connections, ExclusiveConnections, type Lease, SharedConnections } from './connections.ts';
import { type Connector, createConnector, type Unfinished } from './connector.ts';
import { brokenBefore, servedBefore } from './errors.ts';
import { hearLastWords } from './last-words.ts';
import { beLenient } from './lenient.ts';
import { type Proxies, proxyFor } from './proxy.ts';
import type { Resolutions } from './resolve.ts';
import { waitOutShortages } from './shortage.ts';
import type { TlsSettings } from './tls.ts';
import { createTunnel, forwarded, throughProxy } from './tunnel.ts';

export type AgentOptions = {
  /** Exchanges at once, to all origins together. */
  concurrency: number;
  /** Name, connection and TLS together, in milliseconds; 0 is no limit. */
  connectTimeoutMs: number;
  /** How long a connection may wait for a free descriptor or port of this machine. Default: the time to connect. */
  patienceMs?: number;
  /** Open connections that this machine has room for. */
  maxConnections?: number;
} & Partial<ConnectionSettings>;

/** What a connection is made of, beyond the usual. */
export type ConnectionSettings = {
  tls: TlsSettings | null;
  /** The same for proxies that speak TLS: whom to trust, and nothing about us. */
  proxyTls: TlsSettings | null;
  proxies: Proxies | null;
  unixSocket: string | null;
  resolutions: Resolutions;
  blocksPrivate: boolean;
  /** Speak HTTP/2 with those https servers that can. */
  allowsHttp2: boolean;
};

/** What an exchange needs of undici. */
export type Agent = {
  /** Sends a request, on a connection of its own but for HTTP/2, where many share one. The handler may be told at once that it failed, before this returns. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): Lease;
  /** Closes all connections, whatever they are doing. */
  destroy(): Promise<void>;
};

/** Idle connections are let go beyond so many open ones, or twice the concurrency: a list may name any number of hosts. */
const comfortable = 256;

/**
 * The connections of a run by their origins, the longest unused first. undici's own Agent keeps every origin until its
 * connections time out, and a list of 20,000 hosts then runs out of file descriptors.
 */
export function createAgent(options: AgentOptions): Agent {
  const { concurrency, connectTimeoutMs, proxies = null, tls = null, allowsHttp2 = false } = options;
  const { maxConnections = Number.POSITIVE_INFINITY, patienceMs = connectTimeoutMs } = options;
  const origins = new Map<string, Connections>();
  const maxOpen = Math.min(Math.max(comfortable, concurrency * 2), maxConnections);
  const unfinished: Unfinished = new Set();
  let open = 0;

  const connectorOptions = {
    timeoutMs: connectTimeoutMs,
    unixSocket: options.unixSocket ?? null,
    resolutions: options.resolutions ?? new Map(),
    blocksPrivate: options.blocksPrivate ?? false,
    unfinished,
  };
  const patient = (connect: Connector): Connector =>
    waitOutShortages(connect, { patienceMs: patienceMs || Number.POSITIVE_INFINITY, makeRoom: closeIdle, unfinished });
  const direct = patient(createConnector({ ...connectorOptions, allowsHttp2, tls }));
  const proxyTls = options.proxyTls ?? null;
  const toProxy = patient(createConnector({ ...connectorOptions, allowsHttp2: false, tls: proxyTls }));
  const secure = buildConnector({ timeout: connectTimeoutMs, allowH2: allowsHttp2, ...tls });

  function counted(connect: Connector): Connector {
    return (wanted, callback) => {
      open += 1;
      if (open > maxOpen) closeIdle();
      connect(wanted, (...settled) => {
        const [error, socket] = settled;
        if (error) open -= 1;
        else {
          let first: Error | null = null;
          socket.prependListener('error', (broken) => {
            servedBefore.set(broken, socket.bytesRead);
            if (first && first !== broken) brokenBefore.set(broken, first);
            first ??= broken;
          });
          socket.once('close', () => {
            open -= 1;
          });
          hearLastWords(socket);
        }
        callback(...settled);
        if (socket) beLenient(socket);
      });
    };
  }

  /** Forgets origins with which nothing happens, the longest unused first, until few enough connections can be left. */
  function closeIdle(): void {
    let surplus = open - maxOpen / 2;
    for (const [key, connections] of origins) {
      if (surplus <= 0) return;
      if (!connections.isIdle) continue;
      surplus -= connections.open;
      origins.delete(key);
      void connections.destroy();
    }
  }

  /** `key` is the origin, or the proxy that answers for many of them. */
  function connectionsTo(key: string, origin: string, connector: () => Connector): Connections {
    const known = origins.get(key);
    if (known && origins.size === 1) return known;
    const connections = known ?? make(key, origin, counted(connector()));
    // A map keeps the order of insertion: the one that was used last is the last to go.
    if (origins.size > 1) origins.delete(key);
    origins.set(key, connections);
    return connections;
  }

  function make(key: string, origin: string, connect: Connector): Connections {
    const mayShare = allowsHttp2 && key.startsWith('https:');
    return mayShare ? new SharedConnections(origin, connect, concurrency) : new ExclusiveConnections(origin, connect);
  }

  return {
    dispatch(request, handler) {
      const origin = String(request.origin);
      const proxy = proxies && proxyFor(new URL(origin), proxies);
      if (!proxy) return connectionsTo(origin, origin, () => direct).dispatch(request, handler);
      if (origin.startsWith('https:')) {
        const tunnel = () => createTunnel({ proxy, connect: toProxy, secure, timeoutMs: connectTimeoutMs, unfinished });
        return connectionsTo(origin, origin, tunnel).dispatch(request, handler);
      }
      const connections = connectionsTo(`proxy ${proxy.origin}`, proxy.origin, () => throughProxy(toProxy, proxy));
      return connections.dispatch(forwarded(request, proxy), handler);
    },
    async destroy() {
      const closed = Promise.all([...origins.values()].map((connections) => connections.destroy()));
      for (const one of unfinished) one.destroy();
      await closed;
    },
  };
}
