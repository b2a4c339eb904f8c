import { existsSync, fstatSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { openSource, type Source, type SourceOptions } from '../input/source.ts';
import type { Table } from '../input/table.ts';
import { Failure } from '../record/failure.ts';
import { readFault } from '../record/file-fault.ts';
import { asUsage } from './sayable.ts';
import { UsageError } from './values.ts';

export type Sources = {
  readonly list: readonly Source[];
  /** Lets go of every input, also of one that waits for a line. */
  readonly stop: () => void;
};

/** The names of files, `-` for stdin. All are opened before anything is sent, and headers read: a wrong one is wrong usage. */
export async function openSources(names: readonly string[], options: SourceOptions): Promise<Sources> {
  const streams: Readable[] = [];
  let isStopped = false;

  async function* chunks(stream: Readable, name: string): AsyncGenerator<Uint8Array> {
    try {
      yield* stream;
    } catch (error) {
      // Stopping destroys the stream under the reader's hands; any other end is the input's own.
      if (!isStopped) throw new UsageError(`cannot read ${name}: ${(error as Error).message}`);
    }
  }

  const list: Source[] = [];
  for (const name of names) {
    const stream = name === '-' ? standardInput() : await openFile(name);
    const label = name === '-' ? 'stdin' : name;
    streams.push(stream);
    try {
      const source = await openSource(chunks(stream, label), { ...options, name: label, ending: extname(name) });
      if (source.format === 'table') checkColumns(source.table, options.fields);
      list.push(source);
    } catch (error) {
      throw asUsage(label, error);
    }
  }
  return {
    list,
    stop() {
      isStopped = true;
      for (const stream of streams) stream.destroy();
    },
  };
}

/** Of a directory Node.js makes an empty input, and the run would be a success that did nothing. */
function standardInput(): Readable {
  if (fstatSync(0).isDirectory()) throw new UsageError('stdin is a directory: its lines cannot be read');
  return process.stdin;
}

/** A template that asks a table for a column that it has not would fail each of its rows. */
function checkColumns({ columns }: Table, fields: readonly string[]): void {
  const missing = columns.length > 0 ? fields.find((field) => !columns.includes(field)) : undefined;
  if (missing === undefined) return;
  const known = columns
    .filter((name) => name !== '')
    .slice(0, 20)
    .join(', ')
    .slice(0, 200);
  throw new Failure(
    'input',
    `it has no column \`${missing}\`, which a template asks for; it has ${known}${separatorHint(columns)}`,
  );
}

/** A table of one column is mostly one of several, with another separator than was looked for. */
function separatorHint([name = '', ...others]: readonly string[]): string {
  const [mark] = /[;|\t,]/.exec(name) ?? [];
  if (others.length > 0 || mark === undefined) return '';
  if (mark === '\t') return ' (tabs separate the columns: --format tsv)';
  if (mark === ',') return ' (commas separate the columns: --format csv)';
  return ` (one column: do ${mark} separate several? Those of a CSV are separated by commas: convert it first)`;
}

async function openFile(name: string): Promise<Readable> {
  try {
    const file = await open(name);
    if ((await file.stat()).isDirectory()) {
      await file.close();
      throw new Error('it is a directory');
    }
    const stream = file.createReadStream();
    // An error between now and the first read is told by the reader.
    stream.on('error', () => {});
    return stream;
  } catch (error) {
    throw new UsageError(`--input: cannot read ${name}: ${readFault(error as NodeJS.ErrnoException)}`);
  }
}

/** What to say of an argument that is no URL but the name of a file, or null. */
export function fileHint(word: string): string | null {
  return existsSync(word) ? `there is a file of that name: -i ${word} reads its lines` : null;
}

/** A whole file for `-d @FILE` and `-H @FILE`; a wrong name is wrong usage. */
export async function readWhole(flag: string, name: string): Promise<Buffer> {
  if (name === '-') throw new UsageError(`${flag}: stdin is for the input, so @- cannot be read; give a file`);
  try {
    const file = await open(name);
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new UsageError(`${flag}: cannot read ${name}: ${readFault(error as NodeJS.ErrnoException)}`);
  }
}
