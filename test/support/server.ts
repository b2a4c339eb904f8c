import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { onTestFinished } from 'vitest';

/** One request as the server saw it. */
export type Call = {
  /** When its head arrived, by performance.now(). */
  readonly at: number;
  readonly method: string;
  /** Path and query, as received. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Whole when the handler is called. */
  body: string;
  /** Requests without a complete answer at that moment, this one included. */
  readonly inFlight: number;
  /** The how-many-eth call of its path, from 1. */
  readonly nth: number;
};

export type Handler = (call: Call, response: ServerResponse) => void;

export type CountingServer = {
  /** `http://127.0.0.1:port`, no slash at the end. */
  readonly url: string;
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** Every request, in order of arrival. */
  readonly calls: readonly Call[];
  readonly maxInFlight: number;
  /** When the last answer was given, by performance.now(). */
  readonly lastAnswerAt: number;
  inFlight(): number;
  /** Arrival times. */
  times(): number[];
  /** The calls of one path (without its query). */
  callsOf(path: string): Call[];
  /** What a path (without its query) answers; `*` is every path without a handler of its own. */
  on(path: string, handler: Handler): void;
  /** The path's full URL; a handler may be given along. */
  at(path: string, handler?: Handler): string;
  /** Resolves as soon as that many requests have arrived, of one path or of all. */
  called(count: number, path?: string): Promise<void>;
  /** Resolves when no request is being answered and no connection is open. */
  quiet(): Promise<void>;
  close(): Promise<void>;
};

/** A real server on a free loopback port that counts. Every path answers 200 `ok` until told otherwise. Closed by the test. */
export async function startServer(paths: Record<string, Handler> = {}): Promise<CountingServer> {
  const handlers = new Map(Object.entries(paths));
  const calls: Call[] = [];
  const nths = new Map<string, number>();
  const watchers = new Set<() => void>();
  let inFlight = 0;
  let maxInFlight = 0;
  let lastAnswerAt = 0;
  let connections = 0;

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const path = request.url ?? '/';
    const name = pathname(path);
    const nth = (nths.get(name) ?? 0) + 1;
    nths.set(name, nth);
    inFlight++;
    maxInFlight = Math.max(maxInFlight, inFlight);
    const at = performance.now();
    const call: Call = { at, method: request.method ?? '', path, headers: request.headers, body: '', inFlight, nth };
    calls.push(call);
    whenAnswered(response, () => {
      inFlight--;
      lastAnswerAt = performance.now();
      notify();
    });
    notify();
    request.setEncoding('latin1');
    request.on('data', (chunk: string) => {
      call.body += chunk;
    });
    request.on('end', () => (handlers.get(name) ?? handlers.get('*') ?? ok)(call, response));
    request.on('error', () => {}); // the client left: `close` of the response counts it
  });
  server.on('connection', (socket) => {
    connections++;
    socket.on('close', () => {
      connections--;
      notify();
    });
  });

  function notify(): void {
    for (const watcher of watchers) watcher();
  }
  function until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!isTrue()) return;
        watchers.delete(check);
        resolve();
      };
      watchers.add(check);
      check();
    });
  }
  function callsOf(path: string): Call[] {
    return calls.filter((call) => pathname(call.path) === path);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
  onTestFinished(close);

  return {
    url: `http://${host}`,
    host,
    calls,
    get maxInFlight() {
      return maxInFlight;
    },
    get lastAnswerAt() {
      return lastAnswerAt;
    },
    inFlight: () => inFlight,
    times: () => calls.map((call) => call.at),
    callsOf,
    on: (path, handler) => handlers.set(path, handler),
    at(path, handler) {
      if (handler) handlers.set(pathname(path), handler);
      return `http://${host}${path}`;
    },
    called: (count, path) => until(() => (path === undefined ? calls : callsOf(path)).length >= count),
    quiet: () => until(() => inFlight === 0 && connections === 0),
    close,
  };
}

/**
 * Calls back once: when the answer is handed over whole, or its connection is gone. Counted before the last byte
 * leaves, not after: a client that has the answer may send its next request before `finish` is heard of here.
 */
function whenAnswered(response: ServerResponse, callback: () => void): void {
  let isAnswered = false;
  const once = (): void => {
    if (isAnswered) return;
    isAnswered = true;
    callback();
  };
  const end = response.end.bind(response) as (...values: unknown[]) => ServerResponse;
  response.end = (...values: unknown[]) => {
    once();
    return end(...values);
  };
  response.on('close', once);
}

function pathname(path: string): string {
  return path.split('?', 1)[0] ?? path;
}

const ok: Handler = (_call, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
};
