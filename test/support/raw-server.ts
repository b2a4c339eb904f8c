import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Listening, listen } from './listen.ts';

export type RawServer = Listening & {
  readonly url: string;
};

/** A server of bare sockets, for what an HTTP library is too polite to send. Closed by the test. */
export async function startRawServer(onConnection: (socket: Socket, nth: number) => void): Promise<RawServer> {
  const server = createServer();
  const listening = await listen(server);
  server.on('connection', (socket) => onConnection(socket, listening.connections()));
  return { url: `http://127.0.0.1:${listening.port}`, ...listening };
}

/** Hears a request's head, sends these bytes, and closes. */
export function answering(bytes: string, close: (socket: Socket) => void = (socket) => socket.end()) {
  return (socket: Socket): void => {
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (!heard.includes('\r\n\r\n')) return;
      heard = '';
      if (bytes === '') close(socket);
      else socket.write(bytes, 'latin1', () => close(socket));
    });
  };
}

/** A loopback port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
