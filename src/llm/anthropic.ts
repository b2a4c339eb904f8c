import type { PromptTask } from '../record/prompt.ts';
import { bearer, belowVersion, createAsk, given, type Header, serverOf, withParams } from './ask.ts';
import type { Codec, ModelSettings } from './codec.ts';
import type { Draft } from './draft.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf, without } from './json-fields.ts';
import type { Part } from './parts.ts';
import { createReader, type Dialect } from './reader.ts';
import { choiceIn, type ToolWords, toolsIn } from './tools.ts';
import { type Call, grouped, type Turn, turnsOf, wrong } from './turns.ts';

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

  const bodyOf = (task: PromptTask) => {
    const turns = turnsOf(task.messages ?? [], 'Anthropic');
    const system = systemOf(turns.filter(({ role }) => role === 'system'));
    const messages = grouped(turns.filter(({ role }) => role !== 'system')).map(messageOf);
    const tools = given({ tools: toolsIn(task, words), tool_choice: choiceIn(task, words) });
    return withParams({ model, ...system, messages, ...tools, ...common }, settings);
  };

  return {
    provider: 'anthropic',
    bodyOf,
    requestOf: (task) => ask(bodyOf(task)),
    open: (head) => createReader(head, dialect, server),
  };
}

function keyHeader(settings: ModelSettings): Header[] {
  if (settings.auth === 'bearer') return bearer(settings);
  return settings.key ? [['x-api-key', settings.key.value]] : [];
}

/** Text as it is; blocks only where one of them is more than text. */
function systemOf(turns: readonly Turn[]): { system?: unknown } {
  if (turns.length === 0) return {};
  const blocks = turns.flatMap((turn) => turn.parts.map((part) => blockOf(part, turn)));
  const isText = turns.every(({ parts }) => parts.every(isPlainText));
  return { system: isText ? blocks.map((block) => fieldsOf(block)?.text).join('\n\n') : blocks };
}

/** A turn, or the results of several tools: they stand together in one message, which is the user's. */
function messageOf(turns: readonly Turn[]): unknown {
  const [turn] = turns;
  if (!turn || turn.role === 'tool') return { role: 'user', content: turns.map(resultOf) };
  const { role, calls, more } = turn;
  return {
    role,
    content: calls.length > 0 ? [...blocksOf(turn), ...calls.map((call) => useOf(call, turn))] : contentOf(turn),
    ...more,
  };
}

/** As it is given where it is text, which is how most are. */
function contentOf(turn: Turn): unknown {
  return listOf(turn.content) ? turn.parts.map((part) => blockOf(part, turn)) : turn.content;
}

/** Blocks of text must not be empty. */
function blocksOf(turn: Turn): unknown[] {
  return turn.parts.filter((part) => part.kind !== 'text' || part.text !== '').map((part) => blockOf(part, turn));
}

function useOf({ id, name, input }: Call, { place }: Turn): unknown {
  return { type: 'tool_use', id: idOf(id, place), name, input };
}

function resultOf(turn: Turn): unknown {
  return {
    type: 'tool_result',
    tool_use_id: idOf(turn.callId, turn.place),
    ...given({ content: contentOf(turn) }),
    ...turn.more,
  };
}

/** Those of other providers may have dots and colons, which are refused. */
function idOf(id: string | null, place: string): string {
  return (
    id?.replace(/[^\w-]/g, '_') ||
    wrong(place, 'Anthropic wants each tool call with an `id`, and each result with its `tool_call_id`')
  );
}

function isPlainText(part: Part): boolean {
  return part.kind === 'text' && Object.keys(part.marks).length === 0;
}

function blockOf(part: Part, { place }: Turn): unknown {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text, ...part.marks };
    case 'image':
      return {
        type: 'image',
        source: { type: 'base64', media_type: part.mediaType, data: part.base64 },
        ...marksOf(part),
      };
    case 'image link':
      return { type: 'image', source: { type: 'url', url: part.url }, ...marksOf(part) };
    case 'audio':
      return wrong(place, 'Anthropic takes no audio');
    case 'file':
      return documentOf(part, place);
    case 'other':
      return part.value;
  }
}

function documentOf({ file, marks }: Part & { kind: 'file' }, place: string): unknown {
  if (file?.mediaType !== 'application/pdf') {
    return wrong(place, 'Anthropic takes a file only as PDF, in file_data: data:application/pdf;base64,…');
  }
  const source = { type: 'base64', media_type: file.mediaType, data: file.base64 };
  return { type: 'document', source, ...given({ title: file.name }), ...marks };
}

/** How closely to look is said to OpenAI alone. */
function marksOf({ marks }: { readonly marks: Fields }): Fields {
  return without(marks, 'detail');
}

const words: ToolWords = {
  tool: ({ name, description, parameters, strict }) => {
    return { name, ...given({ description, strict }), input_schema: parameters ?? { type: 'object' } };
  },
  choice: {
    auto: { type: 'auto' },
    none: { type: 'none' },
    required: { type: 'any' },
    one: (name) => ({ type: 'tool', name }),
  },
};

const dialect: Dialect = {
  answer: 'a message',
  take(said, draft, name) {
    switch (textOf(said.type) ?? name ?? '') {
      case 'message_start':
        return takeMessage(fieldsOf(said.message) ?? {}, draft);
      case 'content_block_start':
        return takeBlock(said.content_block, said.index, draft);
      case 'content_block_delta':
        draft.calls.add(numberOf(said.index), fieldsOf(said.delta)?.partial_json);
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
  for (const block of listOf(message.content) ?? []) takeBlock(block, null, draft);
  takeEnd(message, draft);
  takeUsage(message.usage, draft);
}

function takeBlock(block: unknown, index: unknown, draft: Draft): void {
  const fields = fieldsOf(block);
  if (fields?.type === 'tool_use') draft.calls.take(numberOf(index), fields);
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
