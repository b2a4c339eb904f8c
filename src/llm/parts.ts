import { type Fields, fieldsOf, listOf, textOf } from './json-fields.ts';

/** A piece of a message as OpenAI's Chat Completions write it, which is how `messages` come in; `other` is passed on as it is. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'data'; readonly mediaType: string; readonly base64: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'other'; readonly value: unknown };

export function partsOf(content: unknown): Part[] {
  if (content === null || content === undefined) return [];
  return (listOf(content) ?? [content]).map(partOf);
}

function partOf(value: unknown): Part {
  const text = textOf(value);
  if (text !== null) return { kind: 'text', text };
  const part = fieldsOf(value);
  if (part && isPlainText(part)) return { kind: 'text', text: part.text };
  const image = part?.type === 'image_url' ? part.image_url : null;
  const url = textOf(image) ?? textOf(fieldsOf(image)?.url);
  return url === null ? { kind: 'other', value } : imageAt(url);
}

/** Nothing but text: one with marks of a provider's own, such as cache_control, goes on as it is. */
function isPlainText(part: Fields): part is Fields & { readonly text: string } {
  return part.type === 'text' && typeof part.text === 'string' && Object.keys(part).length === 2;
}

function imageAt(url: string): Part {
  const [, mediaType, base64] = /^data:([\w.+-]+\/[\w.+-]+);base64,(.*)$/s.exec(url) ?? [];
  return mediaType && base64 ? { kind: 'data', mediaType, base64 } : { kind: 'url', url };
}

/** What goes before the conversation, in APIs that keep it apart. */
export function isSystem({ role }: Fields): boolean {
  return role === 'system' || role === 'developer';
}
