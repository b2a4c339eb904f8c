import type { Failure } from '../record/failure.ts';
import type { AttemptEntry, CallContext, Job, Outcome } from '../record/job.ts';
import type { TokenOptions } from './allowance.ts';
import type { Caller } from './caller.ts';
import type { Clock } from './clock.ts';
import type { Lanes } from './lanes.ts';
import type { RetryPolicy } from './retry.ts';
import type { Ending } from './signals.ts';

/**
 * Makes one call and reports what came of it as an outcome, also its failures. One that throws all the same has failed:
 * with the Failure that it threw, or else with the code `error`.
 */
export type Attempt<Payload, Value, State> = (
  job: Job<Payload>,
  context: CallContext<State>,
) => Promise<Outcome<Value, State>>;

/** What happens to a job on its way, for those who watch. */
export type FlowEvent<Payload, State, Value = unknown> =
  | { kind: 'attempt'; job: Job<Payload>; entry: AttemptEntry; state: State | null; value: Value | null }
  | { kind: 'hop'; job: Job<Payload>; lane: string; state: State }
  | { kind: 'retry'; job: Job<Payload>; failure: Failure; delayMs: number }
  | { kind: 'hold'; job: Job<Payload>; lane: string; failure: Failure; ms: number }
  | { kind: 'close'; job: Job<Payload>; lane: string; failure: Failure; ms: number };

/** What all courses of a run share. */
export type CourseOptions<Payload, Value, State> = {
  attempt: Attempt<Payload, Value, State>;
  laneOf: (job: Job<Payload>) => string;
  lanes: Lanes;
  /** The run, as its limits see it. */
  caller: Caller;
  /** What a job's attempts may take, where tokens are limited. */
  tokens?: TokenOptions<Payload> | null;
  ending: Ending;
  policy: RetryPolicy;
  /** One attempt's time in slots, all its hops together, in milliseconds; 0 is no limit. */
  timeoutMs: number;
  /** When the run's deadline comes on `clock`; Infinity without one. */
  deadlineAtMs: number;
  clock: Clock;
  random: () => number;
  /** Keep a log of every attempt in the result. */
  keepsLog: boolean;
  observe: ((event: FlowEvent<Payload, State, Value>) => void) | null;
  /** Called instead of a result when something broke that must not: a bug. */
  broken: (job: Job<Payload>, error: unknown) => void;
};
