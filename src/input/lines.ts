import { isUtf8 } from 'node:buffer';

/** One line of input without its end. `fault` says why its text cannot be used. */
export type Line = {
  /** From 1, counting every line of its source. */
  readonly number: number;
  readonly text: string;
  readonly fault: string | null;
};

const newline = 0x0a;

/**
 * Splits bytes into lines at `\n`, and only there, taking off `\r` and a byte order mark. Gives the lines of each chunk
 * together: one at a time would cost more than splitting them. The last line needs no end. A line longer than
 * `maxLineBytes` is passed over up to its end and given with a fault, as is one that is not UTF-8.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  { maxLineBytes }: { maxLineBytes: number },
): AsyncGenerator<Line[]> {
  const splitter = new Splitter(maxLineBytes);
  for await (const chunk of chunks) {
    const lines = splitter.push(chunk);
    if (lines.length > 0) yield lines;
  }
  const last = splitter.end();
  if (last.length > 0) yield last;
}

class Splitter {
  readonly #maxLineBytes: number;
  /** The beginning of a line whose end has not come. */
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  /** Inside a line that is too long: its bytes are dropped. */
  #isSkipping = false;
  #number = 0;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  push(chunk: Uint8Array): Line[] {
    const lastEnd = chunk.lastIndexOf(newline);
    if (lastEnd === -1) {
      this.#keep(chunk);
      return [];
    }
    const lines: Line[] = [];
    let from = 0;
    if (this.#isSkipping) {
      from = chunk.indexOf(newline) + 1;
      lines.push(this.#tooLong());
      this.#isSkipping = false;
    }
    if (from <= lastEnd) lines.push(...this.#split(this.#take(chunk.subarray(from, lastEnd))));
    this.#keep(chunk.subarray(lastEnd + 1));
    return lines;
  }

  end(): Line[] {
    if (this.#isSkipping) return [this.#tooLong()];
    return this.#restBytes > 0 ? this.#split(this.#take(new Uint8Array())) : [];
  }

  #keep(bytes: Uint8Array): void {
    if (this.#isSkipping || bytes.length === 0) return;
    this.#restBytes += bytes.length;
    this.#rest.push(bytes);
    if (this.#restBytes <= this.#maxLineBytes + 1) return;
    this.#isSkipping = true;
    this.#rest = [];
    this.#restBytes = 0;
  }

  #take(bytes: Uint8Array): Buffer {
    const whole =
      this.#restBytes > 0
        ? Buffer.concat([...this.#rest, bytes])
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#rest = [];
    this.#restBytes = 0;
    return whole;
  }

  /** The lines of a run of bytes that ends where a line ends. */
  #split(bytes: Buffer): Line[] {
    if (bytes.length <= this.#maxLineBytes && isUtf8(bytes)) {
      return bytes
        .toString('utf8')
        .split('\n')
        .map((text) => this.#line(text, null));
    }
    const lines: Line[] = [];
    for (let from = 0; from <= bytes.length; ) {
      const found = bytes.indexOf(newline, from);
      const end = found === -1 ? bytes.length : found;
      lines.push(this.#one(bytes.subarray(from, end)));
      from = end + 1;
    }
    return lines;
  }

  #one(bytes: Buffer): Line {
    if (bytes.length > this.#maxLineBytes) return this.#tooLong();
    const text = bytes.toString('utf8');
    return this.#line(text, isUtf8(bytes) ? null : `the line is not UTF-8${whatElse(bytes, this.#number === 0)}`);
  }

  #line(raw: string, fault: string | null): Line {
    this.#number += 1;
    const from = this.#number === 1 && raw.charCodeAt(0) === 0xfeff ? 1 : 0;
    const to = raw.endsWith('\r') ? raw.length - 1 : raw.length;
    return { number: this.#number, text: raw.slice(from, to), fault };
  }

  #tooLong(): Line {
    this.#number += 1;
    return {
      number: this.#number,
      text: '',
      fault: `the line is longer than ${this.#maxLineBytes} bytes (--max-line)`,
    };
  }
}

/** What bytes that are no UTF-8 may be, as an addition to the message; nothing where they do not say. */
function whatElse(bytes: Uint8Array, isBeginning: boolean): string {
  // The first two bytes of a gzip file (RFC 1952, section 2.3.1).
  if (isBeginning && bytes[0] === 0x1f && bytes[1] === 0x8b) return ' (gzip? pipe it through zcat first)';
  return bytes.includes(0) ? ' (UTF-16? convert it with iconv first)' : '';
}
