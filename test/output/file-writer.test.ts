import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pour, type WritableFile, writeChunks } from '../../src/output/file-writer.ts';
import { temporaryFolder } from '../support/places.ts';

const mebibyte = 1024 ** 2;

async function* of(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** A file in memory that takes at most so many bytes a write. */
function fileTaking(most: number): { file: WritableFile; content: () => Buffer; isBusy: () => boolean } {
  const parts: Buffer[] = [];
  let busy = 0;
  const file: WritableFile = {
    async writev(batch) {
      busy += 1;
      const bytes = Buffer.concat(batch).subarray(0, most);
      await new Promise((resolve) => setImmediate(resolve));
      parts.push(bytes);
      busy -= 1;
      return { bytesWritten: bytes.length };
    },
  };
  return { file, content: () => Buffer.concat(parts), isBusy: () => busy > 0 };
}

test('every byte is written, in order, however little a write takes', async () => {
  const chunks = ['one', '', 'two', 'three'].map((text) => Buffer.from(text));
  for (const most of [1, 2, 4, 100]) {
    const { file, content } = fileTaking(most);
    expect(await pour(of(...chunks), file)).toBe(11);
    expect(content().toString()).toBe('onetwothree');
  }
});

test('chunks are taken while a write is under way, up to 4 MiB, and no more', async () => {
  let read = 0;
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (; read < 20; read += 1) yield Buffer.alloc(mebibyte);
  }
  const file: WritableFile = {
    async writev(batch) {
      await gate;
      return { bytesWritten: Buffer.concat(batch).length };
    },
  };
  const written = pour(endless(), file);
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(read).toBe(3);
  letGo();
  expect(await written).toBe(20 * mebibyte);
});

test('a full disk ends the reading, with its error', async () => {
  let isLeft = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.alloc(mebibyte);
    } finally {
      isLeft = true;
    }
  }
  const full = Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'write' });
  let writes = 0;
  const file: WritableFile = {
    async writev(batch) {
      writes += 1;
      if (writes === 3) throw full;
      return { bytesWritten: Buffer.concat(batch).length };
    },
  };
  await expect(pour(endless(), file)).rejects.toBe(full);
  expect(isLeft).toBe(true);
});

test('what the chunks throw is told when nothing is being written any more', async () => {
  const broken = new Error('cut');
  async function* cut(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half');
    throw broken;
  }
  const { file, isBusy } = fileTaking(100);
  await expect(pour(cut(), file)).rejects.toBe(broken);
  expect(isBusy()).toBe(false);
});

test('a file that is there is not opened', async () => {
  const path = join(temporaryFolder(), 'file');
  expect(await writeChunks(path, of(Buffer.from('one')))).toBe(3);
  await expect(writeChunks(path, of(Buffer.from('two')))).rejects.toMatchObject({ code: 'EEXIST' });
  expect(readFileSync(path, 'utf8')).toBe('one');
});

test('the memory of a chunk is free when it is written, but not what it shares with others', async () => {
  const shared = Buffer.alloc(128 * 1024, 'a');
  const own = Buffer.from(new ArrayBuffer(64 * 1024)).fill('b');
  const chunks = [shared.subarray(0, 64 * 1024), own];
  const { file, content } = fileTaking(200 * 1024);
  expect(await pour(of(...chunks), file)).toBe(128 * 1024);
  expect(content().equals(Buffer.concat([Buffer.alloc(64 * 1024, 'a'), Buffer.alloc(64 * 1024, 'b')]))).toBe(true);
  expect([own.buffer.byteLength, shared.length, chunks[0]?.length]).toEqual([0, 128 * 1024, 64 * 1024]);
});
