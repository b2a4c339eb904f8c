import type { Failure } from '../record/failure.ts';
import type { Cost, Timings } from '../record/job.ts';

/** A job that waits in a lane. */
export type Waiter = {
  /** A hop goes on with an attempt that has begun: it is served first, and a draining run lets it pass. */
  readonly isHop: boolean;
  /** Where its waiting is written down. */
  readonly timings: Timings;
  /** Since when it waits for what it is waiting for now: it says so itself when it enters. */
  sinceMs: number;
  /** Tokens that its attempt may take, as far as is known now. */
  readonly tokens?: number;
  /** Starts the attempt, at `nowMs`. `release` must be called when it has ended. */
  begin(release: (answer: { wasRefused: boolean; cost?: Cost | null }) => void, nowMs: number): void;
  /** Told instead when the attempt must never start. */
  dismiss(failure: Failure): void;
};
