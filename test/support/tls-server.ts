import type { RequestListener } from 'node:http';
import { createSecureServer, type Http2SecureServer, type SecureServerOptions } from 'node:http2';
import { createServer, type ServerOptions } from 'node:https';
import type { Server } from 'node:net';
import { createServer as createRawServer, type TlsOptions } from 'node:tls';
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

/** Speaks HTTP/2 by hand: on each connection the first answer, GOAWAY and the end of the connection are one piece. */
export async function startLastWordsServer(options: TlsOptions): Promise<TlsServer> {
  const server = createRawServer({ ...options, ALPNProtocols: ['h2'] }, (socket) => {
    let seen = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.write(frame(types.settings, 0, 0, Buffer.alloc(0)));
    socket.on('data', (chunk) => {
      seen = Buffer.concat([seen, chunk]);
      for (let at = preface; at + 9 <= seen.length; at += 9 + seen.readUIntBE(at, 3)) {
        if (seen[at + 3] !== types.headers) continue;
        const stream = seen.readUInt32BE(at + 5);
        const lastStream = Buffer.alloc(8);
        lastStream.writeUInt32BE(stream);
        socket.removeAllListeners('data');
        socket.end(
          Buffer.concat([
            frame(types.headers, 0x4, stream, Buffer.from([0x88])),
            frame(types.data, 0x1, stream, Buffer.from('last words')),
            frame(types.goaway, 0, 0, lastStream),
          ]),
        );
        return;
      }
    });
  });
  return listening(server);
}

/** What a client says first, before its frames. */
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'.length;
const types = { data: 0, headers: 1, settings: 4, goaway: 7 };

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

async function listening(server: Server): Promise<TlsServer> {
  server.on('tlsClientError', () => {});
  const listening = await listen(server);
  return { url: `https://localhost:${listening.port}`, ...listening };
}
