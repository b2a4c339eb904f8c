import { createServer, type TlsOptions } from 'node:tls';
import { listening, type TlsServer } from './tls-server.ts';

/** What a server sends of an answer at once, and whether it then closes the connection. */
export type Piece = { readonly bytes: readonly Buffer[]; readonly closes?: boolean };

/** Speaks HTTP/2 by hand: the frames of each answer are what `answerTo` makes for the nth request on this stream. */
export async function startFrameServer(
  options: TlsOptions,
  answerTo: (nth: number, stream: number) => Piece,
): Promise<TlsServer> {
  let requests = 0;
  const server = createServer({ ...options, ALPNProtocols: ['h2'] }, (socket) => {
    let seen = Buffer.alloc(0);
    let at = preface;
    socket.on('error', () => {});
    socket.write(frame(types.settings, 0, 0));
    socket.on('data', (chunk) => {
      seen = Buffer.concat([seen, chunk]);
      for (; at + 9 <= seen.length; at += 9 + seen.readUIntBE(at, 3)) {
        const [type, flags = 0] = [seen[at + 3], seen[at + 4]];
        const endsRequest = (type === types.headers || type === types.data) && (flags & endOfStream) !== 0;
        if (!endsRequest) continue;
        const { bytes, closes = false } = answerTo(requests++, seen.readUInt32BE(at + 5));
        if (closes) socket.end(Buffer.concat(bytes));
        else socket.write(Buffer.concat(bytes));
      }
    });
  });
  return listening(server);
}

/** The head of a 200; more follows. */
export function head(stream: number): Buffer {
  return frame(types.headers, endOfHeaders, stream, Buffer.from([0x88]));
}

export function data(stream: number, text: string, { isLast }: { isLast: boolean }): Buffer {
  return frame(types.data, isLast ? endOfStream : 0, stream, Buffer.from(text));
}

export function reset(stream: number, code: number): Buffer {
  return frame(types.reset, 0, stream, numbers(code));
}

export function goaway(lastStream: number): Buffer {
  return frame(types.goaway, 0, 0, numbers(lastStream, 0));
}

/** What a client says first, before its frames. */
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'.length;
const types = { data: 0, headers: 1, reset: 3, settings: 4, goaway: 7 };
const endOfStream = 0x1;
const endOfHeaders = 0x4;

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const first = Buffer.alloc(9);
  first.writeUIntBE(payload.length, 0, 3);
  first[3] = type;
  first[4] = flags;
  first.writeUInt32BE(stream, 5);
  return Buffer.concat([first, payload]);
}

function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, 4 * at);
  return bytes;
}
