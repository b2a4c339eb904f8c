import type { Failure } from '../record/failure.ts';
import type { Clock } from './clock.ts';

/** Why jobs of a lane are turned away without a call: it is closed for a time, or the run is ending. */
export class Refusals {
  readonly #clock: Clock;
  #closed: { readonly untilMs: number; readonly failure: Failure } | null = null;
  #stopped: { readonly failure: Failure; readonly allowsHops: boolean } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Everyone fails for the next `ms`. False when that is nothing new. */
  close(ms: number, failure: Failure): boolean {
    const untilMs = this.#clock.now() + ms;
    if (this.#closed && this.#closed.untilMs > untilMs) return false;
    this.#closed = { untilMs, failure };
    return true;
  }

  /** Everyone fails from now on, but hops where those are let through. A stop that was strict stays so. */
  stop(failure: Failure, { allowsHops }: { allowsHops: boolean }): void {
    this.#stopped = { failure, allowsHops: allowsHops && (this.#stopped?.allowsHops ?? true) };
  }

  /** What a job is told that may not wait, or null when it may. */
  for({ isHop }: { readonly isHop: boolean }): Failure | null {
    if (this.#stopped && !(isHop && this.#stopped.allowsHops)) return this.#stopped.failure;
    if (this.#closed && this.#closed.untilMs > this.#clock.now()) return this.#closed.failure;
    return null;
  }

  /** True when nobody is turned away for a time any more. */
  isOpen(nowMs: number): boolean {
    return this.#closed === null || this.#closed.untilMs <= nowMs;
  }
}
