import type { Completion, PromptTask } from '../record/prompt.ts';
import type { Reading, Reply } from '../record/reply.ts';
import type { HttpRequest } from '../record/request.ts';

/** How one provider is asked and understood: all that differs between them. Pure, so that transcripts can test it. */
export type Codec = {
  /** As rows name it. */
  readonly provider: string;
  readonly requestOf: (task: PromptTask) => HttpRequest;
  /** What an answer means. Never throws: what cannot be understood is a failure too. */
  readonly read: (reply: Reply) => Reading<Completion>;
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
};

export type ApiKey = {
  readonly value: string;
  /** The environment variable that it came from, for messages. */
  readonly variable: string;
};
