import type { HttpHeaders } from '../record/request.ts';

/**
 * What a body was encoded with for its transfer, the first at the head; without `chunked` at the end, which the parser undoes.
 * Nobody asked for it, but what can be undone is (RFC 9112, section 7.2). Null for what cannot.
 */
export function transferEncodings({ 'transfer-encoding': header }: HttpHeaders): readonly string[] | null {
  if (header === undefined || header === 'chunked') return [];
  const encodings = String(header)
    .toLowerCase()
    .split(',')
    .map((encoding) => encoding.trim());
  if (encodings.at(-1) === 'chunked') encodings.pop();
  return encodings.every((encoding) => /^(?:(?:x-)?gzip|deflate)$/.test(encoding)) ? encodings : null;
}

/** Whether an answer has a body, whatever its headers say of one (RFC 9112, section 6.3). */
export function mayHaveBody(method: string, status: number): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304;
}

/** All that a body is encoded with, in the words of a content-encoding, or undefined. `content` is what counts of that header. */
export function encodingOf(
  headers: HttpHeaders,
  content: string | undefined = headers['content-encoding']?.toString(),
): string | undefined {
  const transfer = transferEncodings(headers) ?? [];
  if (transfer.length === 0) return content || undefined;
  return [...(content ? [content] : []), ...transfer].join(', ');
}
