import { type Clock, systemClock } from '../flow/clock.ts';
import { Failure } from '../record/failure.ts';
import { checkLimitMs } from './checks.ts';
import { childSignal } from './child-signal.ts';

export type DeadlineOptions = {
  /** Aborting it cancels the call too. */
  signal?: AbortSignal | undefined;
  /** Where the time comes from; for tests. */
  clock?: Clock;
};

/**
 * Makes a call that is to be over after `ms` milliseconds (Go's `context.WithTimeout`); 0 or Infinity is no deadline.
 * The call is given a signal that aborts then, or when the caller's own `signal` does.
 *
 * Resolves to the call's value, also if that came late. Rejects with what the call throws; once it has been cancelled,
 * with the reason instead: a retryable `Failure` with the code `timeout`, or the caller's. The call is awaited in every
 * case, so nothing is left running, and a call that ignores its signal is waited for. No timer and no listener stays.
 *
 *     const user = await withDeadline(2_000, (signal) => fetchUser(id, { signal }), { signal });
 */
export async function withDeadline<Value>(
  ms: number,
  call: (signal: AbortSignal) => Promise<Value>,
  { signal, clock = systemClock }: DeadlineOptions = {},
): Promise<Value> {
  const limitMs = checkLimitMs('withDeadline', ms);
  signal?.throwIfAborted();
  const child = childSignal(signal);
  const timer = limitMs > 0 ? clock.setTimeout(() => child.abort(timeUp(limitMs)), limitMs) : undefined;
  try {
    return await call(child.signal);
  } catch (error) {
    child.signal.throwIfAborted();
    throw error;
  } finally {
    clock.clearTimeout(timer);
    child.release();
  }
}

function timeUp(ms: number): Failure {
  return new Failure('timeout', `not finished after ${ms / 1000} s`, { retryable: true });
}
