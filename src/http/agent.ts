import { buildConnector, type Dispatcher, Pool } from 'undici';
import { servedBefore } from './errors.ts';

export type AgentOptions = {
  /** Connections to one origin at once. */
  concurrency: number;
  /** Name, connection and TLS together, in milliseconds; 0 is no limit. */
  connectTimeoutMs: number;
};

/** What an exchange needs of undici. */
export type Agent = Pick<Dispatcher, 'dispatch'> & {
  /** Closes all connections, whatever they are doing. */
  destroy(): Promise<void>;
};

/** Idle connections are let go beyond so many open ones, or twice the concurrency: a list may name any number of hosts. */
const comfortable = 256;

/**
 * The connections of a run: a pool for each origin, the longest unused first. undici's own Agent keeps every pool until
 * its connections time out, and a list of 20,000 hosts then runs out of file descriptors.
 */
export function createAgent({ concurrency, connectTimeoutMs }: AgentOptions): Agent {
  const connector = buildConnector({ timeout: connectTimeoutMs, allowH2: false });
  const pools = new Map<string, Pool>();
  const maxOpen = Math.max(comfortable, concurrency * 2);
  let open = 0;

  const connect: buildConnector.connector = (options, callback) => {
    open += 1;
    if (open > maxOpen) closeIdle();
    connector(options, (...settled) => {
      const [error, socket] = settled;
      if (error) open -= 1;
      else {
        socket.prependListener('error', (broken) => servedBefore.set(broken, socket.bytesRead));
        socket.once('close', () => {
          open -= 1;
        });
      }
      callback(...settled);
    });
  };

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

  function poolFor(origin: string): Pool {
    const known = pools.get(origin);
    if (known && pools.size === 1) return known;
    const pool =
      known ??
      new Pool(origin, {
        connect,
        connections: concurrency,
        allowH2: false,
        pipelining: 1,
        // Off, since undici's timers run between bytes only: the clocks are the engine's.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
    // A map keeps the order of insertion: the pool that was used last is the last to go.
    if (pools.size > 1) pools.delete(origin);
    pools.set(origin, pool);
    return pool;
  }

  return {
    dispatch: (options, handler) => poolFor(String(options.origin)).dispatch(options, handler),
    async destroy() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}
