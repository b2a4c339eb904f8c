import type { Failure } from '../record/failure.ts';
import type { Limiter, PendingCall } from './limiter.ts';

/** A run as the limits see it. Several runs may share them: each is asked about its own calls only. */
export type Caller = {
  /** Its calls in flight; counted by the lanes. */
  running: number;
  /** Why none of its calls starts any more, or null. Hops of a run that drains may. */
  refusal(isHop: boolean): Failure | null;
  /** Whether so much of its output is unwritten that none of its calls should start. */
  hasBackpressure(): boolean;
  /** What limits this run alone, in all lanes together: a budget. */
  readonly limiters: readonly Limiter[];
  /** A limiter of the run makes this call wait, and nothing of the run is in flight that may change it. */
  exhausted(call: PendingCall): void;
};
