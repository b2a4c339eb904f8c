import type { Failure } from '../record/failure.ts';
import type { Cost, Timings } from '../record/job.ts';
import type { Caller } from './caller.ts';
import type { PendingCall } from './limiter.ts';

/** What a call came to, told by who made it. */
export type Answer = { readonly failure?: Failure | null; readonly wasRefused: boolean; readonly cost?: Cost | null };

/** A call that waits in a lane, and then at the gate. Hops are served first. */
export type Waiter = PendingCall & {
  /** The run that it belongs to. */
  readonly caller: Caller;
  /** True when nobody wants the call any more: the lane forgets it without a word. */
  readonly isCancelled: boolean;
  /** Where its waiting is noted: for a slot as queued, for anything else as limited. */
  readonly timings: Timings;
  /** Since when it waits for what it is waiting for now: it says so itself when it enters. */
  sinceMs: number;
  /** Starts the call, at `nowMs`. `release` must be called when it has ended. */
  begin(release: (answer: Answer) => void, nowMs: number): void;
  /** Called instead when the call must never start. */
  reject(failure: Failure): void;
};
