import { plainHead } from './plain-head.ts';

/** Versions in whose words a server may speak HTTP/1.1: some write 2 where they mean 1.1. */
const statusLine = /^HTTP\/(1\.[01]|2(?:\.0)?) +([1-9]\d\d)(?!\d)(.*)$/is;
const token = /^[!#$%&'*+.^_`|~\w-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controls = /[\u0001-\u0008\u000a-\u001f\u007f]/g;
/** To some clients the end of the head, to others part of a line. */
const bareReturn = /\n\r[^\n]/;

/** A header longer than this is no header: what curl takes too. Folded lines count together. */
export const longestField = 100 * 1024;

type Field = { readonly name: string; readonly pieces: string[]; length: number };

/**
 * A response's head, in Latin-1 down to its empty line, as a strict parser takes it and with the sense that curl and
 * browsers see in it: bare line feeds, folded lines, white space where none belongs, names that are none, a length or an
 * encoding that is said twice. Null when it is no HTTP, when a header is longer than 100 KiB, or when clients do not agree on where its body begins or ends. Two lengths
 * and an unknown encoding stay as they are, for the parser to refuse. Looks at each character a fixed number of times.
 */
export function repairHead(head: string): string | null {
  if (plainHead(Buffer.from(head, 'latin1')) !== 0) return head;
  if (head.includes('\0') || bareReturn.test(head)) return null;
  const [first = '', ...lines] = head.split('\n').map(withoutReturns);
  const [, version, status = '', reason = ''] = statusLine.exec(first) ?? [];
  if (version === undefined) return null;
  const fields = unfold(lines);
  if (fields === null) return null;
  // A 100 nobody asked for means no more than any other 1xx; undici would break off at it.
  const shownStatus = status === '100' ? '102' : status;
  const top = `HTTP/${version.startsWith('1') ? version : '1.1'} ${shownStatus} ${clean(reason).trim()}`;
  return [top, ...rewritten(fields), '', ''].join('\r\n');
}

/** The header lines again, with all that is said about the framing at the place where it is said first. */
function rewritten(fields: readonly Field[]): string[] {
  const framing = new Map<string, string[]>();
  const places: (string | { readonly name: string })[] = [];
  for (const { name, pieces } of fields) {
    const value = pieces.filter((piece) => piece !== '').join(' ');
    const lower = name.toLowerCase();
    if (!isFraming(lower)) {
      places.push(`${name}: ${value}`);
      continue;
    }
    const values = framing.get(lower);
    if (values) values.push(value);
    else {
      framing.set(lower, [value]);
      places.push({ name: lower });
    }
  }
  return places.flatMap((place) => {
    if (typeof place === 'string') return [place];
    const values = framing.get(place.name) ?? [];
    const shown = place.name === 'content-length' ? lengthOf(values) : encodingOf(values);
    return shown.map((value) => `${place.name}: ${value}`);
  });
}

function isFraming(lowerName: string): boolean {
  return lowerName === 'content-length' || lowerName === 'transfer-encoding';
}

/**
 * The header lines as names and values, without those whose name is none: curl and browsers read past them. Null for what
 * curl does not take either: a line without a colon, a folded line with nothing before it, or with a framing header; a carriage
 * return in a name, a control character in a framing header. And for white space before a transfer-encoding's colon: the RFC has it
 * taken off, and clients that do not, as curl, read the chunks as a body.
 */
function unfold(lines: readonly string[]): Field[] | null {
  const fields: Field[] = [];
  for (const line of lines) {
    if (line === '') continue;
    const last = fields.at(-1);
    if (line[0] === ' ' || line[0] === '\t') {
      if (!last || isFraming(last.name.toLowerCase())) return null;
      last.pieces.push(clean(line));
      last.length += line.length;
      if (last.length > longestField) return null;
      continue;
    }
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1)];
    if (colon === -1 || name.includes('\r') || line.length > longestField) return null;
    const bare = name.trimEnd();
    const lower = bare.toLowerCase();
    if (lower === 'transfer-encoding' && bare !== name) return null;
    if (isFraming(lower) && value.search(controls) !== -1) return null;
    fields.push({ name: bare, pieces: [clean(value)], length: line.length });
  }
  return fields.filter(({ name }) => token.test(name));
}

function withoutReturns(line: string): string {
  let end = line.length;
  while (end > 0 && line.charCodeAt(end - 1) === 0x0d) end -= 1;
  return line.slice(0, end);
}

/** Without control characters, and without spaces and tabs around it. */
function clean(text: string): string {
  const plain = text.replace(controls, ' ');
  let from = 0;
  let to = plain.length;
  while (from < to && isBlank(plain.charCodeAt(from))) from += 1;
  while (to > from && isBlank(plain.charCodeAt(to - 1))) to -= 1;
  return plain.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The same length several times is one length (RFC 9110, section 8.6). */
function lengthOf(values: readonly string[]): readonly string[] {
  const all = values.flatMap((value) => listed(value));
  const [first = ''] = all;
  return all.every((value) => value === first) ? [first] : values;
}

/** The elements of a list, without empty ones behind the first (RFC 9110, section 5.6.1). */
function listed(value: string): string[] {
  const elements = value.split(',').map((element) => element.trim());
  return elements.filter((element, at) => at === 0 || element !== '');
}

/** `identity` is none, and `chunked` twice is written by mistake: nobody chunks twice. */
function encodingOf(values: readonly string[]): readonly string[] {
  const codings = values.flatMap((value) => value.toLowerCase().split(',')).map((coding) => coding.trim());
  const applied = new Set(codings.filter((coding) => coding !== '' && coding !== 'identity'));
  return applied.size === 0 ? [] : [[...applied].join(', ')];
}
