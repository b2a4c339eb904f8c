import { writeSync } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { type Checkpoint, type RowReading, readCheckpoint } from '../output/checkpoint.ts';
import type { RowWriter } from '../output/writer.ts';
import { Failure } from '../record/failure.ts';
import { cannotWrite, lockFile } from './lock.ts';
import { dropReplaced, keepFinished, keepLatest, wholeLines } from './rewrite-rows.ts';
import { UsageError } from './values.ts';

export type OutputMode = 'new' | 'overwrite' | 'resume' | 'retry-failed';

export type OutputFile = {
  readonly path: string;
  readonly mode: OutputMode;
  /** What an earlier run has done, where this one goes on with it. */
  readonly checkpoint: Checkpoint | null;
  /** A writer of its rows; see `createRowWriter`. */
  createWriter(onError: (error: NodeJS.ErrnoException) => void): RowWriter;
  /**
   * Closes the file and lets go of it, in any case. `isWhole` says that every row could be written. Rejects with a
   * Failure `output` that says where the rows are, and what to do.
   */
  close(end: { isWhole: boolean }): Promise<void>;
};

export type OutputOptions = RowReading & {
  mode: OutputMode;
  /** The input files: none of them may be overwritten. */
  inputs: readonly string[];
};

/**
 * Opens the file that rows go to, before anything is sent. One that is not empty needs `resume` or `overwrite`. To
 * resume, the file is first rewritten to the rows of finished jobs, by way of a temporary file and a rename: whenever
 * the process is killed, the file is whole, but for its last line. With `retry-failed` the failed rows stay until the
 * run has ended: they are all that is known of their jobs.
 */
export async function openOutput(given: string, options: OutputOptions): Promise<OutputFile> {
  const { mode, signatureOf, rowOf, inputs } = options;
  const { path, size, isFile, permissions } = await lookAndCheck(given, { mode, inputs });
  const unlock = isFile ? await lockFile(path) : async () => {};
  const keepsFailed = mode === 'retry-failed';
  try {
    const earlier = { path, permissions, reading: { signatureOf, rowOf } };
    let checkpoint: Checkpoint | null = null;
    if (size > 0 && mode === 'resume') checkpoint = await keepFinished(earlier);
    if (size > 0 && keepsFailed) checkpoint = await keepLatest(earlier);
    const file = await open(path, mode === 'overwrite' ? 'w' : 'a');
    const boundary = (await file.stat()).size;
    return {
      path: given,
      mode,
      checkpoint,
      createWriter: (onError) => createFileWriter(file.fd, onError),
      async close({ isWhole }) {
        try {
          await file.close().catch((error) => {
            throw notClosed(given, error);
          });
          if (!keepsFailed || !isWhole || !checkpoint) return;
          await dropReplaced(path, { permissions, boundary, checkpoint }).catch((error) => {
            throw notDropped(given, error);
          });
        } finally {
          await unlock();
        }
      },
    };
  } catch (error) {
    await unlock();
    if (error instanceof UsageError) throw error;
    throw error instanceof Failure ? told(given, error) : cannotWrite(given, error as NodeJS.ErrnoException);
  }
}

/** What `openOutput` would find, and refuse, without touching the file. */
export async function lookAtOutput(
  given: string,
  { mode, signatureOf, rowOf, inputs }: OutputOptions,
): Promise<Pick<OutputFile, 'checkpoint' | 'mode'>> {
  const { path, size } = await lookAndCheck(given, { mode, inputs });
  const hasRows = size > 0 && (mode === 'resume' || mode === 'retry-failed');
  const earlier = { lines: wholeLines(path), keep: () => {}, signatureOf, rowOf };
  try {
    return { mode, checkpoint: hasRows ? await readCheckpoint(earlier) : null };
  } catch (error) {
    throw told(given, error);
  }
}

async function lookAndCheck(given: string, { mode, inputs }: Pick<OutputOptions, 'mode' | 'inputs'>): Promise<Place> {
  const place = await look(given);
  if (mode === 'new' && place.size > 0) {
    throw new UsageError(`--output: ${given} is not empty: use --resume to go on with it, or --overwrite`);
  }
  if (mode === 'overwrite') await refuseInputs(place.path, inputs);
  return place;
}

type Place = { path: string; size: number; isFile: boolean; permissions: number };

/** Where the file really is, behind links: those stay. */
async function look(given: string): Promise<Place> {
  try {
    const path = await realpath(given);
    const stats = await stat(path);
    if (stats.isDirectory()) throw new UsageError(`--output: ${given} is a directory`);
    const isFile = stats.isFile();
    return { path, size: isFile ? stats.size : 0, isFile, permissions: stats.mode & 0o777 };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return { path: given, size: 0, isFile: true, permissions: 0o666 };
  }
}

async function refuseInputs(path: string, inputs: readonly string[]): Promise<void> {
  const output = await stat(path).catch(() => null);
  for (const input of inputs) {
    const { dev, ino } = (await stat(input).catch(() => null)) ?? {};
    if (output && output.dev === dev && output.ino === ino) {
      throw new UsageError(`--output: ${path} is the input too, and would be overwritten`);
    }
  }
}

/** A file of another format is wrong usage. */
function told(path: string, error: unknown): unknown {
  return error instanceof Failure ? new UsageError(`--output: ${path}: ${error.message}`) : error;
}

/** A system may tell at the end only that it could not write. */
function notClosed(path: string, cause: Error): Failure {
  const what = `${path} could not be closed, and may lack its last rows: ${cause.message}`;
  return new Failure('output', `${what}; the same command with --resume does what is missing`, { cause });
}

function notDropped(path: string, cause: Error): Failure {
  const what = `all rows are in ${path}, but some failed ones are still there beside their new ones: ${cause.message}`;
  return new Failure('output', `${what}; when that is mended, the same command with --retry-failed drops them`, {
    cause,
  });
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
