import { compactJson } from '../record/compact-json.ts';
import { Failure } from '../record/failure.ts';
import type { Body } from '../record/request.ts';

/** How a body goes into the row: by its content type, as one thing always, or not at all. */
export const bodyModes = ['auto', 'json', 'text', 'base64', 'none'] as const;
export type BodyMode = (typeof bodyModes)[number];

const jsonType = /^application\/(?:[\w.+-]+\+)?json\b|^text\/json\b/;
const textType =
  /^text\/|[/+](?:xml|yaml|x-yaml|toml|javascript|ecmascript|x-www-form-urlencoded|x-ndjson|jsonl?|graphql|csv)\b/;
/** Types that say nothing, or nothing but a charset, which frameworks put on anything: what the bytes look like decides. */
const vagueType =
  /^$|^application\/(?:octet-stream|unknown)\b|^unknown\/|^\*\/\*|^(?!(?:image|audio|video|font)\/).*;\s*charset=/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters tell binary data from text
const binary = /[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f]/;

/** What a content type says of a body. */
type Media = {
  readonly family: 'json' | 'text' | 'vague' | 'other';
  /** The label of its charset. */
  readonly charset: string;
};

function mediaOf(contentType: string): Media {
  const type = contentType.trim().toLowerCase();
  const [, charset = 'utf-8'] = /;\s*charset=\s*"?([^\s";]+)/.exec(type) ?? [];
  if (jsonType.test(type)) return { family: 'json', charset };
  if (textType.test(type)) return { family: 'text', charset };
  return { family: vagueType.test(type) ? 'vague' : 'other', charset };
}

/** The answers of a server are mostly of one type. */
let known = { contentType: '', media: mediaOf('') };

/** The body as the row shows it; null when it is empty. Throws a Failure `decode` when JSON was demanded and is not there. */
export function shapeBody(bytes: Buffer, contentType: string, mode: BodyMode): Body | null {
  if (bytes.length === 0 || mode === 'none') return null;
  if (mode === 'base64') return base64(bytes);
  if (contentType !== known.contentType) known = { contentType, media: mediaOf(contentType) };
  const { family, charset } = known.media;
  if (mode === 'text') return { kind: 'text', text: decodeText(bytes, charset) };
  if (mode === 'json' || family === 'json') {
    const text = decodeText(bytes, charset);
    const raw = compactJson(text);
    if (raw !== null) return { kind: 'json', raw };
    if (mode === 'auto') return { kind: 'text', text };
    throw new Failure('decode', 'the body is not JSON (--body json), or nested more than 200 levels deep', {
      phase: 'body',
    });
  }
  if (family === 'text') return { kind: 'text', text: decodeText(bytes, charset) };
  if (family === 'vague') {
    const text = wholeText(bytes, charset);
    if (text !== null) return { kind: 'text', text };
  }
  return base64(bytes);
}

function base64(bytes: Buffer): Body {
  return { kind: 'base64', data: bytes.toString('base64') };
}

function decodeText(bytes: Buffer, label: string): string {
  const charset = markOf(bytes) ?? label;
  // The common case, without a byte order mark to take off.
  if ((charset === 'utf-8' || charset === 'utf8') && bytes[0] !== 0xef) return bytes.toString('utf8');
  return decoderFor(charset, { fatal: false }).decode(bytes);
}

/** The text if each byte is part of it, else null. */
function wholeText(bytes: Buffer, label: string): string | null {
  try {
    const text = decoderFor(markOf(bytes) ?? label, { fatal: true }).decode(bytes);
    return binary.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** A byte order mark beats the label (WHATWG Encoding, section 6.1). */
function markOf(bytes: Buffer): string | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return null;
}

function decoderFor(label: string, options: { fatal: boolean }): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(label, options);
  } catch {
    // A charset that nobody knows: the bytes are most likely UTF-8 all the same.
    return new TextDecoder('utf-8', options);
  }
}
