import { type buildConnector, Client, type Dispatcher, Pool } from 'undici';
import { failCutStreams } from './cut-streams.ts';

/** A connection that one exchange has to itself until it gives it back. */
export type Lease = {
  /** Once, when the exchange is over. One that was never made (not `hasConnected`) is closed, any other is used again. */
  release(end: { hasConnected: boolean }): void;
};

/** The connections to one origin, or to a proxy that answers for many. */
export type Connections = {
  /** Nothing happens on any of them. */
  readonly isIdle: boolean;
  /** Those that are open. */
  readonly open: number;
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): Lease;
  /** Closes all of them, whatever they are doing. */
  destroy(): Promise<void>;
};

const settings = {
  pipelining: 1,
  // Off, since undici's timers run between bytes only: the clocks are the engine's.
  headersTimeout: 0,
  bodyTimeout: 0,
  /** As much as curl takes. */
  maxHeaderSize: 300 * 1024,
};

/**
 * Connections for one exchange at a time each. undici's Pool looks through all of them for an idle one at each call, which at 50 costs
 * as much as a queue; here the one that was used last is used next, and those at the bottom grow idle and close.
 */
export class ExclusiveConnections implements Connections {
  readonly #origin: string;
  readonly #connect: buildConnector.connector;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();

  constructor(origin: string, connect: buildConnector.connector) {
    this.#origin = origin;
    this.#connect = connect;
  }

  get isIdle(): boolean {
    return this.#idle.length === this.#all.size;
  }

  get open(): number {
    let open = 0;
    for (const { isConnected } of this.#all) if (isConnected) open += 1;
    return open;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): Lease {
    const connection = this.#idle.pop() ?? this.#make();
    connection.client.dispatch(options, handler);
    return connection;
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#all].map(({ client }) => client.destroy()));
  }

  #make(): Connection {
    const client = new Client(this.#origin, {
      connect: this.#connect,
      allowH2: false,
      ...settings,
    });
    const connection = new Connection(client, (one, hasConnected) => {
      if (hasConnected) this.#idle.push(one);
      else if (this.#all.delete(one)) void client.destroy();
    });
    this.#all.add(connection);
    return connection;
  }
}

class Connection implements Lease {
  readonly client: Client;
  readonly #onRelease: (connection: Connection, hasConnected: boolean) => void;

  constructor(client: Client, onRelease: (connection: Connection, hasConnected: boolean) => void) {
    this.client = client;
    this.#onRelease = onRelease;
  }

  get isConnected(): boolean {
    return this.client.stats.connected;
  }

  release({ hasConnected }: { hasConnected: boolean }): void {
    this.#onRelease(this, hasConnected);
  }
}

/** Connections that carry many exchanges at once where the server speaks HTTP/2; undici tells them apart. */
export class SharedConnections implements Connections {
  readonly #pool: Pool;

  constructor(origin: string, connect: buildConnector.connector, concurrency: number) {
    this.#pool = new Pool(origin, { connect, connections: concurrency, allowH2: true, ...settings });
    // Before the first request is written.
    this.#pool.on('connect', (_origin, targets) => failCutStreams(targets.at(-1)));
  }

  get isIdle(): boolean {
    const { running, pending, queued } = this.#pool.stats;
    return running + pending + queued === 0;
  }

  get open(): number {
    return this.#pool.stats.connected;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): Lease {
    this.#pool.dispatch(options, handler);
    return sharedLease;
  }

  destroy(): Promise<void> {
    return this.#pool.destroy();
  }
}

/** There is nothing to give back. */
const sharedLease: Lease = { release: () => {} };
