import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { readLines } from '../input/lines.ts';
import { type Checkpoint, type RowReading, readCheckpoint } from '../output/checkpoint.ts';

/** A row may be as long as its body allows; this only keeps a file that is none of ours from filling the memory. */
const maxLineBytes = 1024 ** 3;

/** A file of an earlier run's rows, and how they are read. */
type Earlier = { path: string; permissions: number; reading: RowReading };

/** Rewrites the file to the rows of finished jobs. */
export function keepFinished({ path, permissions, reading }: Earlier): Promise<Checkpoint> {
  return rewrite(path, permissions, (keep) => readCheckpoint({ lines: wholeLines(path), keep, ...reading }));
}

/** Rewrites the file to the latest row of each job, failed or not. */
export async function keepLatest({ path, permissions, reading }: Earlier): Promise<Checkpoint> {
  const checkpoint = await readCheckpoint({ lines: wholeLines(path), keep: () => {}, ...reading });
  const isStale = checkpoint.createStaleTest();
  await rewrite(path, permissions, async (keep) => {
    for await (const lines of wholeLines(path)) {
      for (const line of lines) if (!isStale(line)) await keep(line);
    }
  });
  return checkpoint;
}

type Replaced = { permissions: number; boundary: number; checkpoint: Checkpoint };

/** Drops the rows before `boundary` (a byte offset) whose jobs have newer ones behind it. */
export async function dropReplaced(path: string, { permissions, boundary, checkpoint }: Replaced): Promise<void> {
  await rewrite(path, permissions, async (keep) => {
    let offset = 0;
    for await (const lines of wholeLines(path)) {
      for (const line of lines) {
        const isOld = offset < boundary;
        offset += Buffer.byteLength(line) + 1;
        if (!(isOld && checkpoint.isReplaced(line))) await keep(line);
      }
    }
  });
}

/** The lines of a file that hold something; the last one may be torn. */
export async function* wholeLines(path: string): AsyncGenerator<string[]> {
  for await (const lines of readLines(createReadStream(path), { maxLineBytes })) {
    yield lines.map(({ text }) => text).filter((text) => text !== '');
  }
}

/** Gives `keep` each line that stays. */
type Keeper<T> = (keep: (line: string) => Promise<void>) => Promise<T>;

/** Puts what `read` keeps of a file in the file's place. */
async function rewrite<T>(path: string, permissions: number, read: Keeper<T>): Promise<T> {
  // Always the same name: what a killed run left there is written over.
  const temporary = `${path}.resume`;
  try {
    const result = await write(temporary, permissions, read);
    await rename(temporary, path);
    return result;
  } catch (error) {
    // What cannot be removed either must not hide why.
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

async function write<T>(path: string, permissions: number, read: Keeper<T>): Promise<T> {
  const file = await open(path, 'w', permissions);
  try {
    let batch = '';
    const result = await read(async (line) => {
      batch += `${line}\n`;
      if (batch.length < batchLength) return;
      await file.appendFile(batch);
      batch = '';
    });
    await file.appendFile(batch);
    // On disk before it takes the place of the only copy.
    await file.sync();
    return result;
  } finally {
    await file.close();
  }
}

/** Rows are rewritten so many characters at a time. */
const batchLength = 1024 ** 2;
