import { Failure } from '../record/failure.ts';
import type { Job, Result } from '../record/job.ts';
import type { Decision } from './retry.ts';
import type { SharedAnswer } from './sharing.ts';

/** What jobs are told that their calls did not tell. */

/** An attempt's time is up. */
export function timeUp(timeoutMs: number, hops: number): Failure {
  const over = hops > 0 ? ` (${hops} redirects included)` : '';
  return new Failure('timeout', `not finished after ${timeoutMs / 1000} s${over}`, {
    phase: hops > 0 ? 'total' : null,
    retryable: true,
  });
}

/** A failure that could have waited says why it did not. */
export function givenUp(failure: Failure, { closeMs }: Decision): Failure {
  return closeMs === null ? failure : failure.with({ message: `${failure.message}, ${tooLong(closeMs)}` });
}

/** Of a job whose lane asked for a longer pause than it may have. */
export function closedLane(lane: string, ms: number, cause: Failure): Failure {
  return new Failure('rate_limited', `not called: ${lane} refused another call, ${tooLong(ms)}`, {
    retryable: true,
    cause,
  });
}

/** Of a job whose lane has nothing left to give. */
export function emptyLane(lane: string, cause: Failure): Failure {
  return new Failure('quota', `not called: ${lane} told another call that nothing is left`, { cause });
}

function tooLong(ms: number): string {
  return `asking to be left alone for ${Math.ceil(ms / 1000)} s: longer than allowed (--retry-after-max, --deadline)`;
}

/** What a call has thrown that should have told it. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('error', message, { cause: error });
}

/** The result of a job that made no call of its own. */
export function answeredBy<Payload, Value>(
  job: Job<Payload>,
  { value, failure, hops }: SharedAnswer<Value>,
  totalMs: number,
): Result<Payload, Value> {
  const timings = { queuedMs: 0, limitedMs: 0, totalMs };
  return { job, value, failure, attempts: 0, hops, durationMs: null, timings, log: null };
}
