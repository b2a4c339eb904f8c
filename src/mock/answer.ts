import type { ServerResponse } from 'node:http';

/** A body that is made while it is sent; without a length it goes out chunked. */
export type Stream = {
  readonly length?: number;
  readonly chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;
};

/** What a route answers: plain data, so that a route can be tested without a socket. */
export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Stream;
};

/** A JSON answer. */
export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: `${JSON.stringify(value)}\n` };
}

/** The one shape of every failure, close to what model APIs send. */
export function failed(status: number, code: string, message: string, headers?: Record<string, string>): Answer {
  return json(status, { error: { code, message } }, headers);
}

/** The statuses that never have a body: a length would be wrong too, except for 205, where it must be 0. */
const bodiless = new Set([204, 205, 304]);
/** A string up to here goes to the kernel in one piece. */
const onePieceBytes = 16_384;

/**
 * Sends the answer and settles when its last byte was handed to the kernel; rejects when `signal` says that the client
 * has gone. Only then is the response ended: at shutdown Node.js destroys connections whose response has been ended but
 * not yet sent.
 */
export async function deliver(response: ServerResponse, answer: Answer, signal: AbortSignal): Promise<void> {
  const { status, headers, body = '' } = answer;
  if (bodiless.has(status)) {
    response.writeHead(status, { ...headers, ...(status === 205 && { 'content-length': 0 }) });
    response.end();
    return;
  }
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  response.writeHead(status, { ...headers, ...(length !== undefined && { 'content-length': length }) });
  if (response.req.method === 'HEAD') {
    response.end();
  } else if (typeof body === 'string' && Buffer.byteLength(body) <= onePieceBytes) {
    response.end(body);
  } else {
    for await (const chunk of typeof body === 'string' ? [body] : body.chunks) await write(response, chunk, signal);
    response.end();
  }
}

/** One chunk at a time: the next is made when this one has left, so a slow reader costs no memory. */
function write(response: ServerResponse, chunk: Uint8Array | string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const leave = (): void => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    response.write(chunk, (error) => {
      signal.removeEventListener('abort', leave);
      if (error) reject(error);
      else resolve();
    });
  });
}
