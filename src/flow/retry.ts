import type { Failure } from '../record/failure.ts';
import type { Hold } from '../record/job.ts';

/** How often and when a failed attempt is made again. Times in milliseconds. */
export type RetryPolicy = {
  /** Extra attempts. Waiting as long as a server asked uses none. */
  readonly retries: number;
  /** The first back-off's upper bound; it doubles with each retry. */
  readonly delayMs: number;
  readonly maxDelayMs: number;
  /** Longest wait that a server may ask of a job, all its waits together. */
  readonly retryAfterMaxMs: number;
};

/** What an attempt left behind, as far as the decision needs it. */
export type FailedAttempt = {
  readonly failure: Failure;
  readonly hold?: Hold;
  /** The job's own wait, when it brings one. */
  readonly delayMs?: number;
  /** Retries that the job has used. */
  readonly retriesUsed: number;
  /** How long the job has been held already. */
  readonly heldMs: number;
  /** Time left until the run's deadline; Infinity without one. */
  readonly leftMs: number;
};

/**
 * - `again`: after `delayMs` in the job's own sleep, or after the lane's hold.
 * - `give up`: the failure is final. The lane may be held or closed all the same.
 */
export type Decision = {
  readonly kind: 'again' | 'give up';
  readonly usesRetry: boolean;
  /** The job's own sleep. */
  readonly delayMs: number;
  /** Hold the whole lane for so long. */
  readonly holdMs: number | null;
  /** Close the whole lane for so long: the wait is longer than anybody will wait. */
  readonly closeMs: number | null;
};

/** Full jitter: anything between nothing and an exponentially growing bound (Brooker, "Exponential Backoff And Jitter"). */
export function backoffMs(retriesUsed: number, policy: RetryPolicy, random: () => number): number {
  return random() * Math.min(policy.maxDelayMs, policy.delayMs * 2 ** Math.min(retriesUsed, 40));
}

/** Whether and when a job is tried again. Pure: the same arguments give the same answer. */
export function decide(failed: FailedAttempt, policy: RetryPolicy, random: () => number): Decision {
  const hold = failed.hold;
  if (hold && hold.ms !== null && hold.ms > 0) return decideHold(hold.ms, failed, policy);
  const hasRetry = failed.failure.retryable && failed.retriesUsed < policy.retries;
  const delayMs = failed.delayMs ?? backoffMs(failed.retriesUsed, policy, random);
  const isInTime = delayMs < failed.leftMs;
  return {
    kind: hasRetry && isInTime ? 'again' : 'give up',
    usesRetry: true,
    delayMs: hold ? 0 : delayMs,
    holdMs: hold ? delayMs : null,
    closeMs: null,
  };
}

/** The server said how long. The lane waits, not the job, and the job loses no retry. */
function decideHold(ms: number, { failure, heldMs, leftMs }: FailedAttempt, policy: RetryPolicy): Decision {
  const isTooLong = ms > policy.retryAfterMaxMs || ms >= leftMs;
  const isEnough = !failure.retryable || heldMs + ms > policy.retryAfterMaxMs;
  return {
    kind: isTooLong || isEnough ? 'give up' : 'again',
    usesRetry: false,
    delayMs: 0,
    holdMs: isTooLong ? null : ms,
    closeMs: isTooLong ? ms : null,
  };
}
