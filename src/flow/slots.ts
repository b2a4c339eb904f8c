import type { Limiter, PendingCall } from './limiter.ts';

/** At most so many calls of a lane in flight at once. */
export class Slots implements Limiter<void> {
  readonly reason = 'concurrency';
  #size: number;

  /** Infinity is no limit. */
  constructor(size: number) {
    this.#size = size;
  }

  /** Applies to calls that start from now on; those in flight finish. */
  resize(size: number): void {
    this.#size = size;
  }

  waitMs(_nowMs: number, _call: PendingCall, running: number): number {
    return running >= this.#size ? Number.POSITIVE_INFINITY : 0;
  }

  isFresh(): boolean {
    return true;
  }
}
