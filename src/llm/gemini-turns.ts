import type { PromptTask } from '../record/prompt.ts';
import { given } from './ask.ts';
import { listOf, objectIn, without } from './json-fields.ts';
import type { Part } from './parts.ts';
import { type ToolWords, toolsIn } from './tools.ts';
import { type Call, grouped, type Turn, textIn, turnsOf, wrong } from './turns.ts';

/** A conversation as Gemini has it: the system apart, calls of tools and their results as parts. */
export function conversationOf({ messages }: PromptTask): Record<string, unknown> {
  const turns = turnsOf(messages ?? [], 'Gemini');
  const contents = grouped(turns.filter(({ role }) => role !== 'system')).map(contentOf);
  const system = turns.filter(({ role }) => role === 'system').flatMap(piecesOf);
  return { contents, ...(system.length > 0 && { systemInstruction: { parts: system } }) };
}

/** A turn, or the results of several tools: they are parts of one. */
function contentOf(turns: readonly Turn[]): unknown {
  const [turn] = turns;
  if (!turn || turn.role === 'tool') return { role: 'user', parts: turns.map(resultOf) };
  return {
    role: turn.role === 'assistant' ? 'model' : turn.role,
    parts: [...piecesOf(turn), ...turn.calls.map(callOf)],
    ...without(turn.more, 'parts'),
  };
}

/** A message may be written in Gemini's way already. */
function piecesOf(turn: Turn): readonly unknown[] {
  const { more, parts, calls } = turn;
  const said = parts.filter((part) => calls.length === 0 || part.kind !== 'text' || part.text !== '');
  return listOf(more.parts) ?? said.map((part) => pieceOf(part, turn));
}

/** What the documents have for calls that Gemini has not signed, since another model made them. */
const unsigned = 'skip_thought_signature_validator';

/** The first of several calls at once is the one that is signed. */
function callOf({ id, name, input, signature }: Call, nth: number): unknown {
  const thoughtSignature = signature ?? (nth === 0 ? unsigned : null);
  return { functionCall: { ...given({ id }), name, args: input }, ...given({ thoughtSignature }) };
}

/** An object is wanted: a result that is none becomes one. */
function resultOf(turn: Turn): unknown {
  const { callId: id, toolName: name, place } = turn;
  if (name === null) return wrong(place, 'Gemini wants to know whose result it is: no tool call before it has that id');
  const text = textIn(turn, 'Gemini takes only text as the result of a tool');
  return { functionResponse: { ...given({ id }), name, response: objectIn(text) ?? { output: text } } };
}

function pieceOf(part: Part, { place }: Turn): unknown {
  switch (part.kind) {
    case 'text':
      return { text: part.text };
    case 'image':
      return { inlineData: { mimeType: part.mediaType, data: part.base64 } };
    case 'image link':
      return { fileData: { fileUri: part.url } };
    case 'audio':
      return { inlineData: { mimeType: `audio/${part.format}`, data: part.base64 } };
    case 'file':
      if (!part.file)
        return wrong(place, "OpenAI's files are not Gemini's: embed it, in file_data: data:application/pdf;base64,…");
      return { inlineData: { mimeType: part.file.mediaType, data: part.file.base64 } };
    case 'other':
      return part.value;
  }
}

export const toolWords: ToolWords = {
  tool: ({ name, description, parameters }) => ({ name, ...given({ description, parametersJsonSchema: parameters }) }),
  choice: {
    auto: { functionCallingConfig: { mode: 'AUTO' } },
    none: { functionCallingConfig: { mode: 'NONE' } },
    required: { functionCallingConfig: { mode: 'ANY' } },
    one: (name) => ({ functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [name] } }),
  },
};

/** Functions stand together in one tool, others beside it. */
export function toolsOf(task: PromptTask): unknown[] | null {
  const own = task.tools?.list?.filter(({ type }) => type !== 'function') ?? [];
  const functions = task.tools?.list?.filter(({ type }) => type === 'function') ?? [];
  const functionDeclarations = toolsIn({ ...task, tools: { list: functions, choice: null } }, toolWords);
  const tools = functions.length > 0 ? [{ functionDeclarations }, ...own] : own;
  return tools.length > 0 ? tools : null;
}
