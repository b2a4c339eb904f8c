import type { Socket } from 'node:net';
import { Chunks } from './chunks.ts';
import { repairHead } from './head.ts';
import { plainHead } from './plain-head.ts';

/** The HTTP/1 parser that undici has put on a socket, as far as it is needed here. */
type Parser = {
  /** Of the answer that is being read; 0 before its head is whole. */
  readonly statusCode: number;
  execute: (bytes: Buffer) => void;
};

/** A head that is longer than this goes to the parser as it is, which has a limit too. */
const longestHead = 320 * 1024;

/**
 * Has undici take what servers send, not only what RFC 9112 asks of them: it knows no such mode, and its parser's own are
 * too lenient, as they find an end at a bare carriage return. To be called once for a socket that undici has taken over. A
 * socket without that parser (HTTP/2) is left alone.
 */
export function beLenient(socket: Socket): void {
  const parser = parserOf(socket);
  if (!parser) return;
  const execute = parser.execute.bind(parser);
  const body = chunkedBody(socket, parser, execute);
  let held: Buffer | null = null;
  let isFirst = true;
  /** Every answer begins with this letter; the parser has it as soon as the first byte is there, and knows that one comes. */
  let hasLetter = false;

  function pass(heads: readonly Buffer[], rest: Buffer, leadsToChunks = false): void {
    const all = heads.length === 0 ? rest : Buffer.concat([...heads, rest]);
    const bytes = hasLetter ? all.subarray(1) : all;
    hasLetter = false;
    if (leadsToChunks) body.begin(bytes, bytes.length - rest.length);
    else execute(bytes);
  }

  parser.execute = (bytes) => {
    if (parser.statusCode !== 0) return body.isOpen ? body.go(bytes) : execute(bytes);
    if (bytes.length === 0) return execute(bytes);
    if (held === null) {
      const end = plainHead(bytes);
      if (end !== 0) isFirst = false;
      if (end > 0) return execute(bytes);
      if (end < 0) return body.begin(bytes, -end);
    }
    const whole = held ? Buffer.concat([held, bytes]) : bytes;
    held = null;
    let rest = isFirst ? whole : withoutLineEnds(whole);
    if (!mayBeHttp(rest)) return refuse(socket, 'it does not begin as an answer does', { isLeftover: !isFirst });
    const heads: Buffer[] = [];
    for (let end = endOfHead(rest); end !== -1; end = endOfHead(rest)) {
      const head = rest.toString('latin1', 0, end);
      const repaired = repairHead(head);
      if (repaired === null) return refuse(socket, 'its head makes no sense');
      isFirst = false;
      heads.push(Buffer.from(repaired, 'latin1'));
      rest = rest.subarray(end);
      if (isFinal(repaired)) return pass(heads, rest, /\r\ntransfer-encoding:.*chunked\r\n/i.test(repaired));
    }
    if (heads.length > 0) pass(heads, Buffer.alloc(0));
    if (rest.length > longestHead) return pass([], rest);
    if (rest.length === 0) return;
    held = rest;
    if (!hasLetter) execute(letter);
    hasLetter = true;
  };
}

const letter = Buffer.from('H');

/** Leads the chunks of a body to the parser. */
function chunkedBody(socket: Socket, parser: Parser, execute: Parser['execute']) {
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

function parserOf(socket: Socket): Parser | null {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser');
  const parser = symbol && (socket as unknown as Record<symbol, unknown>)[symbol];
  const isKnown = typeof parser === 'object' && parser !== null && 'execute' in parser && 'statusCode' in parser;
  return isKnown ? (parser as unknown as Parser) : null;
}

/** Old servers put a line end behind a body, which comes before the next answer then. */
function withoutLineEnds(bytes: Buffer): Buffer {
  let at = 0;
  while (bytes[at] === 0x0d || bytes[at] === 0x0a) at += 1;
  return bytes.subarray(at);
}

function mayBeHttp(bytes: Buffer): boolean {
  return 'http/'.startsWith(bytes.toString('latin1', 0, 5).toLowerCase());
}

/** Behind the empty line, or -1 while there is none. */
function endOfHead(bytes: Buffer): number {
  const usual = bytes.indexOf('\r\n\r\n');
  const bare = bytes.indexOf('\n\n');
  const mixed = bytes.indexOf('\n\r\n');
  const ends = [usual === -1 ? -1 : usual + 4, bare === -1 ? -1 : bare + 2, mixed === -1 ? -1 : mixed + 3];
  return ends.reduce((first, end) => (end !== -1 && (first === -1 || end < first) ? end : first), -1);
}

function isFinal(head: string): boolean {
  return !/^HTTP\/1\.[01] 1/.test(head) || /^HTTP\/1\.[01] 101/.test(head);
}

/** `isLeftover`: the bytes belong to the answer before, and say nothing about this one. */
function refuse(socket: Socket, why: string, { isLeftover = false } = {}): void {
  socket.destroy(Object.assign(new Error(why), { code: 'HPE_INVALID_CONSTANT', isLeftover }));
}
