import { Failure } from '../record/failure.ts';

export function tooLarge(maxBodyBytes: number): Failure {
  return new Failure('too_large', `the body is larger than ${maxBodyBytes} bytes (--max-body)`, { phase: 'body' });
}

/** The same chunks; throws that Failure at the one that makes them more. No transform: that would be one more queue on the way. */
export async function* atMost<Chunk extends Uint8Array>(
  maxBytes: number,
  chunks: AsyncIterable<Chunk>,
): AsyncGenerator<Chunk> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}
