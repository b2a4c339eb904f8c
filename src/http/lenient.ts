import type { Socket } from 'node:net';
import { repairHead } from './head.ts';
import { beginsPlain } from './plain-head.ts';

/** The HTTP/1 parser that undici has put on a socket, as far as it is needed here. */
type Parser = {
  readonly ptr: number;
  readonly llhttp: Record<string, (parser: number, isOn: number) => void>;
  /** Of the answer that is being read; 0 before its head is whole. */
  readonly statusCode: number;
  execute: (bytes: Buffer) => void;
};

/** What llhttp can overlook by itself, in bodies: line ends without a carriage return (it takes two), white space behind a chunk's size. */
const leniencies = [
  'llhttp_set_lenient_optional_cr_before_lf',
  'llhttp_set_lenient_optional_lf_after_cr',
  'llhttp_set_lenient_spaces_after_chunk_size',
];

/** A head that is longer than this goes to the parser as it is, which has a limit too. */
const longestHead = 320 * 1024;

/**
 * Has undici take what servers send, not only what RFC 9112 asks of them: it knows no such mode, though its parser does.
 * To be called once for a socket that undici has taken over. A socket without that parser (HTTP/2) is left alone.
 */
export function beLenient(socket: Socket): void {
  const parser = parserOf(socket);
  if (!parser) return;
  for (const leniency of leniencies) parser.llhttp[leniency]?.(parser.ptr, 1);
  const execute = parser.execute.bind(parser);
  let held: Buffer | null = null;
  let isFirst = true;
  /** Every answer begins with this letter; the parser has it as soon as the first byte is there, and knows that one comes. */
  let hasLetter = false;

  function pass(heads: readonly Buffer[], rest: Buffer): void {
    const all = heads.length === 0 ? rest : Buffer.concat([...heads, rest]);
    const bytes = hasLetter ? all.subarray(1) : all;
    hasLetter = false;
    execute(bytes);
  }

  parser.execute = (bytes) => {
    if (parser.statusCode !== 0 || bytes.length === 0) return execute(bytes);
    if (held === null && beginsPlain(bytes)) {
      isFirst = false;
      return execute(bytes);
    }
    const whole = held ? Buffer.concat([held, bytes]) : bytes;
    held = null;
    let rest = isFirst ? whole : withoutLineEnds(whole);
    if (!mayBeHttp(rest)) return refuse(socket, 'it does not begin as an answer does');
    const heads: Buffer[] = [];
    for (let end = endOfHead(rest); end !== -1; end = endOfHead(rest)) {
      const head = rest.toString('latin1', 0, end);
      const repaired = repairHead(head);
      if (repaired === null) return refuse(socket, 'its head makes no sense');
      isFirst = false;
      const isLast = isFinal(repaired);
      // Nothing to repair, and nothing was before it: the usual case.
      if (isLast && repaired === head && heads.length === 0) return pass([], rest);
      heads.push(Buffer.from(repaired, 'latin1'));
      rest = rest.subarray(end);
      if (isLast) return pass(heads, rest);
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

function parserOf(socket: Socket): Parser | null {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser');
  const parser = symbol && (socket as unknown as Record<symbol, unknown>)[symbol];
  const isKnown = typeof parser === 'object' && parser !== null && 'execute' in parser && 'llhttp' in parser;
  return isKnown ? (parser as Parser) : null;
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

function refuse(socket: Socket, why: string): void {
  socket.destroy(Object.assign(new Error(why), { code: 'HPE_INVALID_CONSTANT' }));
}
