import { createReadStream, writeSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { readLines } from '../input/lines.ts';
import { type Checkpoint, readCheckpoint } from '../output/checkpoint.ts';
import type { RowWriter } from '../output/writer.ts';
import { lockFile } from './lock.ts';
import { UsageError } from './values.ts';

export type OutputMode = 'new' | 'overwrite' | 'resume' | 'retry-failed';

export type OutputFile = {
  readonly path: string;
  readonly mode: OutputMode;
  /** What an earlier run has done, where this one goes on with it. */
  readonly checkpoint: Checkpoint | null;
  /** A writer of its rows; see `createRowWriter`. */
  createWriter(onError: (error: NodeJS.ErrnoException) => void): RowWriter;
  /** Closes the file and lets go of it. */
  close(): Promise<void>;
};

/** A row may be as long as its body allows; this only keeps a file that is none of ours from filling the memory. */
const maxLineBytes = 1024 ** 3;

/**
 * Opens the file that rows go to, before anything is sent. One that is not empty needs `resume` or `overwrite`. To
 * resume, the file is first rewritten to the rows of finished jobs, by way of a temporary file and a rename: whenever
 * the process is killed, the file is whole, but for its last line.
 */
export async function openOutput(
  path: string,
  { mode, signatureOf }: { mode: OutputMode; signatureOf: (row: Readonly<Record<string, unknown>>) => string },
): Promise<OutputFile> {
  const { size, isFile } = await look(path);
  if (mode === 'new' && size > 0) {
    throw new UsageError(`--output: ${path} is not empty: use --resume to go on with it, or --overwrite`);
  }
  const unlock = isFile ? await lockFile(path) : async () => {};
  try {
    const goesOn = mode === 'resume' || mode === 'retry-failed';
    const checkpoint = goesOn && size > 0 ? await rewrite(path, signatureOf) : null;
    const file = await open(path, mode === 'overwrite' ? 'w' : 'a');
    return {
      path,
      mode,
      checkpoint,
      createWriter: (onError) => createFileWriter(file.fd, onError),
      async close() {
        await file.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--output: cannot write ${path}: ${(error as Error).message}`);
  }
}

async function look(path: string): Promise<{ size: number; isFile: boolean }> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw new UsageError(`--output: ${path} is a directory`);
    return { size: stats.isFile() ? stats.size : 0, isFile: stats.isFile() };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return { size: 0, isFile: true };
  }
}

async function rewrite(
  path: string,
  signatureOf: (row: Readonly<Record<string, unknown>>) => string,
): Promise<Checkpoint> {
  // Always the same name: what a killed run left there is written over.
  const temporary = `${path}.resume`;
  try {
    const file = await open(temporary, 'w');
    let batch = '';
    const checkpoint = await readCheckpoint({
      lines: wholeLines(path),
      keep: async (line) => {
        batch += `${line}\n`;
        if (batch.length < batchLength) return;
        await file.appendFile(batch);
        batch = '';
      },
      signatureOf,
    });
    await file.appendFile(batch);
    // On disk before it takes the place of the only copy.
    await file.sync();
    await file.close();
    await rename(temporary, path);
    return checkpoint;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Rows are rewritten so many characters at a time. */
const batchLength = 1024 ** 2;

async function* wholeLines(path: string): AsyncGenerator<string[]> {
  for await (const lines of readLines(createReadStream(path), { maxLineBytes })) yield lines.map(({ text }) => text);
}

/**
 * Writes each row at once, before its slot can start another call: after `kill -9` only calls that were in flight are
 * made again. A write that stops half-way is an error; the torn line is what `resume` drops.
 */
function createFileWriter(fd: number, onError: (error: NodeJS.ErrnoException) => void): RowWriter {
  let isBroken = false;
  return {
    write(row) {
      if (isBroken) return;
      try {
        const bytes = Buffer.from(`${row}\n`);
        for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
      } catch (error) {
        isBroken = true;
        onError(error as NodeJS.ErrnoException);
      }
    },
    async end() {},
  };
}
