import { describe, expect, test } from 'vitest';
import type { Provider } from '../../src/llm/codecs.ts';
import { Failure } from '../../src/record/failure.ts';
import { asked, type Given } from './support.ts';

const text = { type: 'text', text: 'look', cache_control: { type: 'ephemeral' } };
const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'low' } };
const link = { type: 'image_url', image_url: { url: 'https://x.example/a.png', detail: 'high' } };
const sound = { type: 'input_audio', input_audio: { data: 'BB', format: 'wav' } };
const pdf = { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,CC' } };
const stored = { type: 'file', file: { file_id: 'file-1' } };
const said = { type: 'refusal', refusal: 'no' };
const own = { type: 'video_of_tomorrow', video: {} };

/** What becomes of one part, as its only user's message. */
function made(provider: Provider, part: object, given: Given = {}): unknown {
  const { json } = asked(provider, given, [{ role: 'user', content: [part] }]);
  const [message] = (json.messages ?? json.contents ?? json.input) as Record<string, unknown>[];
  return message && ((message.parts ?? message.content) as unknown[])[0];
}

function failure(provider: Provider, part: object): string {
  try {
    made(provider, part);
  } catch (error) {
    if (error instanceof Failure && error.code === 'input') return error.message;
  }
  return 'nothing failed';
}

describe('a part of a message', () => {
  test('that Anthropic knows is said in its words, with marks of its own', () => {
    expect(made('anthropic', text)).toEqual(text);
    expect(made('anthropic', link)).toEqual({ type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } });
    expect(made('anthropic', { ...picture, cache_control: { type: 'ephemeral' } })).toEqual({
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: 'AA' },
      cache_control: { type: 'ephemeral' },
    });
    const source = { type: 'base64', media_type: 'application/pdf', data: 'CC' };
    expect(made('anthropic', pdf)).toEqual({ type: 'document', source, title: 'a.pdf' });
    expect(made('anthropic', said)).toEqual({ type: 'text', text: 'no' });
    expect(made('anthropic', own)).toEqual(own);
  });

  test('that Gemini knows is said in its words, without the marks of others', () => {
    expect(made('gemini', text)).toEqual({ text: 'look' });
    expect(made('gemini', picture)).toEqual({ inlineData: { mimeType: 'image/png', data: 'AA' } });
    expect(made('gemini', sound)).toEqual({ inlineData: { mimeType: 'audio/wav', data: 'BB' } });
    expect(made('gemini', pdf)).toEqual({ inlineData: { mimeType: 'application/pdf', data: 'CC' } });
    expect(made('gemini', own)).toEqual(own);
  });

  test('that OpenAI’s Responses know is said in their words', () => {
    const responses = (part: object) => made('openai', part, { api: 'responses' });
    expect(responses(link)).toEqual({ type: 'input_image', image_url: 'https://x.example/a.png', detail: 'high' });
    expect(responses(pdf)).toEqual({ type: 'input_file', ...pdf.file });
    expect(responses(stored)).toEqual({ type: 'input_file', file_id: 'file-1' });
    expect(responses(sound)).toEqual(sound);
    expect(responses(own)).toEqual(own);
  });

  test('goes to OpenAI’s chat as it is', () => {
    for (const part of [text, picture, link, sound, pdf, stored, own]) expect(made('openai', part)).toEqual(part);
  });

  test('is text or an embedded image for Ollama', () => {
    const content = [text, picture, said];
    expect(asked('ollama', {}, [{ role: 'developer', content }]).json.messages).toEqual([
      { role: 'system', content: 'lookno', images: ['AA'] },
    ]);
  });

  test.each([
    [
      'ollama',
      link,
      'messages[0]: Ollama takes only embedded images: fetch it and give data:image/png;base64,… as its URL',
    ],
    ['ollama', sound, 'messages[0]: Ollama takes text and images, and there is a part audio'],
    ['ollama', own, 'messages[0]: Ollama takes text and images, and there is a part video_of_tomorrow'],
    ['anthropic', sound, 'messages[0]: Anthropic takes no audio'],
    [
      'anthropic',
      stored,
      'messages[0]: Anthropic takes a file only as PDF, in file_data: data:application/pdf;base64,…',
    ],
    [
      'gemini',
      stored,
      "messages[0]: OpenAI's files are not Gemini's: embed it, in file_data: data:application/pdf;base64,…",
    ],
  ] as const)('that %s cannot be told is a failure, and not left out: %o', (provider, part, message) => {
    expect(failure(provider, part)).toBe(message);
  });
});
