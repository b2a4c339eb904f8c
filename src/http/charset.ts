/** Bytes of a page in which its charset is looked for (WHATWG HTML, section 13.2.3.2). */
const sniffedBytes = 1024;

/** Names of encodings that the WHATWG maps to another: what they name cannot be what is meant. */
const meant: Readonly<Record<string, string>> = {
  'utf-16le': 'utf-8',
  'utf-16be': 'utf-8',
  'x-user-defined': 'windows-1252',
};

/** Labels come from servers. */
const longestLabel = 40;

/** The encoding that a label names (WHATWG Encoding, section 4.2), in lower case; null for one that nobody knows. */
export function encodingOfLabel(label: string): string | null {
  if (label === 'utf-8' || label === 'utf8') return 'utf-8';
  if (label.length > longestLabel) return null;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return null;
  }
}

/** A byte order mark beats every label (WHATWG Encoding, section 6.1). */
export function encodingOfMark(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return null;
}

/**
 * The encoding that a page declares in its first 1024 bytes: HTML in a `<meta>`, XML in its declaration (WHATWG HTML,
 * section 13.2.3.2, "prescan a byte stream"). Null where there is none, or one that nobody knows.
 */
export function declaredEncoding(page: Buffer, markup: 'html' | 'xhtml' | 'xml'): string | null {
  const text = page.toString('latin1', 0, sniffedBytes);
  if (text.startsWith('<\0?\0x\0')) return 'utf-16le';
  if (text.startsWith('\0<\0?\0x')) return 'utf-16be';
  const inMeta = markup === 'xml' ? null : metaEncoding(text);
  const inXml = xmlEncoding(text);
  return markup === 'html' ? (inMeta ?? inXml) : (inXml ?? inMeta);
}

function asMeant(label: string): string | null {
  const name = label.trim().toLowerCase();
  const encoding = encodingOfLabel(name) ?? name;
  return meant[encoding] ?? (encoding === name ? encodingOfLabel(name) : encoding);
}

/** `<?xml version="1.0" encoding="gbk"?>` */
function xmlEncoding(text: string): string | null {
  if (!text.startsWith('<?xml')) return null;
  const declaration = text.slice(5, text.indexOf('>') === -1 ? undefined : text.indexOf('>'));
  const at = declaration.indexOf('encoding');
  if (at === -1) return null;
  const value = declaration.slice(at + 'encoding'.length).trimStart();
  if (!value.startsWith('=')) return null;
  const quoted = value.slice(1).trimStart();
  const [quote = ''] = quoted;
  const end = quoted.indexOf(quote, 1);
  return (quote === '"' || quote === "'") && end !== -1 ? asMeant(quoted.slice(1, end)) : null;
}

const isSpace = (character: string | undefined) =>
  character === ' ' || character === '\t' || character === '\n' || character === '\f' || character === '\r';

/** The first encoding that a `<meta>` names. Comments, other tags and their attributes are passed over. */
function metaEncoding(text: string): string | null {
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', at)) {
    if (text.startsWith('<!--', at)) {
      // `<!-->` is a whole comment.
      const end = text.indexOf('-->', at + 2);
      if (end === -1) return null;
      at = end + 3;
      continue;
    }
    const name = at + (text[at + 1] === '/' ? 2 : 1);
    if (!isLetter(text.charCodeAt(name))) {
      const isMarkup = name > at + 1 || text[name] === '!' || text[name] === '?';
      const end = isMarkup ? text.indexOf('>', name) : name;
      if (end === -1) return null;
      at = end;
      continue;
    }
    let behind = name;
    while (behind < text.length && !isSpace(text[behind]) && text[behind] !== '>' && text[behind] !== '/') behind += 1;
    const isMeta = name === at + 1 && text.slice(name, behind).toLowerCase() === 'meta';
    const attributes = attributesAt(text, behind);
    const encoding = isMeta ? encodingOfMeta(attributes.found) : null;
    if (encoding !== null) return encoding;
    at = attributes.end;
  }
  return null;
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

/** `charset`, or `content` beside `http-equiv="content-type"`. */
function encodingOfMeta(attributes: ReadonlyMap<string, string>): string | null {
  const charset = attributes.get('charset');
  if (charset !== undefined) return asMeant(charset);
  const content = attributes.get('content');
  if (content === undefined || attributes.get('http-equiv')?.toLowerCase() !== 'content-type') return null;
  return labelInContent(content);
}

/** `text/html; charset=gbk` (WHATWG HTML, section 2.4.4). */
function labelInContent(content: string): string | null {
  const lower = content.toLowerCase();
  for (let at = lower.indexOf('charset'); at !== -1; at = lower.indexOf('charset', at)) {
    at += 'charset'.length;
    const behind = lower.slice(at).trimStart();
    if (!behind.startsWith('=')) continue;
    const value = behind.slice(1).trimStart();
    const [quote = ''] = value;
    if (quote === '"' || quote === "'") {
      const end = value.indexOf(quote, 1);
      return end === -1 ? null : asMeant(value.slice(1, end));
    }
    return asMeant(value.split(/[\s;]/, 1)[0] ?? '');
  }
  return null;
}

/** The attributes of a tag, the first of a name, and where they end. */
function attributesAt(text: string, from: number): { found: ReadonlyMap<string, string>; end: number } {
  const found = new Map<string, string>();
  let at = from;
  while (at < text.length) {
    while (isSpace(text[at]) || text[at] === '/') at += 1;
    if (at >= text.length || text[at] === '>') break;
    const name = at;
    // An equals sign in the first place is part of the name.
    at += 1;
    while (at < text.length && !isSpace(text[at]) && text[at] !== '/' && text[at] !== '>' && text[at] !== '=') at += 1;
    const key = text.slice(name, at).toLowerCase();
    while (isSpace(text[at])) at += 1;
    let value = '';
    if (text[at] === '=') {
      at += 1;
      while (isSpace(text[at])) at += 1;
      const quote = text[at];
      const start = quote === '"' || quote === "'" ? at + 1 : at;
      if (start > at) {
        const end = text.indexOf(quote as string, start);
        // Cut off in the middle of a value: it says nothing.
        if (end === -1) return { found: new Map(), end: text.length };
        value = text.slice(start, end);
        at = end + 1;
      } else {
        while (at < text.length && !isSpace(text[at]) && text[at] !== '>') at += 1;
        if (at === text.length) return { found: new Map(), end: at };
        value = text.slice(start, at);
      }
    }
    if (!found.has(key)) found.set(key, value);
  }
  return { found, end: at };
}
