import type { Failure } from '../record/failure.ts';
import type { AttemptEntry, CallContext, Job, Outcome, Result } from '../record/job.ts';
import type { TokenOptions } from './allowance.ts';
import type { Clock } from './clock.ts';
import type { Lanes } from './lanes.ts';
import type { RetryPolicy } from './retry.ts';
import type { Sharing } from './sharing.ts';
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

/** What every job of a run shares. */
export type ExecutionOptions<Payload, Value, State> = {
  attempt: Attempt<Payload, Value, State>;
  laneOf: (job: Job<Payload>) => string;
  lanes: Lanes;
  /** What a job's attempts may take, where tokens are limited. */
  tokens?: TokenOptions<Payload> | null;
  /** Makes one call for jobs that would make the same; null where each makes its own. */
  sharing?: Sharing<Payload, Value> | null;
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
  /** Takes the job's one result. */
  settled: (result: Result<Payload, Value>) => void;
  /** Told instead when something broke that must not: a bug. */
  broken: (job: Job<Payload>, error: unknown) => void;
};
