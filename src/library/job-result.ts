import type { Failure } from '../record/failure.ts';
import type { Result, Timings } from '../record/job.ts';
import type { Payload } from './source.ts';

/** What came of a job. `ok` tells the two forms apart. */
export type JobResult<Job, Value> = JobSuccess<Job, Value> | JobFailure<Job>;

type Settled<Job> = {
  /** The job's place in the order of reading, from 0. */
  readonly index: number;
  /** As it came from the source. */
  readonly job: Job;
  /** Attempts started; 0 when it was cancelled before its first. */
  readonly attempts: number;
  /** The last attempt's time in milliseconds; null without one. */
  readonly durationMs: number | null;
  /** Where the job's time went, in milliseconds. */
  readonly timings: Timings;
};

export type JobSuccess<Job, Value> = Settled<Job> & {
  readonly ok: true;
  /** What the attempt returned. */
  readonly value: Value;
  readonly error: null;
};

export type JobFailure<Job> = Settled<Job> & {
  readonly ok: false;
  readonly value: null;
  /**
   * Why. An error that the attempt threw is its `cause`, with the code `error`; `cancelled` and `deadline` are the run's
   * doing, and then an earlier attempt's failure is the `cause`.
   */
  readonly error: Failure;
};

/** The engine's result as the loop over the results gives it. */
export function asJobResult<Job, Value>(result: Result<Payload<Job>, Value>): JobResult<Job, Value> {
  const { job, failure, attempts, durationMs, timings } = result;
  const settled = { index: job.index, job: job.payload.value, attempts, durationMs, timings };
  // A job without a failure has what its attempt returned.
  if (failure === null) return { ok: true, ...settled, value: result.value as Value, error: null };
  return { ok: false, ...settled, value: null, error: failure };
}
