import { Failure } from './failure.ts';

/**
 * JSON kept as written. A number such as 12345678901234567890 or 1.0 loses digits when JavaScript reads it, so bodies
 * are checked and passed on as text (compact-json.ts), and records keep such numbers in their own words.
 */

/** Numbers that may not come out of JavaScript as they went in: long, with a fraction or exponent, or minus zero. */
const riskyNumber = /\d{16}|\d\.\d|\d[eE]|-0/;

/** Parses JSON. A number that JavaScript would write differently is kept as `JSON.rawJSON`, so stringify restores it. */
export function parseExactJson(text: string): unknown {
  if (!riskyNumber.test(text)) return JSON.parse(text);
  return JSON.parse(text, exactNumber as (key: string, value: unknown) => unknown);
}

// TypeScript's library does not know these two yet (ECMAScript proposal "JSON.parse source text access").
type RawJson = { rawJSON(text: string): unknown; isRawJSON(value: unknown): value is { rawJSON: string } };
const json = JSON as unknown as RawJson;

function exactNumber(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || context.source === undefined || String(value) === context.source) return value;
  return json.rawJSON(context.source);
}

/** The exact text of a value that `parseExactJson` kept raw, or null for any other value. */
export function rawText(value: unknown): string | null {
  return json.isRawJSON(value) ? value.rawJSON : null;
}

/** The JSON text of a value that `parseExactJson` gave. A Failure `input` for what is nested too deep to be written. */
export function exactJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    if (cause instanceof RangeError) throw new Failure('input', 'the record is nested too deep', { cause });
    throw cause;
  }
}

/** What JSON.parse found wrong with a text, without the piece of it that V8 quotes: it may hold credentials. */
export function jsonFault({ message }: Error): string {
  const told = /^Unexpected token '.{1,2}'/s.exec(message)?.[0] ?? message.replace(/".*/s, '');
  return told.trim() || 'it begins like none';
}

/** Characters that are harmless in JSON but not to terminals and line readers: DEL and C1 controls, line separators. */
const unsafe = /[\u007f-\u009f\u2028\u2029]/g;

/** JSON text with those characters as escapes: in JSON they can only stand in strings. */
export function escapeUnsafe(text: string): string {
  // Looked at first, nearly no text has one: as many bytes as characters is ASCII.
  if (Buffer.byteLength(text) === text.length && !text.includes('\u007f')) return text;
  return text.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
