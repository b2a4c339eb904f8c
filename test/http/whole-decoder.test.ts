import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { WholeDecoder, type WholeOptions } from '../../src/http/whole-decoder.ts';

const junk = Buffer.from('junk');
const zstd = { open: () => zlib.createZstdDecompress(), maxRepeats: 3 };
const single: [string, WholeOptions['open'], Buffer][] = [
  ['deflate', () => zlib.createInflate(), zlib.deflateSync('hello')],
  ['bare deflate', () => zlib.createInflateRaw(), zlib.deflateRawSync('hello')],
  ['br', () => zlib.createBrotliDecompress(), zlib.brotliCompressSync('hello')],
];

async function decoded(options: WholeOptions, ...chunks: Buffer[]): Promise<string> {
  const seen: Buffer[] = [];
  await pipeline(Readable.from(chunks), new WholeDecoder(options), async (source: AsyncIterable<Buffer>) => {
    for await (const bytes of source) seen.push(bytes);
  });
  return Buffer.concat(seen).toString();
}

describe.each(single)('%s', (_name, open, bytes) => {
  test('is decoded, cut anywhere', async () => {
    for (let at = 1; at < bytes.length; at++)
      expect(await decoded({ open, maxRepeats: 0 }, bytes.subarray(0, at), bytes.subarray(at))).toBe('hello');
  });

  test('with bytes behind its end is an error, wherever they come', async () => {
    const whole = Buffer.concat([bytes, junk]);
    const error = { code: 'Z_DATA_ERROR', message: 'there is more behind its end' };
    await expect(decoded({ open, maxRepeats: 0 }, whole)).rejects.toMatchObject(error);
    for (let at = 1; at < whole.length; at++)
      await expect(decoded({ open, maxRepeats: 0 }, whole.subarray(0, at), whole.subarray(at))).rejects.toMatchObject(
        error,
      );
  });

  test('that ends too early is an error', async () => {
    await expect(decoded({ open, maxRepeats: 0 }, bytes.subarray(0, -1))).rejects.toMatchObject({
      code: 'Z_BUF_ERROR',
    });
  });
});

describe('zstd', () => {
  const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const frames = [
    zlib.zstdCompressSync('one '),
    skipped,
    zlib.zstdCompressSync('two '),
    zlib.zstdCompressSync('three'),
  ];

  test('of several frames is all of them, cut anywhere', async () => {
    const whole = Buffer.concat(frames);
    expect(await decoded(zstd, whole)).toBe('one two three');
    expect(await decoded(zstd, ...frames)).toBe('one two three');
    for (let at = 1; at < whole.length; at++)
      expect(await decoded(zstd, whole.subarray(0, at), whole.subarray(at)), `cut at ${at}`).toBe('one two three');
  });

  test('with bytes behind it that are no frame, or half a one, is an error', async () => {
    const [first = junk] = frames;
    await expect(decoded(zstd, Buffer.concat([first, junk]))).rejects.toMatchObject({
      code: 'ZSTD_error_prefix_unknown',
    });
    await expect(decoded(zstd, Buffer.concat([first, first.subarray(0, 7)]))).rejects.toMatchObject({
      code: 'Z_BUF_ERROR',
    });
  });

  test('of more frames than allowed is an error', async () => {
    await expect(decoded({ ...zstd, maxRepeats: 2 }, Buffer.concat(frames))).rejects.toMatchObject({
      code: 'Z_DATA_ERROR',
    });
  });
});

test('a bomb waits for who reads it', async () => {
  const decoder = new WholeDecoder({ open: () => zlib.createInflate(), maxRepeats: 0 });
  decoder.write(zlib.deflateSync(Buffer.alloc(50_000_000)));
  decoder.end();
  let seen = 0;
  let most = 0;
  for await (const bytes of decoder as AsyncIterable<Buffer>) {
    seen += bytes.length;
    most = Math.max(most, decoder.readableLength);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(seen).toBe(50_000_000);
  expect(most).toBeLessThan(1_000_000);
});
