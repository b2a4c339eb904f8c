import type { Socket } from 'node:net';

/** The HTTP/1 parser that undici has put on a socket, as far as it is needed here. */
export type Parser = {
  /** Of the answer that is being read; 0 before its head is whole. */
  readonly statusCode: number;
  /** Of that answer, or -1 without one. */
  readonly contentLength: number;
  readonly hasTransferEncoding: boolean;
  shouldKeepAlive: boolean;
  execute: (bytes: Buffer) => void;
};

export function parserOf(socket: Socket): Parser | null {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser');
  const parser = symbol && (socket as unknown as Record<symbol, unknown>)[symbol];
  const isKnown = typeof parser === 'object' && parser !== null && 'execute' in parser && 'statusCode' in parser;
  return isKnown ? (parser as unknown as Parser) : null;
}

/** `isLeftover`: the bytes belong to the answer before, and say nothing about this one. */
export function refuse(socket: Socket, why: string, { isLeftover = false } = {}): void {
  socket.destroy(Object.assign(new Error(why), { code: 'HPE_INVALID_CONSTANT', isLeftover }));
}

/**
 * Has a reset be an error in a body that only the end of its connection ends (RFC 9112, section 8): what was sent before
 * it may be lost. undici takes it for that end.
 */
export function mindResets(socket: Socket, parser: Parser): void {
  socket.prependListener('error', ({ code }: NodeJS.ErrnoException) => {
    const endsWithConnection = parser.contentLength === -1 && !parser.hasTransferEncoding;
    // As if the connection were not to end at all.
    if (code === 'ECONNRESET' && parser.statusCode !== 0 && endsWithConnection) parser.shouldKeepAlive = true;
  });
}
