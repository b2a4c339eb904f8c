import { Failure } from '../record/failure.ts';
import type { Message } from '../record/prompt.ts';
import { quote } from '../record/request.ts';
import { type Fields, fieldsOf, listOf, objectIn, textOf } from './json-fields.ts';
import { type Part, partsOf } from './parts.ts';

/** One message of a conversation in the form of OpenAI's Chat Completions, understood, for APIs that have another. */
export type Turn = {
  /** A developer speaks as the system. */
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: unknown;
  readonly parts: readonly Part[];
  /** The tools that the assistant has called. */
  readonly calls: readonly Call[];
  /** Which call a tool's result is for; null where it does not say. */
  readonly callId: string | null;
  /** The tool that the result is of, by its call where the message does not name it. */
  readonly toolName: string | null;
  /** Fields that are not OpenAI's: a provider's own. */
  readonly more: Fields;
  /** For messages about it: `messages[2]`. */
  readonly place: string;
};

export type Call = {
  readonly id: string | null;
  readonly name: string;
  /** An object, numbers as they were written. */
  readonly input: Fields;
  /** Gemini's: it wants back what it has signed. */
  readonly signature: string | null;
};

/** Throws a Failure `input` for what cannot be said otherwise than to OpenAI. `provider` is who cannot be told. */
export function turnsOf(messages: readonly Message[], provider: string): Turn[] {
  const names = new Map<string, string>();
  return messages.map((message, index) => {
    const turn = turnOf(message, { names, provider, place: `messages[${index}]` });
    for (const { id, name } of turn.calls) if (id !== null) names.set(id, name);
    return turn;
  });
}

type Surroundings = { names: ReadonlyMap<string, string>; provider: string; place: string };

function turnOf(message: Message, { names, provider, place }: Surroundings): Turn {
  const { role: given, content, name, refusal, tool_calls, tool_call_id, function_call, audio } = message;
  const role = roles.get(String(given));
  if (!role)
    wrong(place, `${provider} knows no role ${quote(String(given))}: system, developer, user, assistant or tool`);
  if (function_call) wrong(place, "`function_call` is OpenAI's old form: give `tool_calls`");
  if (audio)
    wrong(place, `\`audio\` can be sent to OpenAI alone, and ${provider} is asked: give its transcript as text`);
  if (name && role !== 'tool') {
    wrong(place, `${provider} has no \`name\` for who speaks: leave it out, or write it into the content`);
  }
  const calls = listOf(tool_calls ?? []) ?? wrong(place, '`tool_calls` must be a list');
  if (calls.length > 0 && role !== 'assistant') wrong(place, 'only an assistant calls tools: `tool_calls`');
  const said = partsOf(content).length === 0 ? textOf(refusal) || content : content;
  const callId = textOf(tool_call_id);
  return {
    role,
    content: said,
    parts: partsOf(said),
    calls: calls.map((call) => callOf(call, place)),
    callId,
    toolName: role === 'tool' ? (textOf(message.tool_name) ?? names.get(callId ?? '') ?? textOf(name)) : null,
    more: ownOf(message),
    place,
  };
}

/** OpenAI's fields of a message; the notes of an answer are not for the next request. */
const known: ReadonlySet<string> = new Set(
  'role content name refusal tool_calls tool_call_id function_call audio annotations'.split(' '),
);

function ownOf(message: Message): Fields {
  return Object.fromEntries(Object.entries(message).filter(([name, value]) => !known.has(name) && value !== null));
}

const roles: ReadonlyMap<string, Turn['role']> = new Map([
  ['system', 'system'],
  ['developer', 'system'],
  ['user', 'user'],
  ['assistant', 'assistant'],
  ['model', 'assistant'],
  ['tool', 'tool'],
]);

function callOf(call: unknown, place: string): Call {
  const fields = fieldsOf(call);
  const called = fieldsOf(fields?.function);
  const name = textOf(called?.name);
  if (!name) return wrong(place, 'expected tool calls with `function`, its `name` and `arguments`');
  const input = inputOf(called?.arguments, () => wrong(place, `the arguments for ${name} are no JSON object`));
  return { id: textOf(fields?.id), name, input, signature: textOf(signatureIn(fields)) };
}

/** Where Gemini's OpenAI-compatible server puts what it has signed, and rows do too. */
export function signatureIn(call: Fields | null): unknown {
  return fieldsOf(fieldsOf(call?.extra_content)?.google)?.thought_signature;
}

/** OpenAI writes arguments as JSON text, Ollama as an object, and models that give none as nothing. */
function inputOf(given: unknown, fail: () => never): Fields {
  const text = textOf(given);
  if (given === undefined || given === null || text?.trim() === '') return {};
  if (text === null) return fieldsOf(given) ?? fail();
  return objectIn(text) ?? fail();
}

/** The text of a message; a Failure where it is more than text, and only text will do. */
export function textIn({ parts, place }: Turn, why: string): string {
  return parts
    .map((part) => (part.kind === 'text' ? part.text : wrong(place, `${why}, and there is a part ${kindOf(part)}`)))
    .join('');
}

/** What a part calls itself, for messages. */
export function kindOf(part: Part): string {
  if (part.kind !== 'other') return part.kind;
  return textOf(fieldsOf(part.value)?.type) ?? 'that has no type';
}

/** Results of tools that come one after the other belong together, in APIs where they are a user's message. */
export function grouped(turns: readonly Turn[]): (readonly Turn[])[] {
  const groups: Turn[][] = [];
  for (const turn of turns) {
    const last = groups.at(-1);
    if (last && turn.role === 'tool' && last[0]?.role === 'tool') last.push(turn);
    else groups.push([turn]);
  }
  return groups;
}

export function wrong(place: string, what: string): never {
  throw new Failure('input', `${place}: ${what}`);
}
