/** Heads as RFC 9112 has them, without anything about the framing that would need a second look: passed on as they are. */
const strict =
  /^HTTP\/1\.[01] [2-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?\r\n(?:[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n$/;
const framing = /\r\n(?:content-length|transfer-encoding):[^\r]*/gi;
const plainFraming = /^\r\n(?:content-length:[ \t]*\d+|transfer-encoding:[ \t]*chunked)$/i;

/** Versions in whose words a server may speak HTTP/1.1: some write 2 where they mean 1.1. */
const statusLine = /^HTTP\/(1\.[01]|2(?:\.0)?) +([1-9]\d\d)(?!\d)(.*)$/is;
const token = /^[!#$%&'*+.^_`|~\w-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controls = /[\u0001-\u0008\u000a-\u001f\u007f]/g;
/** To some clients the end of the head, to others part of a line. */
const bareReturn = /\n\r[^\n]/;

const framingName = /^(?:content-length|transfer-encoding)$/i;

type Field = { readonly name: string; value: string };

/**
 * A response's head, in Latin-1 down to its empty line, as a strict parser takes it and with the sense that curl and
 * browsers see in it: bare line feeds, folded lines, white space where none belongs, names that are none, a length or an
 * encoding that is said twice. Null when it is no HTTP, or when clients do not agree on where its body begins or ends. Two lengths
 * and an unknown encoding stay as they are, for the parser to refuse.
 */
export function repairHead(head: string): string | null {
  if (strict.test(head)) {
    const found = head.match(framing);
    if (found === null || (found.length === 1 && plainFraming.test(found[0]))) return head;
  }
  if (head.includes('\0') || bareReturn.test(head)) return null;
  const [first = '', ...lines] = head.split('\n').map((line) => line.replace(/\r+$/, ''));
  const [, version, status = '', reason = ''] = statusLine.exec(first) ?? [];
  if (version === undefined) return null;
  const fields = unfold(lines);
  if (fields === null) return null;
  const repaired = fields.flatMap((field, at) => {
    const name = field.name.toLowerCase();
    if (name !== 'content-length' && name !== 'transfer-encoding') return [field];
    // All of a name go to the place of the first.
    if (fields.findIndex((other) => other.name.toLowerCase() === name) < at) return [];
    const values = fields.filter((other) => other.name.toLowerCase() === name).map(({ value }) => value);
    return name === 'content-length' ? lengthOf(values) : encodingOf(values);
  });
  // A 100 nobody asked for means no more than any other 1xx; undici would break off at it.
  const shownStatus = status === '100' ? '102' : status;
  const top = `HTTP/${version.startsWith('1') ? version : '1.1'} ${shownStatus} ${clean(reason).trim()}`;
  return [top, ...repaired.map(({ name, value }) => `${name}: ${value}`), '', ''].join('\r\n');
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
    if (/^[ \t]/.test(line)) {
      if (!last || framingName.test(last.name)) return null;
      last.value = `${last.value} ${clean(line)}`.trim();
      continue;
    }
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1)];
    if (colon === -1 || name.includes('\r') || /^transfer-encoding[ \t]/i.test(name)) return null;
    const field = { name: name.trimEnd(), value: clean(value) };
    if (framingName.test(field.name) && value.search(controls) !== -1) return null;
    fields.push(field);
  }
  return fields.filter(({ name }) => token.test(name));
}

function clean(text: string): string {
  return text.replace(controls, ' ').replace(/^[ \t]+|[ \t]+$/g, '');
}

/** The same length several times is one length (RFC 9110, section 8.6). */
function lengthOf(values: readonly string[]): Field[] {
  const all = values.flatMap((value) => listed(value));
  const [first = ''] = all;
  const isOne = all.every((value) => value === first);
  return isOne
    ? [{ name: 'content-length', value: first }]
    : values.map((value) => ({ name: 'content-length', value }));
}

/** The elements of a list, without empty ones behind the first (RFC 9110, section 5.6.1). */
function listed(value: string): string[] {
  const elements = value.split(',').map((element) => element.trim());
  return elements.filter((element, at) => at === 0 || element !== '');
}

/** `identity` is none, and `chunked` twice is written by mistake: nobody chunks twice. */
function encodingOf(values: readonly string[]): Field[] {
  const codings = values.flatMap((value) => value.toLowerCase().split(',')).map((coding) => coding.trim());
  const applied = new Set(codings.filter((coding) => coding !== '' && coding !== 'identity'));
  return applied.size === 0 ? [] : [{ name: 'transfer-encoding', value: [...applied].join(', ') }];
}
