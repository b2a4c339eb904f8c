import type { AddressInfo, Server, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export type Listening = {
  readonly port: number;
  /** Connections accepted so far. */
  connections(): number;
};

/** Puts a server on a free loopback port. The end of the test closes it, and whatever is connected. */
export async function listen(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // the client may leave whenever it likes
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const { port } = server.address() as AddressInfo;
  return { port, connections: () => connections };
}
