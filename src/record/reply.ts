import type { Failure } from './failure.ts';
import type { HttpAnswer, HttpHeaders } from './request.ts';

/** A whole answer, its encodings undone, for those who know what it means. */
export type Reply = {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: Uint8Array;
};

/** What an answer means for its job. */
export type Reading<Content> = {
  readonly content: Content | null;
  /** Null is ok. Its `retryable` is the reader's judgement. */
  readonly failure: Failure | null;
  /** The caller as such was refused, not this one request: its whole lane is to wait. */
  readonly isRefusal?: boolean;
  /** For how long, by headers of the reader's own; what HTTP says about it comes first. Milliseconds. */
  readonly holdMs?: number | null;
};

/** What an exchange leaves for the row when somebody else has read its body. */
export type ReadAnswer<Content> = Pick<HttpAnswer, 'status' | 'headers' | 'bytes' | 'connectMs' | 'ttfbMs'> & {
  readonly content: Content | null;
};
