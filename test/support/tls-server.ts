import type { RequestListener } from 'node:http';
import { createSecureServer, type Http2SecureServer, type SecureServerOptions } from 'node:http2';
import { createServer, type ServerOptions } from 'node:https';
import type { Server } from 'node:net';
import { type Listening, listen } from './listen.ts';

export type TlsServer = Listening & {
  /** `https://localhost:port`; the certificate has to be for that name. */
  readonly url: string;
};

/** A real HTTPS server on a free loopback port; answers with `listener`, else 200 `ok`. Closed by the test. */
export async function startTlsServer(
  options: ServerOptions,
  listener: RequestListener = (_request, response) => response.end('ok'),
): Promise<TlsServer> {
  return listening(createServer(options, listener));
}

/** The same, speaking HTTP/2 with those who can. */
export async function startHttp2Server(
  options: SecureServerOptions,
  begin: (server: Http2SecureServer) => void,
): Promise<TlsServer> {
  const server = createSecureServer({ allowHTTP1: true, ...options });
  begin(server);
  return listening(server);
}

/** Waits until a TLS server of any kind listens on a free loopback port. */
export async function listening(server: Server): Promise<TlsServer> {
  server.on('tlsClientError', () => {});
  const listening = await listen(server);
  return { url: `https://localhost:${listening.port}`, ...listening };
}
