import type { Socket } from 'node:net';
import { chunkedBody } from './chunked-body.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { longestField, repairHead } from './head.ts';
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
  /** The beginning of a head, and how much of it has been searched for its end. */
  const held = new GrowingBuffer();
  let searched = 0;
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
    if (held.length === 0) {
      const end = plainHead(bytes);
      if (end !== 0) isFirst = false;
      if (end > 0) return execute(bytes);
      if (end < 0) return body.begin(bytes, -end);
    }
    if (held.length > 0) {
      held.append(bytes);
      const all = held.view();
      if (all.length <= longestHead && mayBeHttp(all) && endOfHead(all, searched) === -1) return waitFor(all.length);
    }
    let rest = held.length > 0 ? held.take() : isFirst ? bytes : withoutLineEnds(bytes);
    if (!mayBeHttp(rest)) return refuse(socket, 'it does not begin as an answer does', { isLeftover: !isFirst });
    const heads: Buffer[] = [];
    for (let end = endOfHead(rest); end !== -1; end = endOfHead(rest)) {
      const head = rest.toString('latin1', 0, end);
      const repaired = repairHead(head);
      if (repaired === null) return refuse(socket, whyNot(head));
      isFirst = false;
      heads.push(Buffer.from(repaired, 'latin1'));
      rest = rest.subarray(end);
      if (isFinal(repaired)) return pass(heads, rest, leadsToChunks(repaired));
      rest = withoutLineEnds(rest);
      if (!mayBeHttp(rest)) return refuse(socket, 'it does not begin as an answer does', { isLeftover: false });
    }
    if (heads.length > 0) pass(heads, Buffer.alloc(0));
    if (rest.length > longestHead) return pass([], rest);
    if (rest.length === 0) return;
    held.append(rest);
    waitFor(rest.length);
    if (!hasLetter) execute(letter);
    hasLetter = true;
  };

  function waitFor(length: number): void {
    // The end may be cut in the middle: it has three bytes.
    searched = Math.max(0, length - 2);
  }
}

const letter = Buffer.from('H');
const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/** Old servers put a line end behind a body, which comes before the next answer then. */
function withoutLineEnds(bytes: Buffer): Buffer {
  let at = 0;
  while (bytes[at] === carriageReturn || bytes[at] === lineFeed) at += 1;
  return bytes.subarray(at);
}

function mayBeHttp(bytes: Buffer): boolean {
  return 'http/'.startsWith(bytes.toString('latin1', 0, 5).toLowerCase());
}

/** Behind the empty line, or -1 while there is none. */
function endOfHead(bytes: Buffer, from = 0): number {
  for (let at = bytes.indexOf(lineFeed, from); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) {
    if (bytes[at + 1] === lineFeed) return at + 2;
    if (bytes[at + 1] === carriageReturn && bytes[at + 2] === lineFeed) return at + 3;
  }
  return -1;
}

function isFinal(head: string): boolean {
  return !/^HTTP\/1\.[01] 1/.test(head) || /^HTTP\/1\.[01] 101/.test(head);
}

/** Of a head that needs no repair any more. */
function leadsToChunks(head: string): boolean {
  const [, codings = ''] = /\r\ntransfer-encoding:([^\r]*)/i.exec(head) ?? [];
  return codings.trimEnd().toLowerCase().endsWith('chunked');
}

function whyNot(head: string): string {
  let length = 0;
  for (const line of head.split('\n')) {
    const isFolded = line.startsWith(' ') || line.startsWith('\t');
    length = isFolded ? length + line.length : line.length;
    if (length > longestField) return `one of its headers is longer than ${longestField} bytes`;
  }
  return 'its head makes no sense';
}
