import type { Message } from '../record/prompt.ts';
import { bearer, belowVersion, createAsk, given, type Header, serverOf, withParams } from './ask.ts';
import type { Codec, ModelSettings } from './codec.ts';
import type { Draft } from './draft.ts';
import { type Fields, fieldsOf, listOf, textOf } from './json-fields.ts';
import { isSystem, type Part, partsOf } from './parts.ts';
import { createReader, type Dialect } from './reader.ts';

/** The API wants a number, and no model takes less. */
const anthropicMaxTokens = 4096;
/** Understood by Anthropic and by all that speak like it. */
const oldestVersion = '2023-06-01';

/** Anthropic's Messages: POST {base}/v1/messages. */
export function anthropic(settings: ModelSettings): Codec {
  const { model, temperature, schema } = settings;
  const version: Header = ['anthropic-version', settings.version ?? oldestVersion];
  const ask = createAsk(belowVersion(settings.baseUrl, 'v1', '/messages'), settings, [version, ...keyHeader(settings)]);
  const server = serverOf(settings);
  const format = schema && { format: { type: 'json_schema', schema } };
  const common = {
    max_tokens: settings.maxTokens ?? anthropicMaxTokens,
    stream: true,
    ...given({ temperature, output_config: format }),
  };

  return {
    provider: 'anthropic',
    requestOf: ({ messages }) => {
      const all = messages ?? [];
      const turns = all.filter((message) => !isSystem(message)).map(turnOf);
      return ask(withParams({ model, ...systemOf(all.filter(isSystem)), messages: turns, ...common }, settings));
    },
    open: (head) => createReader(head, dialect, server),
  };
}

function keyHeader(settings: ModelSettings): Header[] {
  if (settings.auth === 'bearer') return bearer(settings);
  return settings.key ? [['x-api-key', settings.key.value]] : [];
}

/** Text as it is; blocks only where one of them is more than text. */
function systemOf(messages: readonly Message[]): { system?: unknown } {
  if (messages.length === 0) return {};
  const parts = messages.flatMap(({ content }) => partsOf(content));
  const texts = parts.map((part) => (part.kind === 'text' ? part.text : null));
  return { system: texts.includes(null) ? parts.map(blockOf) : texts.join('\n\n') };
}

function turnOf(message: Message): unknown {
  return listOf(message.content) ? { ...message, content: partsOf(message.content).map(blockOf) } : message;
}

function blockOf(part: Part): unknown {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'data':
      return { type: 'image', source: { type: 'base64', media_type: part.mediaType, data: part.base64 } };
    case 'url':
      return { type: 'image', source: { type: 'url', url: part.url } };
    case 'other':
      return part.value;
  }
}

const dialect: Dialect = {
  answer: 'a message',
  take(said, draft, name) {
    switch (textOf(said.type) ?? name ?? '') {
      case 'message_start':
        return takeMessage(fieldsOf(said.message) ?? {}, draft);
      case 'content_block_start':
        return takeBlock(said.content_block, draft);
      case 'content_block_delta':
        return draft.say(fieldsOf(said.delta)?.text);
      case 'message_delta':
        takeEnd(fieldsOf(said.delta) ?? {}, draft);
        return takeUsage(said.usage, draft);
      case 'message_stop':
        draft.isOver = true;
        return;
      case 'message':
        takeMessage(said, draft);
        draft.isOver = true;
        return;
      default:
    }
  },
};

function takeMessage(message: Fields, draft: Draft): void {
  for (const block of listOf(message.content) ?? []) takeBlock(block, draft);
  takeEnd(message, draft);
  takeUsage(message.usage, draft);
}

function takeBlock(block: unknown, draft: Draft): void {
  const fields = fieldsOf(block);
  if (fields?.type === 'text') draft.say(fields.text);
}

function takeEnd({ stop_reason: reason, stop_details: details }: Fields, draft: Draft): void {
  draft.finish(reason);
  if (reason === 'refusal') draft.decline(fieldsOf(details)?.explanation);
}

/** What was read from a cache or written to one is not among the input tokens, here as with the provider. */
function takeUsage(usage: unknown, draft: Draft): void {
  const counts = fieldsOf(usage);
  if (counts) draft.count(counts.input_tokens, counts.output_tokens);
}
