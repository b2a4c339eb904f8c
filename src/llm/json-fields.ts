import { compactJson } from '../record/compact-json.ts';
import { parseExactJson } from '../record/json.ts';

/** JSON from a stranger, a field at a time: each returns what was expected, or null. */

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** The fields but those of these names. */
export function without(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

/** The object that a text of JSON holds, numbers as they are written, or null. */
export function objectIn(text: string): Fields | null {
  const json = compactJson(text);
  return json?.startsWith('{') ? (parseExactJson(json) as Fields) : null;
}

export function listOf(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) ? value : null;
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** A whole number that is a count. */
export function numberOf(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null;
}

/** A stranger's text for a message: on one line, without control characters, and not too long. */
export function oneLine(text: string): string {
  // Cut first: what comes may be megabytes of HTML.
  const line = text
    .slice(0, 2000)
    .replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
  return line.length > 500 ? `${line.slice(0, 500).toWellFormed()}…` : line;
}
