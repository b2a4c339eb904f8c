/** A text, and how many characters of it stand for bytes that its encoding does not know. */
export type DecodedText = { readonly text: string; readonly replaced: number };

const replacement = '\ufffd';

/** How encodings write the replacement character itself, which then replaces nothing. */
const written: Readonly<Record<string, Buffer>> = {
  'utf-8': Buffer.from(replacement),
  gb18030: Buffer.from([0x84, 0x31, 0xa4, 0x37]),
};

/** Bytes of an encoding, by its WHATWG name, as text without a byte order mark. What does not fit becomes U+FFFD. */
export function decodeText(bytes: Buffer, encoding: string): DecodedText {
  // The common case, without a byte order mark to take off.
  const isPlain = encoding === 'utf-8' && bytes[0] !== 0xef;
  const text = isPlain ? bytes.toString('utf8') : new TextDecoder(encoding).decode(bytes);
  const replaced = text.includes(replacement) ? count(text, replacement) - genuine(bytes, encoding) : 0;
  return { text, replaced };
}

function count(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) found += 1;
  return found;
}

function genuine(bytes: Buffer, encoding: string): number {
  if (encoding.startsWith('utf-16')) return genuineUnits(bytes, encoding === 'utf-16be' ? 0xff : 0xfd);
  const sequence = written[encoding];
  if (!sequence) return 0;
  let found = 0;
  for (let at = bytes.indexOf(sequence); at !== -1; at = bytes.indexOf(sequence, at + sequence.length)) found += 1;
  return found;
}

function genuineUnits(bytes: Buffer, first: number): number {
  const second = first === 0xff ? 0xfd : 0xff;
  let found = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) if (bytes[at] === first && bytes[at + 1] === second) found += 1;
  return found;
}
