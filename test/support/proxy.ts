import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Identity } from './certificates.ts';
import { type Listening, listen } from './listen.ts';

export type TestProxy = Listening & {
  /** `http://127.0.0.1:port`, or `https://localhost:port`. */
  readonly url: string;
  /** The first line and the credentials of every request to it, in order. */
  readonly asked: { line: string; authorization: string | undefined; host: string | undefined }[];
};

/** A real forward proxy on loopback: tunnels (CONNECT) and whole URLs. `status` is what it answers instead. Closed by the test. */
export async function startProxy({
  wants,
  status,
  identity,
}: {
  wants?: string;
  /** With it the proxy speaks TLS, as localhost. */
  identity?: Identity;
  status?: (request: IncomingMessage) => number | null;
} = {}): Promise<TestProxy> {
  const asked: TestProxy['asked'] = [];

  function refusal(request: IncomingMessage): number | null {
    const authorization = request.headers['proxy-authorization'];
    asked.push({ line: `${request.method} ${request.url}`, authorization, host: request.headers.host });
    if (wants !== undefined && authorization !== `Basic ${Buffer.from(wants).toString('base64')}`) return 407;
    return status?.(request) ?? null;
  }

  const forward = (request: IncomingMessage, response: ServerResponse): void => {
    const refused = refusal(request);
    if (refused !== null) return void response.writeHead(refused).end('refused by the proxy');
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const onward = httpRequest(request.url ?? '', { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    request.pipe(onward);
  };
  const options = { keepAliveTimeout: 60_000, ...identity };
  const server = identity ? createTlsServer(options, forward) : createServer(options, forward);
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    const refused = refusal(request);
    if (refused !== null) return socket.end(`HTTP/1.1 ${refused} No\r\ncontent-length: 0\r\n\r\n`);
    const { hostname, port } = new URL(`http://${request.url}`);
    const onward = connect(Number(port || 80), hostname.replace(/^\[(.*)\]$/, '$1'));
    onward.on('error', () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => onward.destroy());
    onward.on('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
  });
  const listening = await listen(server);
  const origin = identity ? 'https://localhost' : 'http://127.0.0.1';
  return { url: `${origin}:${listening.port}`, asked, ...listening };
}
