import { compactJson } from '../record/compact-json.ts';
import { Failure } from '../record/failure.ts';
import type { Body } from '../record/request.ts';
import { declaredEncoding, encodingOfMark } from './charset.ts';
import { type DecodedText, decodeText } from './decode-text.ts';
import { type MediaType, mediaTypeOf } from './media-type.ts';

/** How a body goes into the row: by its content type, as one thing always, or not at all. */
export const bodyModes = ['auto', 'json', 'text', 'base64', 'none'] as const;
export type BodyMode = (typeof bodyModes)[number];

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters tell binary data from text
const binary = /[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f]/;

/**
 * Text whose charset nobody names is UTF-8 where at most one in so many of its characters beyond ASCII is none: a page
 * with a damaged letter. Any other is kept as bytes.
 */
const damagedShare = 10;

/** The answers of a server are mostly of one type. */
let known = { contentType: '', media: mediaTypeOf('') };

/** The body as the row shows it; null when it is empty. Throws a Failure `decode` when JSON was demanded and is not there. */
export function shapeBody(bytes: Buffer, contentType: string, mode: BodyMode): Body | null {
  if (bytes.length === 0 || mode === 'none') return null;
  if (mode === 'base64') return base64(bytes);
  if (contentType !== known.contentType) known = { contentType, media: mediaTypeOf(contentType) };
  const { media } = known;
  if (mode === 'auto' && media.family === 'other') return base64(bytes);
  const named = charsetOf(bytes, media);
  const decoded = decodeText(bytes, named ?? 'utf-8');
  if (mode === 'text') return textBody(decoded);
  if (mode === 'json' || media.family === 'json') {
    const raw = compactJson(decoded.text);
    if (raw !== null) return { kind: 'json', raw, ...marks(decoded) };
    // JSON is UTF-8 where nobody says otherwise (RFC 8259, section 8.1).
    if (mode === 'auto') return textBody(decoded);
    throw new Failure('decode', 'the body is not JSON (--body json), or nested more than 200 levels deep', {
      phase: 'body',
    });
  }
  const isText = named !== null || isUtf8(decoded);
  return isText && (media.family === 'text' || !binary.test(decoded.text)) ? textBody(decoded) : base64(bytes);
}

/** The name of the encoding: by the byte order mark, the header, or what the page itself says; null where none does. */
function charsetOf(bytes: Buffer, { encoding, markup }: MediaType): string | null {
  return encodingOfMark(bytes) ?? encoding ?? (markup === null ? null : declaredEncoding(bytes, markup));
}

function isUtf8({ text, replaced }: DecodedText): boolean {
  return replaced === 0 || replaced * damagedShare <= beyondAscii(text) - replaced;
}

function beyondAscii(text: string): number {
  let found = 0;
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) found += 1;
  return found;
}

function textBody(decoded: DecodedText): Body {
  return { kind: 'text', text: decoded.text, ...marks(decoded) };
}

function marks({ replaced }: DecodedText): { replaced?: number } {
  return replaced === 0 ? {} : { replaced };
}

function base64(bytes: Buffer): Body {
  return { kind: 'base64', data: bytes.toString('base64') };
}
