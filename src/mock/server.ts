import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, deliver, failed } from './answer.ts';
import { budgetHeaders, retryAfter } from './budget-headers.ts';
import { callOf, WrongCall } from './call.ts';
import { type FateOptions, fates } from './fate.ts';
import { type Rate, slidingWindow, slots } from './limits.ts';
import type { Values } from './route.ts';
import { type Listing, listing, router, routeTable } from './routes.ts';

export type MockOptions = FateOptions & {
  /** 0 is any free one. */
  readonly port?: number;
  readonly host?: string;
  /** More get 429. */
  readonly rate?: Rate | undefined;
  /** More get 503. */
  readonly maxConcurrency?: number | undefined;
  /** Before each token of a model's stream. */
  readonly tokenDelayMs?: number;
  /** Tokens that models take and give in a minute; more get 429. */
  readonly tokensPerMinute?: number | undefined;
  readonly values: Values;
  readonly clock?: Clock;
};

export type Clock = {
  readonly now: () => number;
  /** Rejects when the signal fires, and leaves no timer behind. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

export type Mock = {
  /** `http://127.0.0.1:8787` */
  readonly url: string;
  /** What it answers to, for people. */
  readonly routes: readonly Listing[];
  /** Requests being answered now. */
  readonly running: () => number;
  /** Takes no new connection, closes the idle ones, and settles when the running answers have been sent. */
  readonly stop: () => Promise<void>;
  /** Drops every connection. */
  readonly drop: () => void;
};

const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, { signal }),
};

/**
 * Starts the mock and settles when it listens; rejects with the error of `listen` (`EADDRINUSE`).
 * A request passes the rate, then takes a slot until its last byte is sent or its client is gone, then meets its fate:
 * latency first, then perhaps a failure. Only then is its route asked.
 */
export async function startMock({ port = 0, host = '127.0.0.1', ...options }: MockOptions): Promise<Mock> {
  const {
    clock = systemClock,
    rate,
    maxConcurrency = Number.POSITIVE_INFINITY,
    tokenDelayMs = 0,
    tokensPerMinute,
  } = options;
  const tokens = tokensPerMinute === undefined ? null : slidingWindow({ count: tokensPerMinute, windowMs: 60_000 });
  const table = routeTable(options.values, { tokenDelayMs, tokens, now: clock.now });
  const ask = router(table);
  const window = rate ? slidingWindow(rate) : null;
  const { take, free } = slots(maxConcurrency);
  const nextFate = fates(options);
  const visits = new Map<Promise<void>, Socket>();
  const sockets = new Set<Socket>();
  let isStopping = false;

  async function answerTo(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<Answer> {
    const roomInMs = window?.enter(clock.now()) ?? 0;
    if (window) announce(response, budgetHeaders(request.url ?? '', 'requests', window.left(clock.now())));
    if (roomInMs > 0) return tooMany(roomInMs);
    if (!take()) return failed(503, 'overloaded', `more than ${maxConcurrency} requests at once`);
    response.once('close', free);
    const { delayMs, fails } = nextFate();
    if (delayMs > 0) await clock.sleep(delayMs, signal);
    if (fails) return failed(500, 'unlucky', 'failed on purpose');
    return ask(callOf(request, (ms) => clock.sleep(ms, signal)));
  }

  async function visit(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    const closed = new Promise<void>((resolve) => {
      response.once('close', () => {
        if (!response.writableFinished) gone.abort();
        // Node.js would keep the connection, and take requests on it, until its keep-alive ends.
        if (isStopping) request.socket.destroySoon();
        resolve();
      });
    });
    try {
      const answer = await answerTo(request, response, gone.signal).catch(refusal);
      if (isStopping) response.setHeader('connection', 'close');
      await deliver(response, answer, gone.signal);
    } catch {
      // The client has gone, or the answer broke half-way: nothing more can be said on this connection.
      response.destroy();
    }
    await closed;
  }

  // Longer than the pauses of a client that paces itself: a server that closes first makes for rare, confusing resets.
  const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
    const done = visit(request, response).finally(() => visits.delete(done));
    visits.set(done, request.socket);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Thousands may connect at once; with the default of 511 some would wait a second for their next SYN.
    server.listen({ port, host, backlog: 4096 }, resolve);
  });
  // From here on it is one connection that could not be accepted, for want of file descriptors say: its client knows.
  server.on('error', () => {});

  return {
    url: urlOf(server.address() as AddressInfo),
    routes: table.map(listing),
    running: () => visits.size,
    stop: async () => {
      isStopping = true;
      const closed = new Promise((resolve) => server.close(resolve));
      // Connections that never said anything, or only half a request, count as idle: nobody is waiting for an answer.
      const busy = new Set(visits.values());
      for (const socket of sockets) if (!busy.has(socket)) socket.destroy();
      await Promise.all([closed, ...visits.keys()]);
    },
    drop: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function announce(response: ServerResponse, headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

function tooMany(roomInMs: number): Answer {
  const seconds = retryAfter(roomInMs);
  return failed(429, 'rate_limited', `too many requests; there is room in ${seconds} s`, { 'retry-after': seconds });
}

/** A wrong call is the client's, anything else is ours; when the client has gone, nobody reads it. */
function refusal(error: unknown): Answer {
  if (!(error instanceof WrongCall)) return failed(500, 'bug', `a bug in the mock: ${String(error)}`);
  return failed(error.status, error.status === 404 ? 'not_found' : 'bad_request', error.message);
}

function urlOf({ address, port }: AddressInfo): string {
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}
