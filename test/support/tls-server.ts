import type { RequestListener } from 'node:http';
import { createSecureServer, type Http2SecureServer, type SecureServerOptions } from 'node:http2';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export type TlsServer = {
  /** `https://localhost:port`; the certificate has to be for that name. */
  readonly url: string;
  readonly port: number;
  /** Connections accepted so far. */
  connections(): number;
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

async function listening(server: ReturnType<typeof createServer> | Http2SecureServer): Promise<TlsServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const { port } = server.address() as AddressInfo;
  return { url: `https://localhost:${port}`, port, connections: () => connections };
}
