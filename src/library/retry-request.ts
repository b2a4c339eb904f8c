import { Failure } from '../record/failure.ts';
import { longestTimerMs } from '../record/rate.ts';

export type RetryOptions = {
  /** How long this job waits before its next attempt, in milliseconds. Default: the run's back-off. */
  afterMs?: number;
  /**
   * The server asked its callers to stay away for so long, in milliseconds (a Retry-After): nothing in this job's lane
   * starts until then, after that a single probe, and when that was not refused, everything. Such a wait uses no retry;
   * a job's waits together may be `retryAfterMaxMs`, then it fails.
   */
  holdLaneMs?: number;
};

/**
 * Throw what this returns from an attempt to have the job tried again, as far as `retries` allow:
 *
 *     if (response.status === 503) throw retry(new Error('status 503'));
 *     if (response.status === 429) throw retry('too many requests', { holdLaneMs: retryAfterSeconds * 1000 });
 *
 * The job that is not tried again fails with this very `Failure`: its message is the error's, and the error its `cause`.
 * A `Failure` given as the error lends its code too.
 */
export function retry(error: unknown, options: RetryOptions = {}): Failure {
  return new RetryRequest(error, options);
}

/** A failure that brings along when to try again. */
export class RetryRequest extends Failure {
  readonly afterMs: number | undefined;
  readonly holdLaneMs: number | undefined;

  constructor(error: unknown, { afterMs, holdLaneMs }: RetryOptions) {
    const { code, phase } = error instanceof Failure ? error : { code: 'error' as const, phase: null };
    const message = error instanceof Error ? error.message : String(error);
    super(code, message, { phase, retryable: true, cause: error });
    this.afterMs = isWait(afterMs) ? Math.min(afterMs, longestTimerMs) : undefined;
    this.holdLaneMs = isWait(holdLaneMs) && holdLaneMs > 0 ? holdLaneMs : undefined;
  }
}

/** What a server sent as a time may be anything: NaN and the past are no wait. */
function isWait(ms: number | undefined): ms is number {
  return ms !== undefined && ms >= 0;
}
