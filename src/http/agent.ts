import { buildConnector, type Dispatcher } from 'undici';
import { Connections, type Lease } from './connections.ts';
import { servedBefore } from './errors.ts';

export type AgentOptions = {
  /** Exchanges at once, to all origins together. */
  concurrency: number;
  /** Name, connection and TLS together, in milliseconds; 0 is no limit. */
  connectTimeoutMs: number;
};

/** What an exchange needs of undici. */
export type Agent = {
  /** Sends a request on a connection of its own. The handler may be told at once that it failed, before this returns. */
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
export function createAgent({ concurrency, connectTimeoutMs }: AgentOptions): Agent {
  const connector = buildConnector({ timeout: connectTimeoutMs, allowH2: false });
  const origins = new Map<string, Connections>();
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

  /** Forgets origins with which nothing happens, the longest unused first, until few enough connections can be left. */
  function closeIdle(): void {
    let surplus = open - maxOpen / 2;
    for (const [origin, connections] of origins) {
      if (surplus <= 0) return;
      if (!connections.isIdle) continue;
      surplus -= connections.open;
      origins.delete(origin);
      void connections.destroy();
    }
  }

  function connectionsTo(origin: string): Connections {
    const known = origins.get(origin);
    if (known && origins.size === 1) return known;
    const connections = known ?? new Connections(origin, connect);
    // A map keeps the order of insertion: the origin that was called last is the last to go.
    if (origins.size > 1) origins.delete(origin);
    origins.set(origin, connections);
    return connections;
  }

  return {
    dispatch: (options, handler) => connectionsTo(String(options.origin)).dispatch(options, handler),
    async destroy() {
      await Promise.all([...origins.values()].map((connections) => connections.destroy()));
    },
  };
}
