import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';

/** What a server may break a stream off with that Node.js takes for no error. */
const noError = 0;
const cancel = 8;

/**
 * Fails HTTP/2 answers that are broken off in the middle with the codes NO_ERROR or CANCEL, or by the end of a
 * connection that the server was leaving: Node.js ends their streams as it ends whole ones, and half a body would be
 * taken for all of it. To be called with undici's client each time that it has connected; HTTP/1 is left alone.
 */
export function failCutStreams(client: unknown): void {
  const session = sessionOf(client);
  if (!session) return;
  const request = session.request.bind(session);
  session.request = (...parts) => {
    const stream = request(...parts);
    watch(stream);
    return stream;
  };
}

function watch(stream: ClientHttp2Stream): void {
  let isWhole = false;
  const push = stream.push.bind(stream);
  const destroy = stream.destroy.bind(stream);
  // What undici has let go of may still fail.
  stream.on('error', () => {});
  stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk !== null || isWhole) return push(chunk, encoding);
    // An end that was sent comes before the stream is closed, any other comes of that.
    if (stream.closed) {
      // Not at once: Node.js still needs what it is closing.
      queueMicrotask(() => stream.destroy());
      return false;
    }
    isWhole = true;
    return push(null);
  };
  stream.destroy = (error?: Error) => {
    const isCut = !isWhole && (stream.rstCode === noError || stream.rstCode === cancel);
    return destroy(error ?? (isCut ? brokenOff() : undefined));
  };
}

function brokenOff(): Error {
  return Object.assign(new Error('the stream was broken off'), { code: 'ERR_HTTP2_STREAM_ERROR' });
}

/** undici shows nobody the session of its client. */
function sessionOf(client: unknown): ClientHttp2Session | null {
  if (typeof client !== 'object' || client === null) return null;
  const symbol = Object.getOwnPropertySymbols(client).find(({ description }) => description === 'http2Session');
  return symbol ? ((client as Record<symbol, ClientHttp2Session | null>)[symbol] ?? null) : null;
}
