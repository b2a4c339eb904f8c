import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/**
 * Tells of the end of an HTTP/2 connection after what came before it. A server that leaves (GOAWAY) finishes the answers
 * that it has begun, and closes. Its last frames and the end come in one piece, and undici hears of the end while Node.js
 * is still handing on the frames: it would take whole answers for cut off. To be called once, with a new socket.
 */
export function hearLastWords(socket: Socket): void {
  if ((socket as TLSSocket).alpnProtocol !== 'h2') return;
  const push = socket.push.bind(socket);
  // Bytes do not come this way: the session takes them from the handle. The end does, and what follows from it waits too.
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk !== null) return push(chunk, encoding);
    setImmediate(() => {
      push(null);
      socket.read(0);
    });
    return false;
  };
}
