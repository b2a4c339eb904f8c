import { type Call, WrongCall } from './call.ts';

/** What a model is asked, as far as the mock listens. */
export type ChatRequest = {
  readonly model: string;
  /** The last user message. */
  readonly question: string;
  /** All that was said, for counting. */
  readonly conversation: string;
  readonly maxTokens: number | null;
  readonly isStreamed: boolean;
  /** A stream is to end with what it cost. */
  readonly wantsUsage: boolean;
};

type Fields = Readonly<Record<string, unknown>>;

/** Reads a Chat Completions request; a WrongCall when it is none. */
export async function readChat({ method, readText }: Call): Promise<ChatRequest> {
  if (method !== 'POST') throw new WrongCall(`expected a POST, got \`${method}\``);
  const request = parsed(await readText());
  const { model, messages } = request;
  if (typeof model !== 'string' || model === '') throw new WrongCall('expected a `model`');
  if (!Array.isArray(messages) || messages.length === 0)
    throw new WrongCall('expected `messages`, a list that is not empty');
  const said = messages.map((message: Fields | null) => ({ role: message?.role, text: textOf(message?.content) }));
  return {
    model,
    question: said.findLast(({ role }) => role === 'user')?.text ?? '',
    conversation: said.map(({ text }) => text).join(''),
    maxTokens: maxTokensOf(request),
    isStreamed: request.stream === true,
    wantsUsage: (request.stream_options as Fields | null | undefined)?.include_usage === true,
  };
}

function parsed(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Fields;
  } catch {
    // told below, as is JSON of another kind
  }
  throw new WrongCall('expected a JSON object');
}

/** Text, or the text of a list of parts. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: Fields | null) => (typeof part?.text === 'string' ? part.text : '')).join('');
}

function maxTokensOf(request: Fields): number | null {
  const max = request.max_completion_tokens ?? request.max_tokens ?? null;
  if (max === null) return null;
  if (!Number.isSafeInteger(max) || (max as number) < 1) throw new WrongCall('expected `max_tokens` of at least 1');
  return max as number;
}
