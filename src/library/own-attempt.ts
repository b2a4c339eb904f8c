import type { Attempt } from '../flow/attempt.ts';
import { Failure, isRunsEnd } from '../record/failure.ts';
import type { Outcome } from '../record/job.ts';
import { RetryRequest } from './retry-request.ts';
import type { Payload } from './source.ts';

/** What an attempt is told. */
export type AttemptContext = {
  /** Aborts when this attempt is to end: its time is up, the run stops, the loop is left. Hand it on to whatever waits. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt, 2 for the first retry. */
  readonly attempt: number;
  /** The job's place in the order of reading, from 0. */
  readonly index: number;
};

/** A caller's own async function as an attempt of the engine: what it returns is the value, what it throws a failure. */
export function engineAttempt<Job, Value>(
  attempt: (job: Job, context: AttemptContext) => Promise<Value>,
): Attempt<Payload<Job>, Value, never> {
  return async ({ payload, index }, { attempt: nth, scope }) => {
    const context: AttemptContext = {
      attempt: nth,
      index,
      // Made only for those who ask.
      get signal() {
        return scope.signal;
      },
    };
    try {
      return { kind: 'done', value: await attempt(payload.value, context), failure: null };
    } catch (error) {
      return outcomeOf(error, scope.reason);
    }
  };
}

/** What is thrown after the attempt has been cancelled is how that shows: the reason counts. */
function outcomeOf(error: unknown, reason: Failure | null): Outcome<never, never> {
  if (reason?.code === 'timeout') return { kind: 'retry', value: null, failure: reason };
  if (reason) return { kind: 'done', value: null, failure: reason };
  const failure = asFailure(error);
  if (!(failure instanceof RetryRequest)) return { kind: 'retry', value: null, failure };
  const { afterMs, holdLaneMs } = failure;
  const wait = {
    ...(afterMs === undefined ? {} : { delayMs: afterMs }),
    ...(holdLaneMs ? { hold: { ms: holdLaneMs } } : {}),
  };
  return { kind: 'retry', value: null, failure, ...wait };
}

function asFailure(error: unknown): Failure {
  // Those two codes are this run's to give: an attempt that met another run's end has failed.
  if (error instanceof Failure && !isRunsEnd(error.code)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('error', message, { cause: error, retryable: error instanceof Failure && error.retryable });
}
