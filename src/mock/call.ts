import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** One request as a route sees it. */
export type Call = {
  readonly method: string;
  /** Complete, as the client must have written it. */
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The whole body as text. Rejects with a WrongCall when it is larger than a mock should hold. */
  readonly readText: () => Promise<string>;
  /** Settles after so long; rejects when the client goes first. */
  readonly sleep: (ms: number) => Promise<void>;
};

/** The client asked for something that cannot be: answered with this status, and a message that says what was expected. */
export class WrongCall extends Error {
  override readonly name = 'WrongCall';
  readonly status: number;
  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

const maxBodyBytes = 16 * 1024 ** 2;

/** Reads the request line; `sleep` is how this call waits. */
export function callOf(request: IncomingMessage, sleep: (ms: number) => Promise<void>): Call {
  const { method = 'GET', headers } = request;
  // A client that takes us for its proxy sends the whole URL.
  const target = (request.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '');
  const mark = target.indexOf('?');
  return {
    method,
    url: `http://${headers.host ?? 'localhost'}${target}`,
    path: (mark === -1 ? target : target.slice(0, mark)) || '/',
    query: new URLSearchParams(mark === -1 ? '' : target.slice(mark)),
    headers,
    readText: () => readText(request),
    sleep,
  };
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not destroyed when we stop half-way: the answer still has to go out on the same connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) throw new WrongCall(`expected a body of at most ${maxBodyBytes} bytes`, 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
