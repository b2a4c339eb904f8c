import { type Fields, fieldsOf, listOf, textOf, without } from './json-fields.ts';

/**
 * A piece of a message as OpenAI's Chat Completions write it, which is how `messages` come in. `marks` are what stands
 * beside it: hints such as `detail` and `cache_control`, for those who know them. `other` is a provider's own.
 */
export type Part =
  | { readonly kind: 'text'; readonly text: string; readonly marks: Fields }
  | { readonly kind: 'image'; readonly mediaType: string; readonly base64: string; readonly marks: Fields }
  | { readonly kind: 'image link'; readonly url: string; readonly marks: Fields }
  | { readonly kind: 'audio'; readonly format: string; readonly base64: string; readonly value: Fields }
  | { readonly kind: 'file'; readonly file: EmbeddedFile | null; readonly value: Fields; readonly marks: Fields }
  | { readonly kind: 'other'; readonly value: unknown };

export type EmbeddedFile = { readonly name: string | null; readonly mediaType: string; readonly base64: string };

export function partsOf(content: unknown): Part[] {
  if (content === null || content === undefined) return [];
  return (listOf(content) ?? [content]).map(partOf);
}

const noMarks: Fields = {};

function partOf(value: unknown): Part {
  const text = textOf(value);
  if (text !== null) return { kind: 'text', text, marks: noMarks };
  const { type, ...fields } = fieldsOf(value) ?? noMarks;
  if (type === 'text' && typeof fields.text === 'string') {
    return { kind: 'text', text: fields.text, marks: without(fields, 'text') };
  }
  if (type === 'refusal' && typeof fields.refusal === 'string') {
    return { kind: 'text', text: fields.refusal, marks: noMarks };
  }
  if (type === 'image_url') {
    const { image_url: image, ...marks } = fields;
    const { url, ...hints } = fieldsOf(image) ?? { url: image };
    return typeof url === 'string' ? imageAt(url, { ...hints, ...marks }) : { kind: 'other', value };
  }
  if (type === 'input_audio') {
    const audio = fieldsOf(fields.input_audio);
    const [format, base64] = [textOf(audio?.format), textOf(audio?.data)];
    if (format !== null && base64 !== null) return { kind: 'audio', format, base64, value: value as Fields };
  }
  if (type === 'file' && fieldsOf(fields.file)) {
    const { file, ...marks } = fields;
    return { kind: 'file', file: embedded(fieldsOf(file) ?? {}), value: file as Fields, marks };
  }
  return { kind: 'other', value };
}

const dataUrl = /^data:([\w.+-]+\/[\w.+-]+);base64,(.*)$/s;

function imageAt(url: string, marks: Fields): Part {
  const [, mediaType, base64] = dataUrl.exec(url) ?? [];
  return mediaType && base64 ? { kind: 'image', mediaType, base64, marks } : { kind: 'image link', url, marks };
}

function embedded({ file_data: data, filename }: Fields): EmbeddedFile | null {
  const [, mediaType, base64] = dataUrl.exec(textOf(data) ?? '') ?? [];
  return mediaType && base64 ? { name: textOf(filename), mediaType, base64 } : null;
}
