import type { Failure } from './failure.ts';
import type { Budget } from './reply.ts';

/** One input line: what is to be called, and its place in the input. */
export type Job<Payload> = {
  /** The place among the lines read, from 0. */
  readonly index: number;
  /** What the user calls it, or null. */
  readonly id: string | null;
  /** What tells it from other jobs, also in a later run, where it has no id: a hash of what is called. Only where asked for. */
  readonly key?: string;
  readonly payload: Payload;
  /** A line that cannot be a job brings its failure along: it becomes a row, and nothing is sent for it. */
  readonly failure?: Failure;
};

/** Tells a call when to end. */
export type Cancellation = {
  /** Why the call is to end, or null while it may go on. */
  readonly reason: Failure | null;
  /** The same for `fetch` and its like. */
  readonly signal: AbortSignal;
  /** Has `listener` called once, when the call is to end; at once if that is already so. One listener at a time. */
  onCancel(listener: ((reason: Failure) => void) | null): void;
  /** To be told when the request leaves, if that is later than the start of the call (after connecting): rates count from then. */
  sent(): void;
};

/** What a call is told. */
export type CallContext<State> = {
  /** 1 for the first attempt. A hop belongs to its attempt. */
  readonly attempt: number;
  /** What the hop before handed on; null for the first call of an attempt. */
  readonly state: State | null;
  /** Ends the call: its own clock, or the end of the run. */
  readonly scope: Cancellation;
};

/** How long a server asks its callers to stay away. */
export type Hold = {
  /** From now, in milliseconds; null when the server refused without saying how long. */
  readonly ms: number | null;
};

/** What a call took of the budgets that calls share. */
export type Cost = {
  /** Tokens; null when nobody knows, and what was reserved counts as used. */
  readonly tokens: number | null;
  /** What the server says is left of its own limits. */
  readonly budgets: readonly Budget[];
};

/**
 * What one attempt came to.
 * - `done`: nothing more to do. A value with a failure is an answer that does not count as ok.
 * - `retry`: a failure that another attempt may mend; the engine decides whether there is one. `value` is what the
 *   row shows if there is none. `hold` says that the whole lane was refused; `delayMs` is the job's own wait, in place
 *   of the policy's back-off.
 * - `next`: the job goes on with another call, which passes the lane and the gate again. Without a `part` it belongs to
 *   the same attempt: a redirect hop. With one, what the job has given so far is a result of its own, and the next call is
 *   a first attempt again, with its own retries: a page.
 */
export type Outcome<Value, State> =
  | { readonly kind: 'done'; readonly value: Value | null; readonly failure: Failure | null; readonly cost?: Cost }
  | {
      readonly kind: 'retry';
      readonly value: Value | null;
      readonly failure: Failure;
      readonly hold?: Hold;
      readonly delayMs?: number;
      readonly cost?: Cost;
    }
  | {
      readonly kind: 'next';
      readonly state: State;
      readonly lane: string;
      readonly part?: Part<Value>;
      readonly cost?: Cost;
    };

/** One of several results of a job. A failed one does not end the job: the others are to come. */
export type Part<Value> = { readonly value: Value | null; readonly failure: Failure | null };

/** Where a job's time went, in milliseconds. */
export type Timings = {
  /** Waiting for a slot. */
  queuedMs: number;
  /** Waiting for a rate token, for a held lane, or for the next try. */
  limitedMs: number;
  /** From being read to being settled. */
  totalMs: number;
};

/** One attempt as the log of a job tells it. */
export type AttemptEntry = {
  readonly attempt: number;
  readonly lane: string;
  readonly durationMs: number;
  readonly failure: Failure | null;
};

/** What came of a job: one output row. */
export type Result<Payload, Value> = {
  readonly job: Job<Payload>;
  /** What the last attempt brought, even a failed one; null when nothing came. */
  readonly value: Value | null;
  /** Null is ok; nothing else is. */
  readonly failure: Failure | null;
  /** Attempts started, retries included, hops not. */
  readonly attempts: number;
  /** Hops of the last attempt. */
  readonly hops: number;
  /** The last attempt's time in slots, null without one. */
  readonly durationMs: number | null;
  readonly timings: Timings;
  /** Every attempt and hop in order, when the run was asked to keep them. */
  readonly log: readonly AttemptEntry[] | null;
  /** Only where the job has several results: the place of this one, from 0, and whether it is the last. */
  readonly part?: { readonly index: number; readonly isLast: boolean };
};
