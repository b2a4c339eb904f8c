import { createHash } from 'node:crypto';

/** Longest name in bytes: file systems take 255, and what people append (`.part`, `.1`) is to fit too. */
const longest = 240;
/** More than this behind the last dot is no ending. */
const longestEnding = 20;

/** What separates folders, ends strings, or is forbidden on Windows; what a terminal obeys or shows in another order. */
const forbidden = /[\p{Cc}/\\:*?"<>|\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** Windows opens a device for these, whatever their ending. */
const device = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³])(?:\.|$)/i;

/**
 * Hostile text as the name of a file: always one segment of a path, never hidden, never an option, a device or a way to
 * another folder. Names that are safe stay as they are; what is too long keeps its ending, and a hash tells it from others.
 */
export function safeName(text: string): string {
  const clean = text.toWellFormed().normalize('NFC').replace(forbidden, '_').trim();
  const whole = clean.replace(/[. ]+$/, '').replace(/^[.-]+/, (start) => '_'.repeat(start.length));
  const name = whole === '' ? '_' : device.test(whole) ? `_${whole}` : whole;
  return Buffer.byteLength(name) <= longest ? name : shortened(name);
}

function shortened(name: string): string {
  const dot = name.lastIndexOf('.');
  const ending = dot > 0 && Buffer.byteLength(name.slice(dot)) <= longestEnding ? name.slice(dot) : '';
  const mark = `~${createHash('sha256').update(name).digest('hex').slice(0, 8)}${ending}`;
  return cut(name.slice(0, name.length - ending.length), longest - Buffer.byteLength(mark)) + mark;
}

/** The beginning of a text, whole characters only. */
function cut(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}
