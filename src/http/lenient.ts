import type { Socket } from 'node:net';
import { chunkedBody } from './chunked-body.ts';
import { repairHead } from './head.ts';
import { mindResets, parserOf, refuse } from './parser.ts';
import { plainHead } from './plain-head.ts';

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
  mindResets(socket, parser);
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
