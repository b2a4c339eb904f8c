import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptEncoding, decode } from '../../src/http/decode.ts';
import { Failure } from '../../src/record/failure.ts';

const text = Buffer.from('{"hello":"world","again":"hello, hello, hello, world"}');
const encoders: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: zlib.gzipSync,
  'x-gzip': zlib.gzipSync,
  deflate: zlib.deflateSync,
  'deflate (bare)': zlib.deflateRawSync,
  br: zlib.brotliCompressSync,
  zstd: zlib.zstdCompressSync,
};
const encodings = Object.entries(encoders).map(([name, encode]) => ({
  name,
  header: name.replace(/ .*/, ''),
  encode,
}));

async function outcome(bytes: Buffer, header: string, maxBodyBytes = 1e6): Promise<Buffer | Failure> {
  try {
    return await decode(bytes, header, maxBodyBytes);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

describe.each(encodings)('$name', ({ header, encode }) => {
  test('gives back what went in', async () => {
    expect(await decode(encode(text), header, 1e6)).toEqual(text);
    expect(await decode(encode(text), header.toUpperCase(), 1e6)).toEqual(text);
  });

  test('gives back any bytes, few or many', async () => {
    const bytes = fc.oneof(fc.uint8Array(), fc.uint8Array({ minLength: 40_000, maxLength: 50_000 }));
    await fc.assert(
      fc.asyncProperty(bytes, async (given) => {
        const whole = Buffer.from(given);
        expect((await decode(encode(whole), header, 1e6)).equals(whole)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test('cut at any byte it is a `truncated` or `decode` failure, never a success', async () => {
    const whole = encode(text);
    for (let length = 1; length < whole.length; length += 1) {
      const got = await outcome(whole.subarray(0, length), header);
      expect(got, `cut at ${length} of ${whole.length}`).toBeInstanceOf(Failure);
      expect(['truncated', 'decode'], `cut at ${length}`).toContain((got as Failure).code);
    }
  });

  test('cut in the middle it is `truncated`, in the body, and worth another attempt', async () => {
    const whole = encode(text);
    const got = await outcome(whole.subarray(0, whole.length - 5), header);
    expect(got).toMatchObject({ code: 'truncated', phase: 'body', retryable: true });
  });

  test('cut in the middle it is `truncated` also when it is large', async () => {
    const whole = encode(randomBytes(60_000));
    expect(await outcome(whole.subarray(0, whole.length - 5), header)).toMatchObject({ code: 'truncated' });
  });

  test('with junk behind its end it is what it is, or a `decode` failure', async () => {
    const got = await outcome(Buffer.concat([encode(text), Buffer.from('junk')]), header);
    if (got instanceof Failure) expect(got.code).toBe('decode');
    else expect(got).toEqual(text);
  });

  test('larger than allowed it is `too_large`, however small it came', async () => {
    const bomb = encode(Buffer.alloc(5_000_000));
    expect(bomb.length).toBeLessThan(50_000);
    expect(await outcome(bomb, header, 1_000_000)).toMatchObject({ code: 'too_large', retryable: false });
  });

  test('a body of exactly the size allowed is whole', async () => {
    expect(await outcome(encode(text), header, text.length)).toEqual(text);
    expect(await outcome(encode(text), header, text.length - 1)).toMatchObject({ code: 'too_large' });
  });

  test('an empty body is empty: HEAD and 304 carry the header too', async () => {
    expect(await outcome(Buffer.alloc(0), header)).toEqual(Buffer.alloc(0));
  });
});

describe('several encodings', () => {
  test('are undone last to first', async () => {
    expect(await decode(zlib.brotliCompressSync(zlib.gzipSync(text)), 'gzip, br', 1e6)).toEqual(text);
    expect(await outcome(zlib.gzipSync(zlib.brotliCompressSync(text)), 'gzip, br')).toMatchObject({ code: 'decode' });
  });

  test('up to five', async () => {
    const wrapped = (times: number) => Array.from({ length: times }).reduce<Buffer>((one) => zlib.gzipSync(one), text);
    expect(await decode(wrapped(5), Array(5).fill('gzip').join(), 1e6)).toEqual(text);
    expect(await outcome(wrapped(6), Array(6).fill('gzip').join())).toMatchObject({ code: 'decode', retryable: false });
  });

  test('a bomb within a bomb is `too_large`', async () => {
    const bomb = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(50_000_000)));
    expect(await outcome(bomb, 'gzip, gzip')).toMatchObject({ code: 'too_large' });
  });

  test('a cut in an inner one is found as well', async () => {
    const inner = zlib.gzipSync(text);
    const wrapped = zlib.brotliCompressSync(inner.subarray(0, inner.length - 1));
    expect(await outcome(wrapped, 'gzip, br')).toMatchObject({ code: 'truncated' });
  });
});

test.each(encodings.filter(({ name }) => /^(?:x-gzip|gzip|deflate)$/.test(name)))(
  '$name with a bit changed is never a success with other bytes',
  async ({ header, encode }) => {
    const whole = encode(text);
    for (let at = 0; at < whole.length; at += 1) {
      const broken = Buffer.from(whole);
      broken[at] = (broken[at] ?? 0) ^ 0x40;
      const got = await outcome(broken, header);
      if (!(got instanceof Failure)) expect(got.equals(text), `changed at ${at}`).toBe(true);
    }
  },
);

describe('the header', () => {
  test.each(['', 'identity', 'identity, identity', ' , ', 'Identity'])('%j changes nothing', async (header) => {
    expect(await decode(text, header, 1e6)).toEqual(text);
  });

  test.each(['compress', 'aws-chunked', 'klingon-8', 'gzip;q=1'])('%s cannot be undone: `decode`', async (header) => {
    expect(await outcome(text, header)).toMatchObject({ code: 'decode', phase: 'body', retryable: false });
  });

  test('a long one makes no long message', async () => {
    expect(((await outcome(text, 'x'.repeat(10_000))) as Failure).message.length).toBeLessThan(200);
  });

  test.each(['gzip', 'deflate', 'br', 'zstd'])('a body that is no %s at all is `decode`', async (header) => {
    const got = await outcome(Buffer.from('<html>not found</html>'), header);
    expect(got).toMatchObject({ code: 'decode', phase: 'body', retryable: false });
  });
});

test('a gzip of several members is all of them', async () => {
  const members = Buffer.concat([zlib.gzipSync(text), zlib.gzipSync(text)]);
  expect(await decode(members, 'gzip', 1e6)).toEqual(Buffer.concat([text, text]));
});

test('a zstd of several frames is all of them, and no more than allowed', async () => {
  const frames = Buffer.concat([zlib.zstdCompressSync(text), zlib.zstdCompressSync(text)]);
  expect(await decode(frames, 'zstd', 1e6)).toEqual(Buffer.concat([text, text]));
  expect(await outcome(frames, 'zstd', text.length * 2 - 1)).toMatchObject({ code: 'too_large' });
  expect(await outcome(frames.subarray(0, -3), 'zstd')).toMatchObject({ code: 'truncated' });
});

test('zlib’s format is called gzip too', async () => {
  expect(await decode(zlib.deflateSync(text), 'gzip', 1e6)).toEqual(text);
});

test('where no byte is allowed, any body is `too_large`', async () => {
  expect(await outcome(zlib.gzipSync(text), 'gzip', 0)).toMatchObject({ code: 'too_large' });
});

test('we ask for what we can undo', async () => {
  for (const encoding of acceptEncoding.split(', ')) {
    const { encode } = encodings.find(({ name }) => name === encoding) ?? {};
    expect(await decode(encode?.(text) ?? Buffer.alloc(1), encoding, 1e6)).toEqual(text);
  }
});
