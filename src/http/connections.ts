import { type buildConnector, Client, type Dispatcher } from 'undici';

/** A connection that one exchange has to itself until it gives it back. */
export type Lease = {
  /** Once, when the exchange is over. `isSpoilt`: it never came to be, and what is left of it is in nobody's way. */
  release(end: { isSpoilt: boolean }): void;
};

/**
 * The connections to one origin. undici's Pool looks through all of them for an idle one at each call, which at 50 costs
 * as much as a queue; here the one that was used last is used next, and those at the bottom grow idle and close.
 */
export class Connections {
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

  /** Those that are open; some may have to be made anew when they are used. */
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

  /** Closes all of them, whatever they are doing. */
  async destroy(): Promise<void> {
    await Promise.all([...this.#all].map(({ client }) => client.destroy()));
  }

  #make(): Connection {
    const client = new Client(this.#origin, {
      connect: this.#connect,
      allowH2: false,
      pipelining: 1,
      // Off, since undici's timers run between bytes only: the clocks are the engine's.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const connection = new Connection(client, (one, isSpoilt) => {
      if (!isSpoilt) this.#idle.push(one);
      else if (this.#all.delete(one)) void client.destroy();
    });
    this.#all.add(connection);
    return connection;
  }
}

class Connection implements Lease {
  readonly client: Client;
  readonly #onRelease: (connection: Connection, isSpoilt: boolean) => void;

  constructor(client: Client, onRelease: (connection: Connection, isSpoilt: boolean) => void) {
    this.client = client;
    this.#onRelease = onRelease;
  }

  get isConnected(): boolean {
    return this.client.stats.connected;
  }

  release({ isSpoilt }: { isSpoilt: boolean }): void {
    this.#onRelease(this, isSpoilt);
  }
}
