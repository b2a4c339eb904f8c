import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { Failure } from '../record/failure.ts';
import { encodingsIn } from './content-encoding.ts';
import { atMost, tooLarge } from './too-large.ts';
import { moreBehind, WholeDecoder } from './whole-decoder.ts';

/** What we ask servers for, in the order in which they should prefer it. */
export const acceptEncoding = 'zstdDecompress' in zlib ? 'zstd, br, gzip, deflate' : 'br, gzip, deflate';

/** Up to this many bytes are decoded at once; more go to a thread, so that other calls are not kept waiting. */
const smallBytes = 32 * 1024;
/** zstd's data may be frames in a row (RFC 8878, section 3); more of them than this are there to keep us busy. */
const maxFrames = 10_000;

type Limit = { maxOutputLength: number; info: true };
/** What zlib gives with `info`, though its types do not say so. */
type Decoded = { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
type Decoder = {
  sync: (bytes: Buffer, limit: Limit) => Buffer;
  async: (bytes: Buffer, limit: Limit) => Promise<Buffer>;
};

const gzip: Decoder = { sync: zlib.gunzipSync, async: promisify(zlib.gunzip) };
const inflate: Decoder = { sync: zlib.inflateSync, async: promisify(zlib.inflate) };
const inflateRaw: Decoder = { sync: zlib.inflateRawSync, async: promisify(zlib.inflateRaw) };
const brotli: Decoder = { sync: zlib.brotliDecompressSync, async: promisify(zlib.brotliDecompress) };
const zstd: Decoder | null =
  'zstdDecompress' in zlib ? { sync: zlib.zstdDecompressSync, async: promisify(zlib.zstdDecompress) } : null;

function decoderFor(encoding: string, bytes: Buffer): Decoder | null {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      // zlib's format is called so too; its first byte is 0x?8, that of gzip never.
      return ((bytes[0] ?? 0) & 0x0f) === 8 ? inflate : gzip;
    case 'deflate':
      // RFC 9110 means zlib's format; some servers send the bare stream, whose first byte is never 0x?8.
      return ((bytes[0] ?? 8) & 0x0f) === 8 ? inflate : inflateRaw;
    case 'br':
      return brotli;
    case 'zstd':
      return zstd;
    default:
      return null;
  }
}

/**
 * The body without its content encodings (RFC 9110, section 8.4), never longer than `maxBodyBytes`. Throws a Failure:
 * `too_large`, `truncated` when it ends too early, `decode` when it is not what it says.
 */
export async function decode(body: Buffer, contentEncoding: string, maxBodyBytes: number): Promise<Buffer> {
  let bytes = body;
  for (const encoding of encodingsIn(contentEncoding)) {
    if (bytes.length === 0) break;
    const decoder = decoderFor(encoding, bytes);
    if (!decoder) throw unknownEncoding(encoding);
    try {
      // zlib takes no limit of 0; what is over it by that is seen below.
      const limit: Limit = { maxOutputLength: Math.max(1, maxBodyBytes), info: true };
      const decoded: unknown =
        bytes.length <= smallBytes ? decoder.sync(bytes, limit) : await decoder.async(bytes, limit);
      const { buffer, engine } = decoded as Decoded;
      const isWhole = engine.bytesWritten === bytes.length;
      // gzip may be padded, and says itself what is no padding.
      if (isWhole || decoder === gzip) bytes = buffer;
      else if (decoder === zstd) bytes = await readAll(createDecoder(encoding, bytes), bytes, maxBodyBytes);
      else throw moreBehind();
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw undecodable(error, { encoding, maxBodyBytes });
    }
    if (bytes.length > maxBodyBytes) throw tooLarge(maxBodyBytes);
  }
  return bytes;
}

async function readAll(decoder: Transform, bytes: Buffer, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  decoder.end(bytes);
  for await (const chunk of atMost<Buffer>(maxBytes, decoder)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The same as `decode` for bytes that come one after the other; `first` are the first of them, where they are known. */
export function createDecoder(encoding: string, first: Buffer | null): Transform {
  const options = { chunkSize: 64 * 1024 };
  const decoder = decoderFor(encoding, first ?? Buffer.alloc(0));
  if (decoder === null) throw unknownEncoding(encoding);
  switch (decoder) {
    case gzip:
      return zlib.createGunzip(options);
    case inflate:
      return new WholeDecoder({ open: () => zlib.createInflate(options), maxRepeats: 0 });
    case inflateRaw:
      return new WholeDecoder({ open: () => zlib.createInflateRaw(options), maxRepeats: 0 });
    case brotli:
      return new WholeDecoder({ open: () => zlib.createBrotliDecompress(options), maxRepeats: 0 });
    default:
      return new WholeDecoder({ open: () => zlib.createZstdDecompress(options), maxRepeats: maxFrames });
  }
}

/** Throws a Failure `decode` for one that cannot be undone. */
export function checkEncoding(encoding: string): void {
  if (decoderFor(encoding, Buffer.alloc(0)) === null) throw unknownEncoding(encoding);
}

function unknownEncoding(encoding: string): Failure {
  const message = `the body has a content-encoding that cannot be undone: ${encoding.slice(0, 50)}`;
  return new Failure('decode', message, { phase: 'body' });
}

/** What an error of zlib means. */
export function undecodable(
  error: unknown,
  { encoding, maxBodyBytes }: { encoding: string; maxBodyBytes: number },
): Failure {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(maxBodyBytes);
  if (code === 'Z_BUF_ERROR' || code === 'ZSTD_error_srcSize_wrong') {
    const text = `the ${encoding} body ends too early`;
    return new Failure('truncated', text, { phase: 'body', retryable: true, cause: error });
  }
  return new Failure('decode', `the body is not valid ${encoding}: ${message}`, { phase: 'body', cause: error });
}
