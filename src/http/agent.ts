import { buildConnector, type Dispatcher, Pool } from 'undici';
import { type Connector, createConnector, type Unfinished } from './connector.ts';
import { servedBefore } from './errors.ts';
import { beLenient } from './lenient.ts';
import { type Proxies, proxyFor } from './proxy.ts';
import type { Resolutions } from './resolve.ts';
import { waitOutShortages } from './shortage.ts';
import type { TlsSettings } from './tls.ts';
import { createTunnel, forwarded, throughProxy } from './tunnel.ts';

export type AgentOptions = {
  /** Connections to one origin at once. */
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
  proxies: Proxies | null;
  unixSocket: string | null;
  resolutions: Resolutions;
  blocksPrivate: boolean;
  /** Speak HTTP/2 with those https servers that can. */
  allowsHttp2: boolean;
};

/** What an exchange needs of undici. */
export type Agent = Pick<Dispatcher, 'dispatch'> & {
  /** Closes all connections, whatever they are doing. */
  destroy(): Promise<void>;
};

/** Idle connections are let go beyond so many open ones, or twice the concurrency: a list may name any number of hosts. */
const comfortable = 256;

/** As much as curl takes. */
const maxHeaderSize = 300 * 1024;

/**
 * The connections of a run: a pool for each origin, the longest unused first. undici's own Agent keeps every pool until
 * its connections time out, and a list of 20,000 hosts then runs out of file descriptors.
 */
export function createAgent(options: AgentOptions): Agent {
  const { concurrency, connectTimeoutMs, proxies = null, tls = null, allowsHttp2 = false } = options;
  const { maxConnections = Number.POSITIVE_INFINITY, patienceMs = connectTimeoutMs } = options;
  const pools = new Map<string, Pool>();
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
  // To a proxy: what -k and --cert say is meant for the servers behind it.
  const toProxy = patient(createConnector({ ...connectorOptions, allowsHttp2: false, tls: null }));
  const secure = buildConnector({ timeout: connectTimeoutMs, allowH2: allowsHttp2, ...tls });

  function counted(connect: Connector): Connector {
    return (wanted, callback) => {
      open += 1;
      if (open > maxOpen) closeIdle();
      connect(wanted, (...settled) => {
        const [error, socket] = settled;
        if (error) open -= 1;
        else {
          socket.prependListener('error', (broken) => servedBefore.set(broken, socket.bytesRead));
          socket.once('close', () => {
            open -= 1;
          });
        }
        callback(...settled);
        if (socket) beLenient(socket);
      });
    };
  }

  /** Closes pools in which nothing happens, the longest unused first, until few enough connections can be left. */
  function closeIdle(): void {
    let surplus = open - maxOpen / 2;
    for (const [origin, pool] of pools) {
      if (surplus <= 0) return;
      const { connected, running, pending, queued } = pool.stats;
      if (running + pending + queued > 0) continue;
      surplus -= connected;
      pools.delete(origin);
      // Nothing is running in it, so it closes at once; an error on the way would change nothing.
      pool.close().catch(() => {});
    }
  }

  /** `key` is the origin, or the proxy that answers for many of them. */
  function poolFor(key: string, origin: string, connector: () => Connector): Pool {
    const known = pools.get(key);
    if (known && pools.size === 1) return known;
    const pool =
      known ??
      new Pool(origin, {
        connect: counted(connector()),
        connections: concurrency,
        allowH2: allowsHttp2 && key.startsWith('https:'),
        pipelining: 1,
        maxHeaderSize,
        // Off, since undici's timers run between bytes only: the clocks are the engine's.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
    // A map keeps the order of insertion: the pool that was used last is the last to go.
    if (pools.size > 1) pools.delete(key);
    pools.set(key, pool);
    return pool;
  }

  return {
    dispatch(request, handler) {
      const origin = String(request.origin);
      const proxy = proxies && proxyFor(new URL(origin), proxies);
      if (!proxy) return poolFor(origin, origin, () => direct).dispatch(request, handler);
      if (origin.startsWith('https:')) {
        const tunnel = () => createTunnel({ proxy, connect: toProxy, secure, timeoutMs: connectTimeoutMs, unfinished });
        return poolFor(origin, origin, tunnel).dispatch(request, handler);
      }
      const pool = poolFor(`proxy ${proxy.origin}`, proxy.origin, () => throughProxy(toProxy, proxy));
      return pool.dispatch(forwarded(request, proxy), handler);
    },
    async destroy() {
      const closed = Promise.all([...pools.values()].map((pool) => pool.destroy()));
      for (const one of unfinished) one.destroy();
      await closed;
    },
  };
}
