import { type Call, WrongCall } from './call.ts';

/** What a model is asked, as far as the mock listens. */
export type Asked = {
  readonly model: string;
  /** What the user said last. */
  readonly question: string;
  /** All that was said, for counting. */
  readonly conversation: string;
  readonly maxTokens: number | null;
  readonly isStreamed: boolean;
  /** A stream is to tell what it cost. */
  readonly wantsUsage: boolean;
};

export type Fields = Readonly<Record<string, unknown>>;

/** The body of a POST; a WrongCall when it is no JSON object. */
export async function readFields({ method, readText }: Call): Promise<Fields> {
  if (method !== 'POST') throw new WrongCall(`expected a POST, got \`${method}\``);
  try {
    const value: unknown = JSON.parse(await readText());
    if (typeof value === 'object' && value !== null) return value as Fields;
  } catch (error) {
    if (error instanceof WrongCall) throw error;
    // told below, as is JSON of another kind
  }
  throw new WrongCall('expected a JSON object');
}

/** One turn of a conversation. */
export type Turn = { readonly role: unknown; readonly text: string };

/** The turns of a list under this name, which may not be empty. */
export function turnsOf(fields: Fields, name: string, contentOf: (turn: Fields) => unknown): Turn[] {
  const list = fields[name];
  if (!Array.isArray(list) || list.length === 0) throw new WrongCall(`expected \`${name}\`, a list that is not empty`);
  return list.map((turn: Fields | null) => ({ role: turn?.role, text: textIn(turn && contentOf(turn)) }));
}

export type AskedParts = {
  readonly model: unknown;
  readonly turns: readonly Turn[];
  readonly maxTokens: unknown;
  readonly isStreamed: boolean;
  readonly wantsUsage?: boolean;
};

export function askedOf({ model, turns, maxTokens, isStreamed, wantsUsage = true }: AskedParts): Asked {
  if (typeof model !== 'string' || model === '') throw new WrongCall('expected a `model`');
  return {
    model,
    question: turns.findLast(({ role }) => role === 'user' || role === undefined)?.text ?? '',
    conversation: turns.map(({ text }) => text).join(''),
    maxTokens: limitOf(maxTokens),
    isStreamed,
    wantsUsage,
  };
}

/** Text, or the text of a list of parts. */
export function textIn(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: Fields | null) => (typeof part?.text === 'string' ? part.text : '')).join('');
}

function limitOf(max: unknown): number | null {
  if (max === null || max === undefined) return null;
  if (!Number.isSafeInteger(max) || (max as number) < 1) throw new WrongCall('expected `max_tokens` of at least 1');
  return max as number;
}
