const space = 0x20;
const tab = 0x09;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const colon = 0x3a;

/** A longer header line needs a second look. */
const longestLine = 100 * 1024;

/** What a header's name may be made of (RFC 9110, section 5.6.2). */
const isToken = new Uint8Array(256);
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  isToken[character.charCodeAt(0)] = 1;
}

/**
 * The length of a whole head as RFC 9112 has it, of a final answer, whose framing is said once and plainly: it needs no
 * repair. Negative where chunks follow it; 0 for any other. Nearly all are such, so this looks at each byte once and makes nothing.
 */
export function plainHead(bytes: Uint8Array): number {
  let at = endOfStatus(bytes);
  if (at === -1) return 0;
  at = endOfValue(bytes, at);
  let framings = 0;
  let sign = 1;
  while (at !== -1) {
    if (bytes[at] === carriageReturn) return bytes[at + 1] === lineFeed ? sign * (at + 2) : 0;
    const name = at;
    while (isToken[bytes[at] ?? 0] === 1) at += 1;
    if (at === name || bytes[at] !== colon) return 0;
    const value = at + 1;
    at = endOfValue(bytes, value);
    if (at === -1) return 0;
    if (at - name > longestLine) return 0;
    const length = value - 1 - name;
    if (length !== 14 && length !== 17) continue;
    const isLength = length === 14 && isWord('content-length', bytes, name);
    if (!isLength && !(length === 17 && isWord('transfer-encoding', bytes, name))) continue;
    framings += 1;
    if (framings > 1 || !(isLength ? isNumber(bytes, value) : isChunked(bytes, value))) return 0;
    if (!isLength) sign = -1;
  }
  return 0;
}

/** Behind `HTTP/1.1 200`, or -1. */
function endOfStatus(bytes: Uint8Array): number {
  if (!isWord('http/1.', bytes, 0) || bytes[0] !== 0x48 || bytes[3] !== 0x50) return -1;
  if ((bytes[7] !== 0x30 && bytes[7] !== 0x31) || bytes[8] !== space) return -1;
  const first = bytes[9] ?? 0;
  if (first < 0x32 || first > 0x39 || !isDigit(bytes[10]) || !isDigit(bytes[11])) return -1;
  return bytes[12] === space || bytes[12] === carriageReturn ? 12 : -1;
}

/** Behind the line end after a value without control characters, or -1. */
function endOfValue(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= space && byte !== 0x7f) continue;
    if (byte === carriageReturn) return bytes[at + 1] === lineFeed ? at + 2 : -1;
    if (byte !== tab) return -1;
  }
  return -1;
}

/** Whether a word of lower-case letters stands there, in any case. */
function isWord(word: string, bytes: Uint8Array, from: number): boolean {
  for (let at = 0; at < word.length; at += 1) {
    const byte = bytes[from + at] ?? 0;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    if (lower !== word.charCodeAt(at)) return false;
  }
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isNumber(bytes: Uint8Array, from: number): boolean {
  let at = behindSpaces(bytes, from);
  if (!isDigit(bytes[at])) return false;
  while (isDigit(bytes[at])) at += 1;
  return bytes[at] === carriageReturn;
}

function isChunked(bytes: Uint8Array, from: number): boolean {
  const at = behindSpaces(bytes, from);
  return isWord('chunked', bytes, at) && bytes[at + 7] === carriageReturn;
}

function behindSpaces(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === space || bytes[at] === tab) at += 1;
  return at;
}
