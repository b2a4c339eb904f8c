import { Agent, buildConnector, type Dispatcher } from 'undici';
import { servedBefore } from './errors.ts';

export type AgentOptions = {
  /** Connections to one origin at once. */
  concurrency: number;
  /** Name, connection and TLS together, in milliseconds. */
  connectTimeoutMs: number;
};

/** The connections of a run. `destroy` closes them all, whatever they are doing. */
export function createAgent({ concurrency, connectTimeoutMs }: AgentOptions): Dispatcher {
  const connector = buildConnector({ timeout: connectTimeoutMs, allowH2: false });
  const connect: buildConnector.connector = (options, callback) => {
    connector(options, (...settled) => {
      const [error, socket] = settled;
      if (!error) socket.prependListener('error', (broken) => servedBefore.set(broken, socket.bytesRead));
      callback(...settled);
    });
  };
  return new Agent({
    connect,
    connections: concurrency,
    allowH2: false,
    pipelining: 1,
    // Off, since undici's timers run between bytes only: the clocks are the engine's.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}
