import { openTable, type Table } from './table.ts';
import type { TableOptions } from './table-rows.ts';

export const inputFormats = ['auto', 'lines', 'ndjson', 'csv', 'tsv'] as const;
export type InputFormat = (typeof inputFormats)[number];

/** One place that entries come from. */
export type Source = {
  /** For messages: a file's name, or `stdin`. */
  readonly name: string;
} & (
  | { readonly format: 'auto' | 'lines' | 'ndjson'; readonly chunks: AsyncIterable<Uint8Array> }
  | { readonly format: 'table'; readonly table: Table }
);

export type SourceOptions = {
  format: InputFormat;
  maxLineBytes: number;
  /** Fields that the templates ask for. */
  fields: readonly string[];
};

/**
 * Finds out what a source holds and reads a table's header. The format is what the user says, else what the name's
 * ending says, else what the first line says: it is a header where it names a field that a template asks for. Anything
 * else stays `auto`: each line is looked at by itself, and a record begins with {.
 */
export async function openSource(
  chunks: AsyncIterable<Uint8Array>,
  { name, ending, ...options }: SourceOptions & { name: string; ending: string },
): Promise<Source> {
  const format = options.format === 'auto' ? (formats[ending.toLowerCase()] ?? 'auto') : options.format;
  if (format === 'csv' || format === 'tsv') return tableOf(name, chunks, { ...options, delimiter: delimiters[format] });
  if (format !== 'auto' || options.fields.length === 0) return { name, format, chunks };
  const { line, all } = await peek(chunks, options.maxLineBytes);
  const delimiter = delimiterOf(line, options.fields);
  return delimiter ? tableOf(name, all, { ...options, delimiter }) : { name, format, chunks: all };
}

const formats: Readonly<Record<string, InputFormat>> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.tab': 'tsv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
};
const delimiters = { csv: ',', tsv: '\t' } as const;

async function tableOf(name: string, chunks: AsyncIterable<Uint8Array>, options: TableOptions): Promise<Source> {
  return { name, format: 'table', table: await openTable(chunks, options) };
}

/** What separates the columns of a line that is a header, or null where it is none. */
function delimiterOf(line: string, fields: readonly string[]): TableOptions['delimiter'] | null {
  if (line.trimStart().startsWith('{')) return null;
  const isHeader = (delimiter: string) => {
    const columns = line.split(delimiter).map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
    return fields.some((field) => columns.includes(field));
  };
  if (isHeader('\t')) return '\t';
  return isHeader(',') ? ',' : null;
}

/** The first line that is not blank, and all chunks, those read for it as well. */
async function peek(chunks: AsyncIterable<Uint8Array>, maxLineBytes: number) {
  const iterator = chunks[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let line = '';
  for (let bytes = 0; bytes <= maxLineBytes; ) {
    const next = await iterator.next();
    if (next.done) break;
    seen.push(next.value);
    bytes += next.value.length;
    const text = Buffer.concat(seen)
      .toString('utf8')
      .replace(/^\ufeff/, '');
    const [, first] = /^\s*(\S[^\n]*)\n/.exec(text) ?? [];
    line = first ?? text;
    if (first !== undefined) break;
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* seen;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { line: line.trim(), all: all() };
}
