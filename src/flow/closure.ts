import type { Failure } from '../record/failure.ts';
import type { Limiter, PendingCall } from './limiter.ts';

/** A lane that is closed for a time, or for good: its calls fail without being made. */
export class Closure implements Limiter<void> {
  readonly reason = 'closed';
  #untilMs = Number.NEGATIVE_INFINITY;
  #failure: Failure | null = null;

  /** Every call fails with `failure` until then. The latest end counts. False when that is nothing new. */
  extend(untilMs: number, failure: Failure): boolean {
    if (this.#failure && this.#untilMs > untilMs) return false;
    this.#untilMs = untilMs;
    this.#failure = failure;
    return true;
  }

  refusal(_call: PendingCall, nowMs: number): Failure | null {
    return this.#untilMs > nowMs ? this.#failure : null;
  }

  waitMs(): number {
    return 0;
  }

  isFresh(nowMs: number): boolean {
    return this.#untilMs <= nowMs;
  }
}
