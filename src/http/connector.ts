import { lookup } from 'node:dns';
import { type LookupFunction, Socket } from 'node:net';
import { buildConnector } from 'undici';
import { DirectReading } from './direct-reading.ts';
import { publicLookup, publicOnly } from './private.ts';
import { fixedLookup, type Resolutions } from './resolve.ts';
import type { TlsSettings } from './tls.ts';

/** Makes connections, as undici asks for them. */
export type Connector = buildConnector.connector;

/** What is on its way to a connection: it would go on by itself for a while when nobody wants it any more. */
export type Unfinished = Set<{ destroy(): unknown }>;

export type ConnectorOptions = {
  /** Name, connection and TLS together, in milliseconds; 0 is no limit. */
  timeoutMs: number;
  allowsHttp2: boolean;
  tls: TlsSettings | null;
  /** A path in the file system that stands for every host, or null. */
  unixSocket: string | null;
  resolutions: Resolutions;
  blocksPrivate: boolean;
  unfinished: Unfinished;
};

/** Connections straight to a host: found by its name, made, secured. */
export function createConnector(options: ConnectorOptions): Connector {
  const { timeoutMs, allowsHttp2, tls, unixSocket, resolutions, blocksPrivate, unfinished } = options;
  const shared = {
    timeout: timeoutMs,
    allowH2: allowsHttp2,
    ...tls,
    ...(unixSocket === null ? {} : { socketPath: unixSocket }),
  };
  function connectorWith(find: LookupFunction | null): Connector {
    const found = blocksPrivate ? publicLookup(find ?? lookup) : find;
    const how = found ? { ...shared, lookup: found } : shared;
    const secure = buildConnector(how);
    return (...wanted) => (wanted[0].protocol === 'https:' ? secure(...wanted) : connectPlain(how, ...wanted));
  }

  const usual = connectorWith(null);
  const fixed = new Map([...resolutions].map(([host, addresses]) => [host, connectorWith(fixedLookup(addresses))]));
  const connect: Connector = (wanted, callback) => {
    const port = wanted.port || (wanted.protocol === 'https:' ? '443' : '80');
    const known = fixed.get(`${wanted.hostname}:${port}`) ?? fixed.get(`*:${port}`);
    track(known ?? usual, unfinished)(wanted, callback);
  };
  return blocksPrivate ? publicOnly(connect) : connect;
}

/** A connection without TLS: its bytes are for undici as they come. */
function connectPlain(how: buildConnector.BuildOptions, ...wanted: Parameters<Connector>): unknown {
  const reading = new DirectReading();
  // undici gives the socket back, though its types do not say so.
  const socket: unknown = buildConnector({ ...how, onread: reading.onread })(...wanted);
  if (socket instanceof Socket) reading.attach(socket);
  return socket;
}

/** Keeps the socket among what is unfinished until it is connected. */
export function track(connect: Connector, unfinished: Unfinished): Connector {
  return (options, callback) => {
    const socket: unknown = connect(options, (...settled) => {
      if (isDestroyable(socket)) unfinished.delete(socket);
      callback(...settled);
    });
    if (isDestroyable(socket)) unfinished.add(socket);
  };
}

function isDestroyable(value: unknown): value is { destroy(): unknown } {
  return typeof value === 'object' && value !== null && 'destroy' in value;
}
