import type { Failure } from '../record/failure.ts';
import type { Job, Result } from '../record/job.ts';
import type { Rate } from '../record/rate.ts';
import type { TokenOptions } from './allowance.ts';
import type { Attempt, FlowEvent } from './attempt.ts';
import type { Clock } from './clock.ts';
import type { FailureLimit } from './failure-limit.ts';
import type { LaneLimits } from './lane-options.ts';
import type { Limiter } from './limiter.ts';
import type { Limits } from './limits.ts';
import type { Batches } from './reader.ts';
import type { RetryPolicy } from './retry.ts';
import type { SharingOptions } from './sharing.ts';
import type { Spent } from './spending.ts';
import type { Strategy } from './strategy.ts';

/** All that a run is told. Times in milliseconds. `Row` is what `conclude` makes of a result: by default the result. */
export type RunOptions<Payload, Value, State, Row extends Concluded = Result<Payload, Value>> = {
  /** The jobs, in batches. Read lazily: no further than the window allows, one job at a time. */
  source: Batches<Job<Payload>>;
  attempt: Attempt<Payload, Value, State>;
  /**
   * What a result becomes before it is counted, ordered and written: an expectation, or a query's verdict, may fail it
   * here. Its failure is the one that counts.
   */
  conclude?: ((result: Result<Payload, Value>) => Row) | undefined;
  /** Takes each result as it is settled. While its promise is pending the result counts as unwritten. */
  emit: (row: Row) => void | Promise<void>;
  /** How many ways a job has to its result, and which of them counts. Default: `single`. */
  strategy?: Strategy<Payload, Value, State> | undefined;
  /** Give results in the order in which their jobs were read, not as they are settled. */
  isOrdered?: boolean;
  /** Size of a result in memory, in bytes, for the window. */
  weigh?: (result: Result<Payload, Value>) => number;
  /** The lane that a job's first call goes through. */
  laneOf: (job: Job<Payload>) => string;
  /**
   * The gate and the lanes, where other runs use them too or somebody adjusts them. With these `concurrency`, `rate`,
   * `burst`, `coldMs`, `limitsOf`, `limitersOf` and the tokens of a minute have been said already, and do not count.
   */
  limits?: Limits | undefined;
  limitsOf?: ((lane: string) => LaneLimits) | undefined;
  /** Limiters of a lane beside those that its limits ask for. */
  limitersOf?: ((lane: string) => readonly Limiter[]) | undefined;
  /** One call for all jobs that would make the same. Without it each makes its own. */
  share?: SharingOptions<Payload, Value> | null;
  /** Attempts in flight at once. */
  concurrency: number;
  /** Attempts started, whole run. */
  rate?: Rate | null;
  /** Starts that may come at once within a rate. */
  burst?: number;
  /** How long the first call of a rate may take to leave, in milliseconds, before others start. Default 0. */
  coldMs?: number;
  /** What limits the tokens that calls take; without it nobody counts any. */
  tokens?: TokenOptions<Payload> | null;
  retry: RetryPolicy;
  /** One attempt's time in slots, in milliseconds; 0 is no limit. */
  timeoutMs: number;
  /** The whole run's time in milliseconds; 0 is no limit. */
  deadlineMs?: number;
  failureLimit?: FailureLimit | null;
  /** Jobs read and not yet written, and bytes of results not yet written, at most. */
  window?: { jobs: number; bytes: number };
  /** Aborting it aborts the run: what runs is cancelled, and awaited. Its reason, if a Failure, goes into the rows. */
  signal?: AbortSignal;
  /** Aborting it drains the run: nothing new starts, what runs may finish. */
  drain?: AbortSignal;
  /** Keep every attempt and hop of a job in its result. */
  keepsLog?: boolean;
  /** Hears what happens to jobs on their way, as it happens. */
  observe?: ((event: FlowEvent<Payload, State, Value>) => void) | null;
  /** Called once, at the start, with a function that tells what the run is doing: for those who show it to people. */
  watch?: (look: () => RunView) => void;
  clock?: Clock;
  random?: () => number;
};

/** What the engine has to know of a row. */
export type Concluded = { readonly failure: Failure | null };

/** What a run is doing right now. */
export type RunView = {
  /** Jobs read so far. */
  readonly read: number;
  /** Jobs settled so far. */
  readonly settled: number;
  /** True when the input has ended: `read` is then the total. */
  readonly isAllRead: boolean;
  /** Attempts in flight. */
  readonly running: number;
  /** What holds the run back, in a few words, or null. */
  readonly heldBy: string | null;
};

/** How a run ended. `drained` and `aborted` come from outside, `failures`, `budget` and `deadline` from the run's own options. */
export type RunEnd = {
  readonly kind: 'completed' | 'drained' | 'aborted' | 'failures' | 'budget' | 'deadline';
  /** Jobs read. Each had its result. */
  readonly read: number;
  readonly failed: number;
  /** Why it ended before its jobs did: of `failures` the one that was one too many. Null for `completed`. */
  readonly reason: Failure | null;
  /** False when the end came before the input's. */
  readonly isAllRead: boolean;
  /** Only where a budget of tokens did not do for the next call. */
  readonly spent?: Spent;
};
