import type { Failure } from '../record/failure.ts';
import type { Cost } from '../record/job.ts';

/** A call that has not started, as far as a limiter may see it. */
export type PendingCall = {
  /** It goes on with an attempt that has begun: a redirect hop. */
  readonly isHop: boolean;
  /** Tokens that it may take, as far as is known now. */
  readonly tokens?: number;
};

/** What a call came to. */
export type CallEnd = {
  readonly startedMs: number;
  readonly endedMs: number;
  /** Null for a good answer, and for a hop that leads on. */
  readonly failure: Failure | null;
  /** The server refused the call for being one too many: 429, 503. */
  readonly wasRefused: boolean;
  /** What it took of shared budgets, where that is known. */
  readonly cost: Cost | null;
  /** Calls of the lane in flight when it started, itself included. */
  readonly atOnce: number;
  /** The same at its end, itself still included. */
  readonly running: number;
};

/**
 * Anything that can make a call wait: slots, a pace, a hold, tokens, a circuit breaker. A lane has a list of them, and
 * a call starts when none makes it wait; an empty list costs nothing.
 *
 * A limiter knows no timers: the lane brings the time, in milliseconds of the run's clock. A wait that ends with time is
 * a number; one that ends with a call is Infinity, since the lane asks again after each call; one that ends with
 * something from outside is Infinity, and the limiter calls the `wake` that it was given. Everything is asked in the
 * instant of the start, so a limiter answers at once and never by a promise.
 *
 * `Grant` is whatever it wants back at the end of a call that it let start.
 */
export interface Limiter<Grant = unknown> {
  /** What makes calls wait, in words for the progress line: `tokens`. */
  readonly reason: string;
  /** Why such a call may never start, or null. */
  refusal?(call: PendingCall, nowMs: number): Failure | null;
  /**
   * Milliseconds until the call may start; 0 is now. `running` counts the calls in flight that share the limiter. It may
   * be asked any number of times, and for calls that never start.
   */
  waitMs(nowMs: number, call: PendingCall, running: number): number;
  /** The call starts now: counts it. */
  started?(nowMs: number, call: PendingCall): Grant;
  /** Its request has left, which may be later: it had to connect first. */
  sent?(nowMs: number): void;
  /** It has ended. `grant` is undefined for a call that started before the limiter was there. */
  ended?(grant: Grant | undefined, end: CallEnd): void;
  /** True when nothing that it has counted limits a later call: it can be thrown away and made anew. */
  isFresh(nowMs: number): boolean;
  /** Its waits are to be timed to a fraction of a millisecond. */
  readonly isExact?: boolean;
  /** Takes a function that has its lane asked again. */
  onWake?(wake: () => void): void;
}

/** The longest wait that these limiters demand; 0 when the call may start now. */
export function longestWaitMs(limiters: readonly Limiter[], nowMs: number, call: PendingCall, running: number): number {
  let longestMs = 0;
  for (const limiter of limiters) {
    const ms = limiter.waitMs(nowMs, call, running);
    if (ms > longestMs) longestMs = ms;
  }
  return longestMs;
}

/** Why one of these limiters never lets the call start, or null. */
export function firstRefusal(limiters: readonly Limiter[], nowMs: number, call: PendingCall): Failure | null {
  for (const limiter of limiters) {
    const refusal = limiter.refusal?.(call, nowMs);
    if (refusal) return refusal;
  }
  return null;
}

const noGrants: readonly unknown[] = [];

/** The call starts. Gives each limiter's grant, in their order. */
export function startAll(limiters: readonly Limiter[], nowMs: number, call: PendingCall): readonly unknown[] {
  return limiters.length === 0 ? noGrants : limiters.map((limiter) => limiter.started?.(nowMs, call));
}

/** The call has ended. There may be limiters by now that it was not granted anything by. */
export function endAll(limiters: readonly Limiter[], grants: readonly unknown[], end: CallEnd): void {
  for (const [at, limiter] of limiters.entries()) limiter.ended?.(grants[at], end);
}
