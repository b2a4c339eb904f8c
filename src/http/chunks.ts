const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/** A chunk's size, and what may be behind it, which means nothing to us. As curl takes it: of 16 digits at most. */
const sizeLine = /^([0-9a-f]{1,16})[ \t]*(?:;[^\0\r]*)?$/i;
/** Larger sizes are no numbers any more, and no body is as large. */
const largestSize = Number.MAX_SAFE_INTEGER;
/** Lines between chunks, and all trailers together, may be this long. */
const longestLine = 64 * 1024;

/**
 * A chunked body (RFC 9112, section 7.1), piece by piece, as a strict parser takes it: with whole line ends, without
 * extensions and trailers. What is written so already is passed on as it is, and not copied.
 */
export class Chunks {
  #state: 'size' | 'data' | 'dataEnd' | 'trailer' | 'done' = 'size';
  /** Bytes of the chunk that are still to come. */
  #left = 0;
  #trailers = 0;
  /** The beginning of a line. */
  #held: Buffer | null = null;

  /** The last chunk is through: what is behind it belongs to no body. */
  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** What these bytes are to the parser: themselves, if they need no repair; null when they make no sense. */
  take(bytes: Buffer): Buffer | null {
    const all = this.#held ? Buffer.concat([this.#held, bytes]) : bytes;
    this.#held = null;
    const pieces: Buffer[] = [];
    let kept = 0;
    let at = 0;
    while (at < all.length && this.#state !== 'done') {
      if (this.#state === 'data') {
        at = this.#skipData(at, all.length);
        continue;
      }
      if (this.#state === 'dataEnd' && all[at] === carriageReturn && all[at + 1] === lineFeed) {
        this.#state = 'size';
        at += 2;
        continue;
      }
      const lineEnd = all.indexOf(lineFeed, at);
      if (lineEnd === -1) {
        if (!this.#mayGoOn(all, at)) return null;
        this.#held = all.subarray(at);
        break;
      }
      const line = all.toString('latin1', at, lineEnd + 1);
      const repaired = this.#line(line.replace(/\r?\n$/, ''));
      if (repaired === null) return null;
      if (repaired !== line) {
        pieces.push(all.subarray(kept, at), Buffer.from(repaired, 'latin1'));
        kept = lineEnd + 1;
      }
      at = lineEnd + 1;
    }
    const end = this.#state === 'done' ? all.length : at;
    if (kept === 0 && end === all.length) return all;
    const rest = all.subarray(kept, end);
    return pieces.length === 0 ? rest : Buffer.concat([...pieces, rest]);
  }

  #skipData(at: number, length: number): number {
    const step = Math.min(this.#left, length - at);
    this.#left -= step;
    if (this.#left === 0) this.#state = 'dataEnd';
    return at + step;
  }

  /** Whether the beginning of a line may become one that makes sense. */
  #mayGoOn(bytes: Buffer, at: number): boolean {
    if (this.#state === 'dataEnd') return bytes.length === at + 1 && bytes[at] === carriageReturn;
    return bytes.length - at <= longestLine;
  }

  #line(text: string): string | null {
    if (this.#state === 'size') return this.#size(text);
    if (this.#state === 'trailer') return this.#trailer(text);
    this.#state = 'size';
    return text === '' ? '\r\n' : null;
  }

  #size(text: string): string | null {
    const [, digits] = sizeLine.exec(text) ?? [];
    const size = Number.parseInt(digits ?? '', 16);
    if (digits === undefined || size > largestSize) return null;
    this.#left = size;
    this.#state = size === 0 ? 'trailer' : 'data';
    return `${digits}\r\n`;
  }

  /** Trailers are read past, if they look like such. */
  #trailer(text: string): string | null {
    this.#trailers += text.length;
    if (text === '') {
      this.#state = 'done';
      return '\r\n';
    }
    const isOne = /^[^\0\r]*$/.test(text) && (text.includes(':') || /^[ \t]/.test(text));
    return isOne && this.#trailers <= longestLine ? '' : null;
  }
}
