import { compactJson } from '../record/compact-json.ts';
import { Failure } from '../record/failure.ts';
import { type Line, readLines } from './lines.ts';
import { type InputRecord, parseRecord, recordOfRow } from './records.ts';
import type { Source } from './source.ts';
import type { TableRow } from './table-rows.ts';

/** One line, record or table row of the input: what has an index, and will have a result row. */
export type Entry = {
  /** The place among the entries, from 0. */
  readonly index: number;
  /** As it is written. */
  readonly text: string;
  /** What it was taken for. */
  readonly kind: 'line' | 'record' | 'table row';
  /** Null for a line, and for a record that is none. */
  readonly record: InputRecord | null;
  /** Why it cannot be used. */
  readonly failure: Failure | null;
  /** Where it stands, for messages. */
  place(): string;
};

export type EntriesOptions = {
  /** Lines from the command line: they come first. */
  words: readonly string[];
  sources: readonly Source[];
  maxLineBytes: number;
  /** Whether a line that begins with # says nothing. */
  hasComments: boolean;
  /** Added to the failure of a line that was taken for a record by its looks alone. */
  guessHint?: string;
};

/** The entries of all inputs, in order: a batch for each chunk of bytes, each entry made when it is asked for. Blank lines and comments are none. */
export async function* readEntries(options: EntriesOptions): AsyncGenerator<Iterable<Entry>> {
  const { words, sources, hasComments, guessHint = '' } = options;
  let index = 0;

  function* fromWords(): Generator<Entry> {
    for (const text of words) {
      yield { index: index++, text, kind: 'line', record: null, failure: null, place: () => 'argument' };
    }
  }

  function* fromLines(lines: readonly Line[], { name, format }: { name: string; format: string }): Generator<Entry> {
    for (const { text, fault, number } of lines) {
      const isRecord = format === 'ndjson' || (format === 'auto' && text.trimStart().startsWith('{'));
      if (fault === null && isBlank(text, hasComments && !isRecord)) continue;
      const read = readRecord(text, { fault, isRecord, hint: format === 'auto' ? guessHint : '' });
      const kind = isRecord ? 'record' : 'line';
      yield { index: index++, text, kind, ...read, place: () => `${name}:${number}` };
    }
  }

  function* fromTable(rows: readonly TableRow[], { name, columns }: { name: string; columns: readonly string[] }) {
    for (const { number, text, fields, fault } of rows) {
      const record = fault === null ? recordOfRow(columns, fields) : null;
      const failure = fault === null ? null : new Failure('input', fault);
      const entry: Entry = {
        index: index++,
        text,
        kind: 'table row',
        record,
        failure,
        place: () => `${name}:${number}`,
      };
      yield entry;
    }
  }

  yield fromWords();
  for (const source of sources) {
    const { name } = source;
    if (source.format === 'table') {
      const { columns } = source.table;
      for await (const rows of source.table.rows) yield fromTable(rows, { name, columns });
    } else {
      for await (const lines of readLines(source.chunks, options)) yield fromLines(lines, source);
    }
  }
}

/** The entry as JSON text, for `--include input`: a record as it is written, a table row as an object, anything else as a string. */
export function entryJson({ text, kind, record }: Entry): string {
  if (kind === 'table row' && record) return JSON.stringify(record);
  return (kind === 'record' ? compactJson(text) : null) ?? JSON.stringify(text);
}

/** The failure, told with the place that it is about. */
export function placed(failure: Failure, entry: Entry): Failure {
  return failure.with({ message: `${entry.place()}: ${failure.message}` });
}

type Read = Pick<Entry, 'record' | 'failure'>;

function readRecord(
  text: string,
  { fault, isRecord, hint }: { fault: string | null; isRecord: boolean; hint: string },
): Read {
  if (fault !== null) return { record: null, failure: new Failure('input', fault) };
  if (!isRecord) return plainLine;
  try {
    return { record: parseRecord(text), failure: null };
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    return { record: null, failure: hint ? failure.with({ message: `${failure.message} (${hint})` }) : failure };
  }
}

const plainLine: Read = { record: null, failure: null };

function isBlank(text: string, hasComments: boolean): boolean {
  const [first] = /\S/.exec(text) ?? [];
  return first === undefined || (hasComments && first === '#');
}
