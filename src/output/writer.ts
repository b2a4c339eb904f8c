import type { Writable } from 'node:stream';

export type RowWriter = {
  /** Takes a row, without its line end. A promise means that the reader is behind: wait for it before the next. */
  write(row: string): void | Promise<void>;
  /** Resolves when every row taken has been handed to the system, or can never be. */
  end(): Promise<void>;
};

/** Writes text that is no row too. */
export type TextWriter = RowWriter & {
  /** Takes text as it is, without adding a line end. */
  print(text: string): void | Promise<void>;
  /** Hands over what was taken, at once: before a line elsewhere that is to come after it. */
  flush(): void;
};

/** So many characters are written together at most; a larger row is written by itself. */
const batchLength = 64 * 1024;
/** The same for rows that wait for a slow reader. Without a limit they would be longer than a string can be. */
const waitingLength = 1024 * 1024;

/** Rows that came while the stream was full. */
type Waiting = { text: string; readonly taken: PromiseWithResolvers<void> };

/**
 * Writes rows to a stream, only whole ones, all that are settled in one turn of the event loop together. Nothing is
 * dropped while the stream lives. `onError` is called once when it breaks (EPIPE, ENOSPC) or is closed under us; rows
 * are then dropped.
 */
export function createRowWriter(stream: Writable, onError: (error: NodeJS.ErrnoException) => void): TextWriter {
  let batch = '';
  let scheduled: NodeJS.Immediate | null = null;
  let draining: Promise<void> | null = null;
  let isBroken = false;
  const waiting: Waiting[] = [];

  function fail(error: NodeJS.ErrnoException): void {
    batch = '';
    for (const { taken } of waiting.splice(0)) taken.resolve();
    if (isBroken) return;
    isBroken = true;
    onError(error);
  }

  function closed(): void {
    const error = new Error('the output was closed before all was written');
    fail(Object.assign(error, { code: 'ERR_STREAM_PREMATURE_CLOSE' }));
  }

  function flush(): void {
    if (scheduled) clearImmediate(scheduled);
    scheduled = null;
    if (stream.closed) closed();
    if (batch === '' || isBroken || draining) return;
    const rows = batch;
    batch = '';
    give(rows);
  }

  function give(text: string): void {
    try {
      if (!stream.write(text)) draining ??= drained();
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
        giveWaiting();
        resolve();
      };
      stream.once('drain', settle).once('error', settle).once('close', settle);
    });
  }

  /** Each row is done with when the stream has room behind it, so that no more than it holds is in the stream. */
  function giveWaiting(): void {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      give(next.text);
      if (draining) return void draining.then(next.taken.resolve);
      next.taken.resolve();
    }
  }

  function wait(text: string): Promise<void> {
    const last = waiting.at(-1);
    if (last && last.text.length + text.length <= waitingLength) {
      last.text += text;
      return last.taken.promise;
    }
    const next = { text, taken: Promise.withResolvers<void>() };
    waiting.push(next);
    return next.taken.promise;
  }

  function lastTaken(): Promise<void> {
    return new Promise((resolve) => {
      stream.write('', (error) => {
        if (error) fail(error);
        resolve();
      });
    });
  }

  // Before `drained` listens: what it lets go on must find the stream broken.
  stream.on('error', fail).on('close', closed);
  function print(text: string): void | Promise<void> {
    if (isBroken) return;
    if (draining) return wait(text);
    batch += text;
    if (batch.length >= batchLength) flush();
    else scheduled ??= setImmediate(flush);
    return draining ?? undefined;
  }

  return {
    write: (row) => print(`${row}\n`),
    print,
    flush,
    async end() {
      while (draining) await draining;
      flush();
      if (!isBroken) await lastTaken();
      // A stream may say once more, a tick later, what the callback of a write has told already.
      if (isBroken) await new Promise<void>((resolve) => setImmediate(resolve));
      stream.off('error', fail).off('close', closed);
    },
  };
}
