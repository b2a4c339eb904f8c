import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createStreamDecoder } from '../../src/http/decode-stream.ts';
import type { Failure } from '../../src/record/failure.ts';

const text = 'one two three, '.repeat(50);

function opened(contentEncoding: string | undefined, maxBodyBytes = 1e6) {
  const seen: Buffer[] = [];
  const decoder = createStreamDecoder({ contentEncoding, maxBodyBytes, deliver: (bytes) => void seen.push(bytes) });
  return { decoder, said: () => Buffer.concat(seen).toString() };
}

async function failureOf(work: () => unknown): Promise<Failure> {
  try {
    await work();
  } catch (failure) {
    return failure as Failure;
  }
  throw new Error('it went well');
}

describe('encodings are undone', () => {
  test.each([
    [undefined, Buffer.from(text)],
    ['identity', Buffer.from(text)],
    ['gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['gzip, br', brotliCompressSync(gzipSync(text))],
  ])('%s, cut anywhere', async (encoding, bytes) => {
    for (let at = 0; at < bytes.length; at += 7) {
      const { decoder, said } = opened(encoding);
      await decoder.write(bytes.subarray(0, at + 1));
      await decoder.write(bytes.subarray(at + 1));
      await decoder.end();
      expect(said()).toBe(text);
    }
  });

  test('and an empty body is empty, whatever it says', async () => {
    const { decoder, said } = opened('gzip');
    await decoder.end();
    expect(said()).toBe('');
  });
});

describe('what is not what it says', () => {
  test('ends too early: `truncated`', async () => {
    const { decoder } = opened('gzip');
    await decoder.write(gzipSync(text).subarray(0, 20));
    expect(await failureOf(() => decoder.end())).toMatchObject({ code: 'truncated', retryable: true });
  });

  test('is no gzip at all: `decode`', async () => {
    const { decoder } = opened('gzip');
    await decoder.write(Buffer.from('plain text'));
    expect(await failureOf(() => decoder.end())).toMatchObject({ code: 'decode' });
  });

  test('unpacks to more than allowed: `too_large`, and no more of it is delivered', async () => {
    const { decoder, said } = opened('gzip', 100_000);
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const failure = await failureOf(async () => {
      await decoder.write(bomb);
      await decoder.end();
    });
    expect(failure).toMatchObject({ code: 'too_large' });
    expect(said().length).toBeLessThanOrEqual(100_000);
  });

  test('an encoding that nobody knows is `decode` at once', async () => {
    expect(await failureOf(() => opened('compress'))).toMatchObject({ code: 'decode' });
    expect(await failureOf(() => opened(Array(9).fill('gzip').join()))).toMatchObject({ code: 'decode' });
  });
});

test('who takes the bytes may hold the next ones back', async () => {
  const bytes = gzipSync(Buffer.alloc(1_000_000));
  let isHeld = false;
  let wasEarly = false;
  let total = 0;
  const decoder = createStreamDecoder({
    contentEncoding: 'gzip',
    maxBodyBytes: 1e7,
    deliver: async ({ length }) => {
      wasEarly ||= isHeld;
      isHeld = true;
      total += length;
      await new Promise((resolve) => setImmediate(resolve));
      isHeld = false;
    },
  });
  await decoder.write(bytes);
  await decoder.end();
  expect([total, wasEarly]).toEqual([1_000_000, false]);
});
