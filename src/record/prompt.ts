import type { ReadAnswer } from './reply.ts';

/** One message of a conversation, passed on as it is written: `role`, `content`, and what else a provider knows. */
export type Message = Readonly<Record<string, unknown>>;

/** What `prompt` is to do for one line. */
export type PromptTask = {
  /** The conversation so far; null only in a job that has failed already. */
  readonly messages: readonly Message[] | null;
  /** What the record says of tools. */
  readonly tools?: ToolWish | null;
  /** The lane that the user names for it; null is the server. */
  readonly lane: string | null;
  /** The line as JSON text, when rows are to include it. */
  readonly input: string | null;
};

/** The tools that a model may call, as OpenAI's Chat Completions have them. */
export type ToolWish = {
  readonly list: readonly Readonly<Record<string, unknown>>[] | null;
  /** `tool_choice`: which it must call. */
  readonly choice: unknown;
};

/** What a model said. */
export type Completion = {
  /** Null when it said nothing: it called a tool, or was cut off. */
  readonly text: string | null;
  /** In the provider's words; null when it does not say. */
  readonly finishReason: string | null;
  readonly usage: Usage | null;
  /** The tools that it wants called, where it does. */
  readonly toolCalls?: readonly ToolCall[];
  /** From the start of the attempt to the first token, in milliseconds; null when the answer came in one piece. */
  readonly ttftMs: number | null;
  /** The text as compact JSON, digit for digit, where a schema was given; null when it does not fit. */
  readonly json?: string | null;
};

/** A call of a tool, whatever the provider, so that OpenAI's form can be written of it. */
export type ToolCall = {
  /** Null where the provider gives none. */
  readonly id: string | null;
  readonly name: string;
  /** JSON text, digit for digit; half of one where the answer was cut off. */
  readonly arguments: string;
  /** Gemini's, which wants it back. */
  readonly signature: string | null;
};

/** Tokens as the provider counts them; null where it does not say. */
export type Usage = { readonly inputTokens: number | null; readonly outputTokens: number | null };

/** What one prompt leaves for its row. */
export type PromptAnswer = ReadAnswer<Completion>;
