import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRowWriter } from '../../src/output/writer.ts';

const large = 'x'.repeat(100_000);

/** A stream whose every write waits until the test lets it go. */
function heldStream({ highWaterMark = 10 } = {}) {
  const chunks: string[] = [];
  const waiting: ((error?: Error | null) => void)[] = [];
  const stream = new Writable({
    highWaterMark,
    decodeStrings: false,
    write(chunk: string, _encoding, callback) {
      chunks.push(chunk);
      waiting.push(callback);
    },
  });
  // As on stdout in a run: an error is for the writer to tell, and no end of the process.
  stream.on('error', () => {});
  return { stream, chunks, release: (error?: Error) => waiting.shift()?.(error ?? null), held: () => waiting.length };
}

/** A stream that takes everything at once. */
function quickStream() {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, callback) {
      chunks.push(chunk);
      callback();
    },
  });
  return { stream, chunks };
}

/** A stream that throws at every write, as a file on a full disk does. */
function fullStream() {
  return new Writable({
    write() {
      throw broken('ENOSPC');
    },
  });
}

function writerTo(stream: Writable) {
  const errors: NodeJS.ErrnoException[] = [];
  return { ...createRowWriter(stream, (error) => errors.push(error)), errors };
}

const broken = (code: string) => Object.assign(new Error(`write ${code}`), { code });
const listeners = (stream: Writable) =>
  ['drain', 'error', 'close'].reduce((sum, event) => sum + stream.listenerCount(event), 0);

describe('createRowWriter', () => {
  test('writes the rows of one turn together, each with its line end', async () => {
    const { stream, chunks } = quickStream();
    const writer = writerTo(stream);
    for (const row of ['a', 'b', 'c']) expect(writer.write(row)).toBeUndefined();
    expect(chunks).toEqual([]);
    await nextTurn();
    expect(chunks).toEqual(['a\nb\nc\n']);
    void writer.write('d');
    await writer.end();
    expect(chunks.join('')).toBe('a\nb\nc\nd\n');
  });

  test('does not wait for the turn’s end with a large batch', async () => {
    const { stream, chunks } = quickStream();
    const writer = writerTo(stream);
    void writer.write('a');
    void writer.write(large);
    expect(chunks).toEqual([`a\n${large}\n`]);
    await writer.end();
  });

  test('gives a promise while the reader is behind, kept when it has caught up', async () => {
    const { stream, chunks, release } = heldStream();
    const writer = writerTo(stream);
    const behind = writer.write(large);
    expect(behind).toBeInstanceOf(Promise);
    const alsoBehind = writer.write('b');
    expect(writer.write('c')).toBe(alsoBehind);
    expect(chunks).toEqual([`${large}\n`]);
    release();
    await behind;
    expect(chunks).toEqual([`${large}\n`, 'b\nc\n']);
    release();
    await alsoBehind;
    release();
    const ended = writer.end();
    release();
    await ended;
    expect(writer.errors).toEqual([]);
  });

  test('rows that wait for a slow reader are handed over some at a time, since together they may be longer than a string', async () => {
    const { stream, chunks, release } = heldStream();
    const writer = writerTo(stream);
    void writer.write(large);
    const rows = ['1', '2', '3'].map((digit) => digit.repeat(600 * 1024));
    const [first, second, third] = rows.map((row) => writer.write(row));
    expect(new Set([first, second, third]).size).toBe(3);
    release();
    await nextTurn();
    expect(chunks.map((chunk) => chunk.slice(0, 1))).toEqual([large.slice(0, 1), '1']);
    release();
    await first;
    release();
    await second;
    release();
    await third;
    expect(chunks.slice(1)).toEqual(rows.map((row) => `${row}\n`));
    const ended = writer.end();
    release();
    await ended;
    expect(writer.errors).toEqual([]);
  });

  test('`end` waits until the last row is handed over', async () => {
    const { stream, chunks, release, held } = heldStream();
    const writer = writerTo(stream);
    void writer.write(large);
    void writer.write('last');
    let hasEnded = false;
    const ended = writer.end().then(() => {
      hasEnded = true;
    });
    await nextTurn();
    expect(hasEnded).toBe(false);
    release();
    await nextTurn();
    expect(hasEnded).toBe(false);
    expect(chunks.at(-1)).toBe('last\n');
    while (held() > 0) {
      release();
      await nextTurn();
    }
    await ended;
  });

  test('`end` without a row, or twice, does no harm', async () => {
    const { stream, chunks } = quickStream();
    const writer = writerTo(stream);
    await writer.end();
    await writer.end();
    expect(chunks.join('')).toBe('');
  });

  test('leaves the stream open, and no listener on it', async () => {
    const { stream, release } = heldStream();
    const before = listeners(stream);
    const writer = writerTo(stream);
    const behind = writer.write(large);
    release();
    await behind;
    const ended = writer.end();
    release();
    await ended;
    expect(listeners(stream)).toBe(before);
    expect(stream.writable).toBe(true);
  });
});

