import type { PromptTask } from '../record/prompt.ts';
import { conversationOf, toolWords } from './anthropic-turns.ts';
import { bearer, belowVersion, createAsk, given, type Header, serverOf, withParams } from './ask.ts';
import type { Codec, ModelSettings } from './codec.ts';
import type { Draft } from './draft.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf } from './json-fields.ts';
import { createReader, type Dialect } from './reader.ts';
import { choiceIn, toolsIn } from './tools.ts';

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
    const tools = given({ tools: toolsIn(task, toolWords), tool_choice: choiceIn(task, toolWords) });
    return withParams({ model, ...conversationOf(task), ...tools, ...common }, settings);
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
