import type { Socket } from 'node:net';
import { Chunks } from './chunks.ts';
import { type Parser, refuse } from './parser.ts';

/** Leads the chunks of a body to the parser. */
export function chunkedBody(socket: Socket, parser: Parser, execute: Parser['execute']) {
  let chunks: Chunks | null = null;
  /** Bytes that the parser gave back, which are repaired already. */
  let givenBack = 0;
  const unshift = socket.unshift.bind(socket);
  socket.unshift = (bytes: Buffer) => {
    givenBack = bytes.length;
    unshift(bytes);
  };

  /** The bytes behind so many that are passed on as they are. */
  function go(bytes: Buffer, asTheyAre: number): void {
    const rest = bytes.subarray(asTheyAre);
    const repaired = chunks?.take(rest) ?? null;
    if (chunks?.isDone) chunks = null;
    if (repaired === rest) execute(bytes);
    else if (repaired) execute(Buffer.concat([bytes.subarray(0, asTheyAre), repaired]));
    else {
      execute(bytes.subarray(0, asTheyAre));
      if (parser.statusCode !== 0) refuse(socket, 'its chunks make no sense');
    }
    // It has no body after all, as an answer to HEAD.
    if (parser.statusCode === 0) chunks = null;
  }

  return {
    get isOpen(): boolean {
      return chunks !== null;
    },
    go(bytes: Buffer): void {
      const ready = givenBack;
      givenBack = 0;
      go(bytes, ready);
    },
    /** These bytes begin with so many of a head. */
    begin(bytes: Buffer, headLength: number): void {
      chunks = new Chunks();
      givenBack = 0;
      go(bytes, headLength);
    },
  };
}
