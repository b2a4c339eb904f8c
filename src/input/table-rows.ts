import { isUtf8 } from 'node:buffer';
import type { Parser } from 'csv-parse';
import { hasStrictQuotes } from './strict-quotes.ts';

/** One row of a table. `fault` says why it cannot be used. */
export type TableRow = {
  /** The line that it begins in, from 1. */
  readonly number: number;
  /** As it is written, without its end. */
  readonly text: string;
  /** As many as there are columns, unless there is a fault. */
  readonly fields: readonly string[];
  readonly fault: string | null;
};

export type TableOptions = {
  delimiter: ',' | '\t';
  /** A row longer than this is given with a fault. */
  maxLineBytes: number;
};

type Csv = { readonly raw: string; readonly record: string[] };
/** What csv-parse keeps of a row whose end has not come. Its version is pinned: there is no other way to know. */
type Unfinished = {
  state: {
    field: Buffered;
    rawBuffer: Buffered;
    record: string[];
    quoting: boolean;
    escaping: boolean;
    previousBuf?: Buffer;
  };
};
type Buffered = { reset(): void };

/** No more bytes than these wait for others. */
const lookAhead = 4;
const blankLines = Buffer.alloc(lookAhead, '\n');

/** csv-parse, fed chunk by chunk: its stream would hand over row by row, and stop at the first that it does not like. */
export class RowParser {
  readonly #parser: Parser;
  readonly #delimiter: string;
  readonly #maxLineBytes: number;
  #rows: TableRow[] = [];
  #error: Error | null = null;
  #line = 1;
  #emptyLines = 0;
  /** Blank lines since the last row that are none of the input's. */
  #ownBlankLines = 0;
  /** Bytes given, and up to the end of the last row. */
  #bytes = 0;
  #endOfRow = 0;
  /** The beginning of a character that the next chunk goes on with. */
  #rest: Uint8Array = new Uint8Array();
  #isUtf8 = true;

  constructor(Library: typeof Parser, { delimiter, maxLineBytes }: TableOptions) {
    const parser = new Library({
      delimiter,
      relax_column_count: true,
      record_delimiter: ['\r\n', '\n'],
      bom: true,
      raw: true,
      skip_empty_lines: true,
      // A quote out of place would swallow the rows behind it. It is looked for in each row instead.
      relax_quotes: true,
      skip_records_with_error: true,
      on_skip: () => {
        this.#add({ raw: '', record: [] }, 'a quote that opens here is never closed');
        return undefined;
      },
    });
    parser.push = (row: Csv | null) => {
      if (row) this.#add(row, null);
      return true;
    };
    parser.on('error', (error) => {
      this.#error = error;
    });
    this.#parser = parser;
    this.#delimiter = delimiter;
    this.#maxLineBytes = maxLineBytes;
  }

  push(chunk: Uint8Array): TableRow[] {
    this.#isUtf8 &&= this.#checkUtf8(chunk);
    this.#bytes += chunk.length;
    this.#parser.write(chunk);
    if (this.#isAtEndOfRow()) {
      // It looks a few bytes ahead: behind blank lines no row waits for the next one to come.
      this.#parser.write(blankLines);
      this.#bytes += blankLines.length;
      this.#ownBlankLines += blankLines.length;
    }
    if (this.#bytes - this.#endOfRow > this.#maxLineBytes + 4 * lookAhead) this.#dropUnfinished();
    return this.#take();
  }

  async end(): Promise<TableRow[]> {
    this.#isUtf8 &&= this.#rest.length === 0;
    await new Promise<void>((resolve) => this.#parser.end(resolve));
    return this.#take();
  }

  #take(): TableRow[] {
    if (this.#error) throw this.#error;
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  #add({ raw, record }: Csv, fault: string | null): void {
    const { info } = this.#parser;
    const number = this.#line + info.empty_lines - this.#emptyLines - this.#ownBlankLines;
    const text = withoutEnds(raw);
    const size = info.bytes - this.#endOfRow - this.#ownBlankLines;
    const isQuoted = text.includes('"');
    this.#emptyLines = info.empty_lines;
    this.#line = number + 1 + (isQuoted ? text.split('\n').length - 1 : 0);
    this.#endOfRow = info.bytes;
    this.#ownBlankLines = 0;
    this.#rows.push({ number, text, fields: record, fault: fault ?? this.#faultOf(record, { text, size, isQuoted }) });
  }

  #faultOf(fields: readonly string[], row: { text: string; size: number; isQuoted: boolean }): string | null {
    if (row.size > this.#maxLineBytes + 2) return `the row is longer than ${this.#maxLineBytes} bytes (--max-line)`;
    if (!this.#isUtf8 && fields.some((field) => field.includes('\ufffd'))) return 'the row is not UTF-8';
    if (row.isQuoted && !hasStrictQuotes(row.text, this.#delimiter)) {
      return 'a quote stands where none may be: a field with quotes in it is written "a ""quoted"" word"';
    }
    return null;
  }

  /** Whether the bytes that the parser has not read yet end a row, as far as that is sure. */
  #isAtEndOfRow(): boolean {
    const { quoting, escaping, previousBuf } = (this.#parser as unknown as Unfinished).state;
    const unread = previousBuf?.toString('latin1') ?? '';
    return !escaping && (quoting ? /^[^"]*"\r?\n$/ : /^[^"]*\n$/).test(unread);
  }

  /** A row that is too long is not kept, only waited for: the memory it may take is bounded. */
  #dropUnfinished(): void {
    const { state } = this.#parser as unknown as Unfinished;
    state.field.reset();
    state.rawBuffer.reset();
    state.record = [];
  }

  #checkUtf8(chunk: Uint8Array): boolean {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const end = endOfCharacters(bytes);
    this.#rest = bytes.subarray(end);
    return isUtf8(bytes.subarray(0, end));
  }
}

/** The row's own text: behind the ends of empty lines before it, before its own. */
function withoutEnds(raw: string): string {
  let from = 0;
  let to = raw.length;
  while (raw.charCodeAt(from) === 0x0a || raw.charCodeAt(from) === 0x0d) from += 1;
  if (raw.charCodeAt(to - 1) === 0x0a) to -= 1;
  if (raw.charCodeAt(to - 1) === 0x0d) to -= 1;
  return raw.slice(from, Math.max(from, to));
}

/** Where the last character begins if it is cut short, else the end. */
function endOfCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