describe('a stream that breaks', () => {
  test.each(['EPIPE', 'ENOSPC'])(
    'is told of once (%s); what comes later is dropped, and nobody waits',
    async (code) => {
      const { stream, chunks, release } = heldStream();
      const writer = writerTo(stream);
      const behind = writer.write(large);
      void writer.write('b');
      release(broken(code));
      await behind;
      expect(writer.errors).toMatchObject([{ code }]);
      expect(writer.write('c')).toBeUndefined();
      await nextTurn();
      await writer.end();
      expect(chunks).toEqual([`${large}\n`]);
      expect(writer.errors).toHaveLength(1);
    },
  );

  test('with the last row is told of before `end` is over', async () => {
    const { stream, release } = heldStream({ highWaterMark: 1e6 });
    const writer = writerTo(stream);
    void writer.write('last');
    const ended = writer.end();
    release(broken('ENOSPC'));
    await ended;
    expect(writer.errors).toMatchObject([{ code: 'ENOSPC' }]);
  });

  test('by throwing, as a full disk does, is no exception of ours', async () => {
    const stream = fullStream();
    const writer = writerTo(stream);
    void writer.write(large);
    void writer.write('b');
    await nextTurn();
    await writer.end();
    expect(writer.errors).toMatchObject([{ code: 'ENOSPC' }]);
  });

  test('by throwing at a small batch, later in the turn', async () => {
    const stream = fullStream();
    const writer = writerTo(stream);
    void writer.write('a');
    await nextTurn();
    expect(writer.errors).toMatchObject([{ code: 'ENOSPC' }]);
    await writer.end();
  });

  test('by being closed without an error is told of too: its rows are lost', { timeout: 1000 }, async () => {
    const { stream } = heldStream();
    const writer = writerTo(stream);
    const behind = writer.write(large);
    void writer.write('b');
    stream.destroy();
    await behind;
    await writer.end();
    expect(writer.errors).toHaveLength(1);
  });
});

test('a stream that was closed before the first row is told of, and nobody waits', { timeout: 1000 }, async () => {
  const { stream } = heldStream();
  stream.destroy();
  await nextTurn();
  const writer = writerTo(stream);
  await writer.write(large);
  await writer.end();
  expect(writer.errors).toMatchObject([{ code: 'ERR_STREAM_PREMATURE_CLOSE' }]);
});

test('whole rows in order, nothing lost, whatever the stream does and whenever', async () => {
  const row = fc.oneof(fc.string({ maxLength: 20 }), fc.constant(large)).map((text) => text.replaceAll('\n', ' '));
  const step = fc.oneof(
    row.map((text) => ({ row: text })),
    fc.constantFrom('release', 'turn'),
  );
  const steps = fc.array(step, { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(steps, fc.option(fc.nat(30), { nil: null }), async (script, breaksAt) => {
      const { stream, chunks, release, held } = heldStream({ highWaterMark: 1000 });
      const writer = writerTo(stream);
      const written: string[] = [];
      for (const [at, action] of script.entries()) {
        if (at === breaksAt) release(broken('EPIPE'));
        if (action === 'release') release();
        else if (action === 'turn') await nextTurn();
        else {
          written.push(`${action.row}\n`);
          void writer.write(action.row);
        }
      }
      let hasEnded = false;
      const ended = writer.end().then(() => {
        hasEnded = true;
      });
      while (!hasEnded) {
        release();
        await nextTurn();
      }
      await ended;
      const all = written.join('');
      const got = chunks.join('');
      for (const chunk of chunks) expect(chunk === '' || chunk.endsWith('\n')).toBe(true);
      if (writer.errors.length === 0) expect(got === all).toBe(true);
      else expect(all.startsWith(got)).toBe(true);
      expect(writer.errors.length).toBeLessThanOrEqual(1);
      expect(held()).toBe(0);
      expect(listeners(stream)).toBe(1);
    }),
    { numRuns: 100 },
  );
});
