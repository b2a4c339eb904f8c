import type { Message } from '../record/prompt.ts';
import { bearer, below, createAsk, given, serverOf, withParams } from './ask.ts';
import type { Codec, ModelSettings } from './codec.ts';
import { fieldsOf, listOf } from './json-fields.ts';
import { partsOf } from './parts.ts';
import { createReader, type Dialect } from './reader.ts';

/** Ollama's own API: POST {base}/api/chat, which answers in JSON lines. */
export function ollama(settings: ModelSettings): Codec {
  const { model, maxTokens, temperature, schema } = settings;
  const ask = createAsk(chatUrl(settings), settings, bearer(settings));
  const server = serverOf(settings);
  const options = given({ temperature, num_predict: maxTokens });
  const common = given({ format: schema, options: Object.keys(options).length > 0 ? options : null });

  return {
    provider: 'ollama',
    requestOf: ({ messages }) => {
      return ask(withParams({ model, messages: messages?.map(messageOf) ?? [], stream: true, ...common }, settings));
    },
    open: (head) => createReader(head, dialect, server),
  };
}

/** Some write the address with its /api. */
function chatUrl({ baseUrl }: ModelSettings): URL {
  return below(baseUrl, /\/api\/*$/.test(baseUrl.pathname) ? '/chat' : '/api/chat');
}

/** A list of parts becomes one text and the images beside it; those that are only linked to cannot be sent. */
function messageOf(message: Message): Message {
  if (!listOf(message.content)) return message;
  const parts = partsOf(message.content);
  const text = parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
  const images = parts.map((part) => (part.kind === 'data' ? part.base64 : null)).filter((image) => image !== null);
  return { ...message, content: text, ...(images.length > 0 && { images }) };
}

const dialect: Dialect = {
  answer: "Ollama's chat",
  isLines: true,
  take(said, draft) {
    draft.say(fieldsOf(said.message)?.content);
    if (said.done !== true) return;
    draft.finish(said.done_reason);
    draft.count(said.prompt_eval_count, said.eval_count);
    draft.isOver = true;
  },
};
