import type { Failure } from './failure.ts';
import type { HttpAnswer } from './request.ts';

/** What an answer means for its job. */
export type Reading<Content> = {
  readonly content: Content | null;
  /** Null is ok. Its `retryable` is the reader's judgement. */
  readonly failure: Failure | null;
  /** The caller as such was refused, not this one request: its whole lane is to wait. */
  readonly isRefusal?: boolean;
  /** For how long, by headers of the reader's own; what HTTP says about it comes first. Milliseconds. */
  readonly holdMs?: number | null;
  /** What the server says is left to the caller; also of an answer that is ok. */
  readonly budgets?: readonly Budget[];
};

/** One of the limits that a server counts for a caller, as its headers tell it. Null is what they do not tell. */
export type Budget = {
  readonly kind: 'requests' | 'tokens' | 'input_tokens' | 'output_tokens';
  readonly limit: number | null;
  readonly remaining: number | null;
  /** Until it is full again, from the moment of the answer. Milliseconds. */
  readonly resetMs: number | null;
};

/** What an exchange leaves for the row when somebody else has read its body. */
export type ReadAnswer<Content> = Pick<HttpAnswer, 'status' | 'headers' | 'bytes' | 'connectMs' | 'ttfbMs'> & {
  readonly content: Content | null;
};
