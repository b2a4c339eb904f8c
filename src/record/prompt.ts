import type { ReadAnswer } from './reply.ts';

/** One message of a conversation, passed on as it is written: `role`, `content`, and what else a provider knows. */
export type Message = Readonly<Record<string, unknown>>;

/** What `prompt` is to do for one line. */
export type PromptTask = {
  /** The conversation so far; null only in a job that has failed already. */
  readonly messages: readonly Message[] | null;
  /** The lane that the user names for it; null is the server. */
  readonly lane: string | null;
  /** The line as JSON text, when rows are to include it. */
  readonly input: string | null;
};

/** What a model said. */
export type Completion = {
  /** Null when it said nothing: it called a tool, or was cut off. */
  readonly text: string | null;
  /** In the provider's words; null when it does not say. */
  readonly finishReason: string | null;
  readonly usage: Usage | null;
  /** From the start of the attempt to the first token, in milliseconds; null when the answer came in one piece. */
  readonly ttftMs: number | null;
  /** The text as compact JSON, digit for digit, where a schema was given; null when it does not fit. */
  readonly json?: string | null;
};

/** Tokens as the provider counts them; null where it does not say. */
export type Usage = { readonly inputTokens: number | null; readonly outputTokens: number | null };

/** What one prompt leaves for its row. */
export type PromptAnswer = ReadAnswer<Completion>;
