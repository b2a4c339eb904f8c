import { Failure } from '../record/failure.ts';
import type { Escape } from './template.ts';

/** What percent-encoding would leave as it is: most values. */
const harmless = /^[\w.~-]*$/;

/** For one component of a URL or of form data: everything that means something there is encoded. */
export const percentEncoded: Escape = (text) =>
  harmless.test(text) ? text : encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, encodeByte);

const encodeByte = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** For the inside of a JSON string. */
export const inJsonString: Escape = (text) => JSON.stringify(text).slice(1, -1);

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and attributes of XML and HTML. */
export const inMarkup: Escape = (text) => text.replace(/[&<>"']/g, (character) => entities[character] ?? character);

/**
 * How a value is escaped at its place in a URL's template, given what stands before it (names as NUL) and behind it.
 * - What the URL begins with is as it is: `{{url}}`, `{{base}}/x`.
 * - In the host: encoded, but for the colon of a port and the brackets of an address.
 * - A whole segment of the path must hold something that a path can hold: `.` and `..` mean another path, and so does nothing.
 */
export function inUrl(name: string, before: string, behind: string): Escape {
  if (before === '' && /^(?:[/?#]|$)/.test(behind)) return (text) => text;
  if (/[?#]/.test(before)) return percentEncoded;
  if (before === '' || /^[a-z\0][a-z\d+.-]*:\/\/[^/]*$/i.test(before)) {
    const isCredential = /^[^/?#]*@/.test(behind);
    return isCredential ? percentEncoded : inHost;
  }
  const isSegment = before.endsWith('/') && /^(?:[/?#]|$)/.test(behind);
  return isSegment ? inSegment(name) : percentEncoded;
}

/**
 * For the path of a file that is read, given what stands before the value (names as NUL) and behind it. A value that is
 * the whole path, or its first folder, is as it is. Any other may name folders further in, and none further out.
 */
export function inFilePath(name: string, before: string, behind: string): Escape {
  const isFirst = before === '';
  if (isFirst && /^(?:[/\\]|$)/.test(behind)) return (text) => text;
  return (text) => {
    // Segments of one dot too: two values side by side could make two of them.
    const leavesFolder =
      text.split(/[/\\]/).some((segment) => /^\.+$/.test(segment)) || (isFirst && /^[/\\]/.test(text));
    if (!leavesFolder) return text;
    const shown = text.slice(0, 200);
    throw new Failure('template', `{{${name}}}: \`${shown}\` would leave the folder ({{${name}|raw}} allows it)`);
  };
}

const inHost: Escape = (text) =>
  percentEncoded(text).replace(/%3A|%5B|%5D/g, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));

const inSegment =
  (name: string): Escape =>
  (text) => {
    if (text !== '' && text !== '.' && text !== '..') return percentEncoded(text);
    const what = text === '' ? 'it is empty' : `it is \`${text}\``;
    throw new Failure('template', `{{${name}}}: ${what}, which would make the path another one`);
  };
