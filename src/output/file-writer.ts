import { open } from 'node:fs/promises';

/** So many bytes may wait for the disk: reading goes on meanwhile, and stops only beyond this. */
const mostWaiting = 4 * 1024 ** 2;
/** Less than this is not worth a write yet: each wakes another thread. */
const leastBatch = 512 * 1024;

/** Chunks from this size on are given back when they are written. */
const leastGivenBack = 16 * 1024;

/** What is needed of a file. */
export type WritableFile = { writev(batch: readonly Uint8Array[]): Promise<{ bytesWritten: number }> };

/** Writes chunks to a file that is not there yet; see `pour`. The file is closed in any case. */
export async function writeChunks(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const file = await open(path, 'wx');
  try {
    return await pour(chunks, file);
  } finally {
    await file.close();
  }
}

/**
 * Writes chunks, which are its own from then on, to a file and resolves to their bytes. Rejects with the file's error, or with what the chunks throw,
 * when nothing is being written any more. It reads while it writes: a stream of Node.js would read on only when all is
 * written, at two thirds of the rate.
 */
export async function pour(chunks: AsyncIterable<Uint8Array>, file: WritableFile): Promise<number> {
  const queue = new Queue(file);
  try {
    for await (const chunk of chunks) {
      const wait = queue.add(chunk);
      if (wait) await wait;
    }
    return await queue.end();
  } catch (error) {
    await queue.drop().catch(() => {});
    throw error;
  }
}

/** What waits to be written. One write is under way at a time; the next takes all that has come meanwhile. */
class Queue {
  readonly #file: WritableFile;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  /** The batch, and what is being written. */
  #waiting = 0;
  #written = 0;
  #isWriting = false;
  #isEnding = false;
  #fault: { error: unknown } | null = null;
  /** Who waits for room, or for the end. */
  #watchers: { resolve: () => void; reject: (error: unknown) => void; mostWaiting: number }[] = [];

  constructor(file: WritableFile) {
    this.#file = file;
  }

  /** Takes a chunk. A promise means that there is no room for another: it resolves when there is. */
  add(chunk: Uint8Array): Promise<void> | null {
    if (this.#fault) throw this.#fault.error;
    this.#batch.push(chunk);
    this.#batchBytes += chunk.length;
    this.#waiting += chunk.length;
    this.#review();
    return this.#waiting < mostWaiting ? null : this.#until(mostWaiting - 1);
  }

  /** Resolves to the bytes written when all are. */
  async end(): Promise<number> {
    this.#isEnding = true;
    this.#review();
    await this.#until(0);
    return this.#written;
  }

  /** Forgets what is not being written yet, and resolves when nothing is. */
  drop(): Promise<void> {
    this.#waiting -= this.#batchBytes;
    this.#batch = [];
    this.#batchBytes = 0;
    return this.#until(0);
  }

  #until(most: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#watchers.push({ resolve, reject, mostWaiting: most });
      if (!this.#isWriting) this.#tell();
    });
  }

  /** Starts a write when there is none and enough for one. */
  #review(): void {
    if (this.#isWriting || this.#fault || this.#batchBytes < (this.#isEnding ? 1 : leastBatch)) return;
    this.#isWriting = true;
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    writeWhole(this.#file, batch).then(
      (bytes) => {
        for (const chunk of batch) giveBack(chunk);
        this.#written += bytes;
        this.#waiting -= bytes;
        this.#isWriting = false;
        this.#review();
        this.#tell();
      },
      (error) => {
        this.#isWriting = false;
        this.#fault = { error };
        this.#tell();
      },
    );
  }

  #tell(): void {
    const fault = this.#fault;
    const isMet = ({ mostWaiting: most }: { mostWaiting: number }) => fault !== null || this.#waiting <= most;
    const met = this.#watchers.filter(isMet);
    this.#watchers = this.#watchers.filter((watcher) => !isMet(watcher));
    for (const { resolve, reject } of met) {
      if (fault) reject(fault.error);
      else resolve();
    }
  }
}

/**
 * Frees a chunk's memory now. The collector sees little of it and comes late and often: for a gigabyte that was half of
 * the CPU. A view of a part shares its memory with others, and is left alone.
 */
function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < leastGivenBack || byteLength !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** A write may take a part only: where the disk is nearly full, or the list is long. */
async function writeWhole(file: WritableFile, batch: readonly Uint8Array[]): Promise<number> {
  let bytes = 0;
  for (let rest = batch; rest.length > 0; ) {
    const { bytesWritten } = await file.writev(rest);
    bytes += bytesWritten;
    rest = after(rest, bytesWritten);
  }
  return bytes;
}

function after(batch: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  for (const [at, chunk] of batch.entries()) {
    if (left < chunk.length) return [chunk.subarray(left), ...batch.slice(at + 1)];
    left -= chunk.length;
  }
  return [];
}
