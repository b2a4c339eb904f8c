import type { PromptTask } from '../record/prompt.ts';
import { bearer, below, createAsk, given, serverOf, withParams } from './ask.ts';
import type { Codec, ModelSettings } from './codec.ts';
import { type Fields, fieldsOf, listOf } from './json-fields.ts';
import type { Part } from './parts.ts';
import { createReader, type Dialect } from './reader.ts';
import { type Call, kindOf, type Turn, turnsOf, wrong } from './turns.ts';

/** Ollama's own API: POST {base}/api/chat, which answers in JSON lines. */
export function ollama(settings: ModelSettings): Codec {
  const { model, maxTokens, temperature, schema } = settings;
  const ask = createAsk(chatUrl(settings), settings, bearer(settings));
  const server = serverOf(settings);
  const options = given({ temperature, num_predict: maxTokens });
  const common = given({ format: schema, options: Object.keys(options).length > 0 ? options : null });

  const bodyOf = (task: PromptTask) => {
    const messages = turnsOf(task.messages ?? [], 'Ollama').map(messageOf);
    return withParams({ model, messages, ...toolsOf(task), stream: true, ...common }, settings);
  };

  return {
    provider: 'ollama',
    bodyOf,
    requestOf: (task) => ask(bodyOf(task)),
    open: (head) => createReader(head, dialect, server),
  };
}

/** Some write the address with its /api, or with the /v1 under which it speaks as OpenAI does. */
function chatUrl({ baseUrl }: ModelSettings): URL {
  const url = new URL(baseUrl);
  url.pathname = url.pathname.replace(/\/v1\/*$/, '');
  return below(url, /\/api\/*$/.test(url.pathname) ? '/chat' : '/api/chat');
}

/** A list of parts becomes one text and the images beside it. */
function messageOf(turn: Turn): unknown {
  const { role, content, calls, more } = turn;
  const images = turn.parts.map((part) => (part.kind === 'image' ? part.base64 : null)).filter((one) => one !== null);
  return {
    role,
    content: typeof content === 'string' ? content : turn.parts.map((part) => textOfPart(part, turn)).join(''),
    ...(calls.length > 0 && { tool_calls: calls.map(callOf) }),
    ...(role === 'tool' && resultOf(turn)),
    ...(images.length > 0 && { images }),
    ...more,
  };
}

function textOfPart(part: Part, { place }: Turn): string {
  if (part.kind === 'text') return part.text;
  if (part.kind === 'image') return '';
  if (part.kind === 'image link') {
    return wrong(place, 'Ollama takes only embedded images: fetch it and give data:image/png;base64,… as its URL');
  }
  return wrong(place, `Ollama takes text and images, and there is a part ${kindOf(part)}`);
}

function callOf({ id, name, input }: Call): unknown {
  return { ...given({ id }), function: { name, arguments: input } };
}

function resultOf({ callId, toolName, place }: Turn): Fields {
  if (toolName === null) wrong(place, 'Ollama wants to know whose result it is: no tool call before it has that id');
  return given({ tool_name: toolName, tool_call_id: callId });
}

/** Tools are told to it as to OpenAI; that one must be called, or none, cannot be. */
function toolsOf({ tools }: PromptTask): Fields {
  const choice = tools?.choice ?? 'auto';
  if (choice !== 'auto') wrong('tool_choice', 'Ollama knows only auto: leave it out');
  return given({ tools: tools?.list });
}

const dialect: Dialect = {
  answer: "Ollama's chat",
  isLines: true,
  take(said, draft) {
    const message = fieldsOf(said.message);
    draft.say(message?.content);
    for (const call of (listOf(message?.tool_calls) ?? []).map(fieldsOf)) {
      const called = fieldsOf(call?.function);
      if (called) draft.calls.take(null, { id: call?.id, name: called.name, input: called.arguments });
    }
    if (said.done !== true) return;
    draft.finish(said.done_reason);
    draft.count(said.prompt_eval_count, said.eval_count);
    draft.isOver = true;
  },
};
