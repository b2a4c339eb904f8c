import { compactJson } from '../record/compact-json.ts';
import { Failure } from '../record/failure.ts';
import { withoutLoneSurrogates } from '../record/json.ts';
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
  /** The input that it stands in, for messages, and its line there; null where lines do not count. */
  readonly source: string;
  readonly line: number | null;
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
      yield { index: index++, text, kind: 'line', record: null, failure: null, source: 'argument', line: null };
    }
  }

  function* fromLines(
    lines: readonly Line[],
    { name: source, format }: { name: string; format: string },
  ): Generator<Entry> {
    for (const { text, fault, number: line } of lines) {
      const isRecord = format === 'ndjson' || (format === 'auto' && text.trimStart().startsWith('{'));
      if (fault === null && isBlank(text, hasComments && !isRecord)) continue;
      if (fault === null && !isRecord) {
        yield { index: index++, text, kind: 'line', record: null, failure: null, source, line };
        continue;
      }
      const read = fault === null ? readRecord(text, format === 'auto' ? guessHint : '') : unreadable(fault);
      yield { index: index++, text, kind: isRecord ? 'record' : 'line', ...read, source, line };
    }
  }

  function* fromTable(
    rows: readonly TableRow[],
    { name: source, columns }: { name: string; columns: readonly string[] },
  ): Generator<Entry> {
    for (const { number: line, text, fields, fault } of rows) {
      const read = fault === null ? { record: recordOfRow(columns, fields), failure: null } : unreadable(fault);
      yield { index: index++, text, kind: 'table row', ...read, source, line };
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
export function placed(failure: Failure, { source, line }: Entry): Failure {
  return failure.with({ message: `${line === null ? source : `${source}:${line}`}: ${failure.message}` });
}

type Read = Pick<Entry, 'record' | 'failure'>;

function unreadable(fault: string): Read {
  return { record: null, failure: new Failure('input', fault) };
}

function readRecord(text: string, hint: string): Read {
  try {
    // Half a surrogate pair is no character: no id, no URL, no prompt and no row may hold one.
    return { record: parseRecord(withoutLoneSurrogates(text)), failure: null };
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    return { record: null, failure: hint ? failure.with({ message: `${failure.message} (${hint})` }) : failure };
  }
}

function isBlank(text: string, hasComments: boolean): boolean {
  const first = text.trimStart()[0];
  return first === undefined || (hasComments && first === '#');
}
