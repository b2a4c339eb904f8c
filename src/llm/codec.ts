import type { Failure } from '../record/failure.ts';
import type { Completion, PromptTask } from '../record/prompt.ts';
import type { Reading } from '../record/reply.ts';
import type { HttpHeaders, HttpRequest } from '../record/request.ts';

/** How one provider is asked and understood: all that differs between them. No I/O; it may learn from an answer how to ask the next time. */
export type Codec = {
  /** As rows name it. */
  readonly provider: string;
  /** What is sent, as it is before it is written as JSON. Throws a Failure `input` for what this provider cannot be told. */
  readonly bodyOf: (task: PromptTask) => Readonly<Record<string, unknown>>;
  /** Always asks for a stream where the provider has one. */
  readonly requestOf: (task: PromptTask) => HttpRequest;
  /** A reader for one answer. */
  readonly open: (head: AnswerHead) => AnswerReader;
};

export type AnswerHead = { readonly status: number; readonly headers: HttpHeaders };

/**
 * Understands one answer as it comes, whatever the server made of the wish for a stream: events, JSON lines, or one JSON
 * document. What the pushes gave is how the text of `end` begins; the text of a document comes with `end` alone.
 */
export type AnswerReader = {
  /** Takes bytes of the body (content-encoding undone), cut anywhere; gives the text that they add to the answer, '' for none. Never half a surrogate pair. Never throws. */
  push(bytes: Uint8Array): string;
  /** What the whole came to. Call it once, when the body has ended; `cut` is what ended it early. A stream without its end mark is `truncated`; what came until then is in `content`. Never throws. */
  end(cut: Failure | null): Reading<Completion>;
};

/** Which model is asked, where, and how: the same for every prompt of a run. */
export type ModelSettings = {
  readonly model: string;
  /** Without a slash at its end. */
  readonly baseUrl: URL;
  /** Null where the server wants none. */
  readonly key: ApiKey | null;
  /** Headers of every request beside the provider's own; names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Null leaves it to the server: some models take no other value than their own. */
  readonly maxTokens: number | null;
  readonly temperature: number | null;
  /** Fields of the request's body as they are. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Which of OpenAI's two is spoken; by default `chat`. */
  readonly api?: 'chat' | 'responses';
  /** A JSON Schema that the answer is to follow; null is none. */
  readonly schema?: Readonly<Record<string, unknown>> | null;
  /** How Anthropic is given the key; by default `x-api-key`. */
  readonly auth?: 'x-api-key' | 'bearer' | null;
  /** Of Anthropic's API; null is the one that all servers of its kind know. */
  readonly version?: string | null;
};

export type ApiKey = {
  readonly value: string;
  /** The environment variable that it came from, for messages. */
  readonly variable: string;
};
