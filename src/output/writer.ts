import type { Writable } from 'node:stream';

export type RowWriter = {
  /** Takes a row, without its line end. A promise means that the reader is behind: wait for it before the next. */
  write(row: string): void | Promise<void>;
  /** Resolves when every row taken has been handed to the system, or can never be. */
  end(): Promise<void>;
};

/** So many characters are written together at most; a larger row is written by itself. */
const batchLength = 64 * 1024;

/**
 * Writes rows to a stream, only whole ones, all that are settled in one turn of the event loop together. Nothing is
 * dropped while the stream lives. `onError` is called once when it breaks (EPIPE, ENOSPC); rows are then dropped.
 */
export function createRowWriter(stream: Writable, onError: (error: NodeJS.ErrnoException) => void): RowWriter {
  let batch = '';
  let scheduled: NodeJS.Immediate | null = null;
  let draining: Promise<void> | null = null;
  let isBroken = false;

  function fail(error: NodeJS.ErrnoException): void {
    batch = '';
    if (isBroken) return;
    isBroken = true;
    onError(error);
  }

  function flush(): void {
    if (scheduled) clearImmediate(scheduled);
    scheduled = null;
    if (batch === '' || isBroken) return;
    const rows = batch;
    batch = '';
    try {
      if (!stream.write(rows)) draining ??= drained();
    } catch (error) {
      // A file is written at once, and a full disk is thrown.
      fail(error as NodeJS.ErrnoException);
    }
  }

  function drained(): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        stream.off('drain', settle).off('error', settle).off('close', settle);
        draining = null;
        flush();
        resolve();
      };
      stream.once('drain', settle).once('error', settle).once('close', settle);
    });
  }

  stream.on('error', fail);
  return {
    write(row) {
      if (isBroken) return;
      batch += `${row}\n`;
      if (draining) return draining;
      if (batch.length >= batchLength) flush();
      else scheduled ??= setImmediate(flush);
      return draining ?? undefined;
    },
    async end() {
      while (draining) await draining;
      flush();
      if (!isBroken) await new Promise<void>((resolve) => stream.write('', () => resolve()));
      stream.off('error', fail);
    },
  };
}
