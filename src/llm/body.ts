import { createParser } from 'eventsource-parser';
import { compactJson } from '../record/compact-json.ts';
import { createLines } from './lines.ts';

/** Events are small; a document has its own limit, the caller's. */
export const maxEventChars = 16 * 1024 ** 2;
/** Enough for an error that a server writes into its stream without framing it. */
const maxBareChars = 256 * 1024;

export type Body = {
  push(bytes: Uint8Array): void;
  end(): void;
  /** What stood outside of all events: the whole document where there are none. */
  bare(): string;
  /** It is neither events nor lines. */
  isDocument(): boolean;
  /** An event grew beyond all measure: nothing more is read. */
  isTooLarge(): boolean;
};

export type BodyOptions = {
  /** JSON outside of events is a line each. */
  readonly isLines: boolean;
  /** `isTail` is an event that the body's end has ended: it may be half of one. */
  readonly onEvent: (event: { readonly data: string; readonly name: string | null; readonly isTail: boolean }) => void;
};

/**
 * Bytes, cut anywhere, to events. What comes decides, whatever the content type says: a body that begins like JSON is
 * JSON, all others are server-sent events. Among those some servers put an error as bare JSON.
 */
export function createBody({ isLines, onEvent }: BodyOptions): Body {
  const decoder = new TextDecoder();
  let kind: 'events' | 'lines' | 'document' | null = null;
  let isFirstLine = true;
  let isTail = false;
  let isTooLarge = false;
  const bare: string[] = [];
  let bareChars = 0;

  const parser = createParser({
    maxBufferSize: maxEventChars,
    onEvent: ({ data, event }) => onEvent({ data, name: event ?? null, isTail }),
    onError: ({ type }) => {
      if (type === 'max-buffer-size-exceeded') isTooLarge = true;
    },
  });
  const lines = createLines(takeLine, maxEventChars, () => {
    isTooLarge = true;
  });

  function takeLine(line: string): void {
    if (isTooLarge) return;
    // One document may be on many lines.
    if (kind === 'lines' && isFirstLine && !isTail && compactJson(line) === null) kind = 'document';
    isFirstLine = false;
    if (kind === 'events' && (isField.test(line) || (isTail && isTornField(line)))) parser.feed(`${line}\n`);
    else if (kind !== 'lines') keepBare(`${line}\n`);
    else if (line.trim() !== '') onEvent({ data: line, name: null, isTail });
  }

  function keepBare(text: string): void {
    if (kind !== 'document' && bareChars > maxBareChars) return;
    bareChars += text.length;
    bare.push(text);
  }

  function take(given: string): void {
    // White space before the first sign of what it is says nothing.
    const text = kind === null ? given.trimStart() : given;
    if (text === '' || isTooLarge) return;
    kind ??= /^[[{]/.test(text) ? (isLines ? 'lines' : 'document') : 'events';
    if (kind === 'document' && !isLines) keepBare(text);
    else lines.push(text);
  }

  return {
    push: (bytes) => take(decoder.decode(bytes, { stream: true })),
    end: () => {
      const rest = decoder.decode();
      // Part of a character that begins nothing is nothing: half a byte order mark, say.
      if (kind !== null) take(rest);
      isTail = true;
      lines.end();
      // An event ends with a blank line; the last one may be without.
      if (kind === 'events' && !isTooLarge) parser.feed('\n\n');
    },
    bare: () => bare.join(''),
    isDocument: () => kind === 'document',
    isTooLarge: () => isTooLarge,
  };
}

/** What may stand on a line of server-sent events; a comment begins with the colon. */
const isField = /^(?:data|event|id|retry)?(?::|$)/;

function isTornField(line: string): boolean {
  return ['data', 'event', 'id', 'retry'].some((name) => name.startsWith(line));
}
