import { type Clock, systemClock } from '../flow/clock.ts';
import type { FailureLimit } from '../flow/failure-limit.ts';
import type { LaneLimits as EngineLimits } from '../flow/lane-options.ts';
import type { RetryPolicy } from '../flow/retry.ts';
import type { Rate } from '../record/rate.ts';
import { checkCount, checkLimitMs, checkMs, checkRateOption, wrong } from './checks.ts';

/** The limits of one lane. What is left out is no limit of its own: the run's still hold. */
export type LaneLimits = {
  /** Attempts of this lane in flight at once. */
  concurrency?: number | undefined;
  /** Attempts of this lane started: `'10/s'`. */
  rate?: string | Rate | undefined;
};

/** How a run is held. All is optional; durations are in milliseconds. */
export type RunOptions<Job> = {
  /** Attempts in flight at once. Default 10. */
  concurrency?: number | undefined;
  /**
   * Attempts started, retries included: `'50/s'`, `'600/m'`, `'5/15s'` or `{ count, windowMs }`. They are evenly spaced.
   * Default: no limit.
   */
  rate?: string | Rate | undefined;
  /** Starts that may come at once within a rate. Default 1. */
  burst?: number | undefined;
  /**
   * What shares one set of limits, and one pause when a server asks for it: a host, an API key. A job that it throws at
   * fails with the code `input`. Default: everything is one lane.
   */
  lane?: ((job: Job) => string) | undefined;
  /**
   * The same limits for each lane, or each lane's own. A held or full lane does not delay another one's jobs inside the
   * window.
   */
  laneLimits?: LaneLimits | ((lane: string) => LaneLimits) | undefined;
  /**
   * One attempt's time, from its start. Its signal then aborts, and it fails with the code `timeout`, which is tried
   * again as `retries` allow. An attempt that ignores its signal keeps its place until it ends. Default 0: no limit.
   */
  timeoutMs?: number | undefined;
  /** The whole run's time; the loop then throws a `Failure` with the code `deadline`. Default 0: no limit. */
  deadlineMs?: number | undefined;
  /** Extra attempts after failures that are `retryable`: see `retry`. Default 2. */
  retries?: number | undefined;
  /** The first back-off's upper bound; it doubles each time, with full jitter. Default 500. */
  retryDelayMs?: number | undefined;
  /** The longest back-off. Default 30,000. */
  retryMaxDelayMs?: number | undefined;
  /** The longest that `holdLaneMs` may make a job wait, all its waits together. Default 300,000. */
  retryAfterMaxMs?: number | undefined;
  /** Stop at the first failure: what runs is cancelled, and the loop throws that failure after the last result. */
  failFast?: boolean | undefined;
  /** The same at the Nth failure, or at a share such as `'5%'` (from the 100th result on, and at the end). */
  maxFailures?: number | `${number}%` | undefined;
  /** Aborting it cancels what runs; the loop throws its reason after the last result. */
  signal?: AbortSignal | undefined;
  /** Aborting it ends the run gracefully: nothing new starts, what runs may finish, and the loop ends without an error. */
  drain?: AbortSignal | undefined;
  /** Results in the order of the jobs. Default: as they come. Those that are early wait inside the window. */
  ordered?: boolean | undefined;
  /**
   * How many jobs may be read and not yet taken by the loop: those that wait for a start, run, sleep before a retry, and
   * results not yet looked at. When it is full, reading waits. Default: 5 for each of `concurrency`; with `lane` at
   * least 1000.
   */
  window?: number | undefined;
  /** Where the time comes from; for tests. */
  clock?: Clock | undefined;
  /** From 0 to 1, for the jitter; for tests. Default `Math.random`. */
  random?: (() => number) | undefined;
};

/** The options, checked, in the engine's own words. */
type Settings<Value> = {
  concurrency: number;
  rate: Rate | null;
  burst: number;
  lane: (job: Value) => string;
  limitsOf: (lane: string) => EngineLimits;
  timeoutMs: number;
  deadlineMs: number;
  retry: RetryPolicy;
  failureLimit: FailureLimit | null;
  isOrdered: boolean;
  window: { jobs: number; bytes: number };
  clock: Clock;
  random: () => number;
};

/** Throws a TypeError for the first that is wrong. */
export function engineSettings<Value>(options: RunOptions<Value>): Settings<Value> {
  const { concurrency = 10, rate, burst = 1, lane, laneLimits, timeoutMs = 0, deadlineMs = 0 } = options;
  const { retries = 2, retryDelayMs = 500, retryMaxDelayMs = 30_000, retryAfterMaxMs = 300_000 } = options;
  const { ordered = false, window = defaultWindow(concurrency, lane !== undefined) } = options;
  if (laneLimits && !lane) throw new TypeError('laneLimits: there is no `lane` that they could hold');
  if (typeof laneLimits === 'object') engineLimits(laneLimits);
  return {
    concurrency: checkCount('concurrency', concurrency),
    rate: rate === undefined ? null : checkRateOption('rate', rate),
    burst: checkCount('burst', burst),
    lane: lane ?? (() => 'the run'),
    limitsOf: (name) => engineLimits(typeof laneLimits === 'function' ? laneLimits(name) : (laneLimits ?? {})),
    timeoutMs: checkLimitMs('timeoutMs', timeoutMs),
    deadlineMs: checkLimitMs('deadlineMs', deadlineMs),
    retry: {
      retries: checkCount('retries', retries, { min: 0 }),
      delayMs: checkMs('retryDelayMs', retryDelayMs),
      maxDelayMs: checkMs('retryMaxDelayMs', retryMaxDelayMs),
      retryAfterMaxMs: checkMs('retryAfterMaxMs', retryAfterMaxMs),
    },
    failureLimit: failureLimit(options),
    isOrdered: ordered,
    window: { jobs: checkCount('window', window), bytes: Number.POSITIVE_INFINITY },
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

/** Without lanes there is nothing to read ahead for but retries; with them a full one must not hide the others' jobs. */
function defaultWindow(concurrency: number, hasLanes: boolean): number {
  return Math.max(hasLanes ? 1000 : 0, concurrency * 5);
}

function engineLimits({ concurrency, rate }: LaneLimits): EngineLimits {
  return {
    concurrency: concurrency === undefined ? null : checkCount('laneLimits.concurrency', concurrency),
    rate: rate === undefined ? null : checkRateOption('laneLimits.rate', rate),
  };
}

function failureLimit({ failFast, maxFailures }: RunOptions<never>): FailureLimit | null {
  if (failFast && maxFailures !== undefined) {
    throw new TypeError('failFast and maxFailures say the same in two ways: give one of them');
  }
  if (failFast) return { count: 1 };
  if (maxFailures === undefined) return null;
  if (typeof maxFailures === 'number') return { count: checkCount('maxFailures', maxFailures) };
  const share = Number(maxFailures.replace(/%$/, '')) / 100;
  if (maxFailures.endsWith('%') && share > 0 && share <= 1) return { share };
  throw wrong('maxFailures', "a number of failures or a share such as '5%'", maxFailures);
}
