import { exactJson } from '../record/json.ts';
import type { Message, PromptTask } from '../record/prompt.ts';
import { bearer, below, createAsk, given, serverOf, withParams } from './ask.ts';
import type { Codec, ModelSettings } from './codec.ts';
import type { Draft } from './draft.ts';
import { type Fields, fieldsOf, listOf, textOf, without } from './json-fields.ts';
import { type Part, partsOf } from './parts.ts';
import { createReader, type Dialect } from './reader.ts';
import { isStrict } from './strict-schema.ts';
import { choiceIn, type ToolWords, toolsIn } from './tools.ts';
import { wrong } from './turns.ts';

/** OpenAI's Responses: POST {base}/responses. */
export function openaiResponses(settings: ModelSettings): Codec {
  const { model, maxTokens, temperature, schema } = settings;
  const ask = createAsk(below(settings.baseUrl, '/responses'), settings, bearer(settings));
  const server = serverOf(settings, { wantsVersion: true });
  const format = schema && { type: 'json_schema', name: 'answer', schema, strict: isStrict(schema) };
  // Thousands of answers are not to be kept at OpenAI, which is what it does unless told otherwise.
  const common = { store: false, ...given({ max_output_tokens: maxTokens, temperature, text: format && { format } }) };

  const bodyOf = (task: PromptTask) => {
    const input = task.messages?.flatMap(itemsOf) ?? [];
    const tools = given({ tools: toolsIn(task, words), tool_choice: choiceIn(task, words) });
    return withParams({ model, input, ...tools, stream: true, ...common }, settings);
  };

  return {
    provider: 'openai',
    bodyOf,
    requestOf: (task) => ask(bodyOf(task)),
    open: (head) => createReader(head, dialect, server),
  };
}

/** Calls of tools and their results are items of their own here. */
function itemsOf(message: Message, index: number): unknown[] {
  const { tool_calls: calls, tool_call_id: id } = message;
  const said = saidIn(message);
  if (message.role === 'tool') {
    const output = listOf(said.content) ? contentOf(said.content, 'input_text') : (said.content ?? '');
    return [{ type: 'function_call_output', call_id: id, output }];
  }
  const isSilent = listOf(calls) && (said.content ?? '') === '';
  return [...(isSilent ? [] : [itemOf(said)]), ...(listOf(calls) ?? []).map((call) => callItemOf(call, index))];
}

/** What an answer of the chat has beside its text is no field here: mostly it is null or empty. */
function saidIn(message: Message): Message {
  const fields = Object.entries(without(message, 'tool_calls', 'tool_call_id', 'annotations'));
  const said = Object.fromEntries(fields.filter(([name, value]) => name === 'content' || value !== null));
  if (typeof said.refusal !== 'string') return said;
  return { ...without(said, 'refusal'), content: said.content ?? [{ type: 'refusal', refusal: said.refusal }] };
}

function callItemOf(call: unknown, index: number): unknown {
  const fields = fieldsOf(call);
  const called = fieldsOf(fields?.function) ?? wrong(`messages[${index}]`, 'expected tool calls with `function`');
  const json = textOf(called.arguments) ?? exactJson(called.arguments ?? {});
  return { type: 'function_call', call_id: fields?.id, name: called.name, arguments: json };
}

function itemOf(message: Message): unknown {
  if (!listOf(message.content)) return message;
  return {
    ...message,
    content: contentOf(message.content, message.role === 'assistant' ? 'output_text' : 'input_text'),
  };
}

function contentOf(content: unknown, kind: string): unknown[] {
  return partsOf(content).map((part) => pieceOf(part, kind));
}

function pieceOf(part: Part, kind: string): unknown {
  switch (part.kind) {
    case 'text':
      return { type: kind, text: part.text, ...part.marks };
    case 'image':
      return { type: 'input_image', image_url: `data:${part.mediaType};base64,${part.base64}`, ...part.marks };
    case 'image link':
      return { type: 'input_image', image_url: part.url, ...part.marks };
    case 'file':
      return { type: 'input_file', ...part.value, ...part.marks };
    case 'audio':
    case 'other':
      return part.value;
  }
}

const words: ToolWords = {
  // Strict unless told otherwise, unlike the chat, whose form this is.
  tool: (tool) => ({ type: 'function', strict: false, ...tool }),
  choice: { auto: 'auto', none: 'none', required: 'required', one: (name) => ({ type: 'function', name }) },
};

const dialect: Dialect = {
  answer: 'a response',
  take(said, draft) {
    const type = textOf(said.type);
    if (type === 'response.output_text.delta') draft.say(said.delta);
    else if (type === 'response.refusal.delta') draft.decline(said.delta);
    else if (type === 'response.output_item.done') takeCall(fieldsOf(said.item), draft);
    else if (type !== null && last.has(type)) takeResponse(fieldsOf(said.response), draft);
    else if (listOf(said.output)) takeResponse(said, draft);
  },
};

/** Events that hold the whole response. */
const last: ReadonlySet<string> = new Set(
  ['completed', 'incomplete', 'failed', 'cancelled', 'done'].map((state) => `response.${state}`),
);

function takeResponse(response: Fields | null, draft: Draft): void {
  if (!response) return;
  const usage = fieldsOf(response.usage);
  if (usage) draft.count(usage.input_tokens, usage.output_tokens);
  // Said already, unless nothing was streamed.
  const parts = draft.hasText || draft.refusal !== null ? [] : (listOf(response.output) ?? []).flatMap(contentsOf);
  for (const part of parts) {
    if (part?.type === 'output_text') draft.say(part.text);
    if (part?.type === 'refusal') draft.decline(part.refusal);
  }
  if (draft.calls.isEmpty) for (const item of listOf(response.output) ?? []) takeCall(fieldsOf(item), draft);
  end(response, draft);
}

function takeCall(item: Fields | null, draft: Draft): void {
  if (item?.type !== 'function_call') return;
  draft.calls.take(null, { id: item.call_id, name: item.name, input: item.arguments });
}

function contentsOf(item: unknown): (Fields | null)[] {
  return (listOf(fieldsOf(item)?.content) ?? []).map(fieldsOf);
}

function end({ status, incomplete_details: details, error }: Fields, draft: Draft): void {
  const hasEnded = status === undefined || status === 'completed' || status === 'incomplete';
  if (error || !hasEnded) draft.fail({ error: error || { message: `the response is ${String(status)}` } });
  const reason = textOf(fieldsOf(details)?.reason);
  draft.finish(status === 'incomplete' && reason ? reason : status);
  if (reason === 'content_filter') draft.filter = 'incomplete: content_filter';
  draft.isOver = true;
}
