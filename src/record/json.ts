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

/**
 * JSON text as every reader takes it: those characters as escapes (in JSON they can only stand in strings), and U+FFFD for
 * each half of a surrogate pair, at which jq 1.6 ends and loses all rows behind it.
 */
export function escapeUnsafe(text: string): string {
  const whole = withoutLoneSurrogates(text);
  // Looked at first, nearly no text has one: as many bytes as characters is ASCII.
  if (Buffer.byteLength(whole) === whole.length && !whole.includes('\u007f')) return whole;
  return whole.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const escapeLength = 6;

/** JSON text with `\ufffd` in place of each escape of half a surrogate pair; all else as it is written. */
export function withoutLoneSurrogates(json: string): string {
  if (!json.includes('\\ud') && !json.includes('\\uD')) return json;
  let out = '';
  let from = 0;
  for (let at = json.indexOf('\\'); at !== -1; at = json.indexOf('\\', at)) {
    const unit = escapedUnit(json, at);
    if (unit < 0xd800 || unit > 0xdfff) {
      // Behind the character that is escaped, which may be a backslash.
      at += 2;
      continue;
    }
    const next = escapedUnit(json, at + escapeLength);
    if (unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) {
      at += 2 * escapeLength;
      continue;
    }
    out += `${json.slice(from, at)}\\ufffd`;
    at += escapeLength;
    from = at;
  }
  return from === 0 ? json : out + json.slice(from);
}

/** The code unit that `\uXXXX` at this place stands for, or -1 for anything else. */
function escapedUnit(json: string, at: number): number {
  if (json.charCodeAt(at) !== 0x5c || json.charCodeAt(at + 1) !== 0x75) return -1;
  const unit = Number.parseInt(json.slice(at + 2, at + escapeLength), 16);
  return Number.isNaN(unit) ? -1 : unit;
}
