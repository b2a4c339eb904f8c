import type { PromptTask } from '../record/prompt.ts';
import { given } from './ask.ts';
import { type Fields, fieldsOf, listOf, without } from './json-fields.ts';
import type { Part } from './parts.ts';
import type { ToolWords } from './tools.ts';
import { type Call, grouped, type Turn, turnsOf, wrong } from './turns.ts';

/** A conversation as Anthropic has it: the system apart, calls of tools and their results as blocks. */
export function conversationOf({ messages }: PromptTask): { system?: unknown; messages: unknown[] } {
  const turns = turnsOf(messages ?? [], 'Anthropic');
  const system = systemOf(turns.filter(({ role }) => role === 'system'));
  return { ...system, messages: grouped(turns.filter(({ role }) => role !== 'system')).map(messageOf) };
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

export const toolWords: ToolWords = {
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
