import type { Limiter } from './limiter.ts';

/**
 * The pause of a lane that was refused: nothing starts until it is over, then a single probe, and when that was not
 * refused, everyone. Knows no timers: the caller brings the time, in milliseconds, with each call.
 */
export class Hold implements Limiter<boolean> {
  readonly reason = 'asked to wait';
  #untilMs = 0;
  /** `due` until the probe starts, `out` until it has ended. */
  #probe: 'none' | 'due' | 'out' = 'none';

  /** Overlapping holds take the latest end. */
  extend(untilMs: number): void {
    this.#untilMs = Math.max(this.#untilMs, untilMs);
    this.#probe = 'due';
  }

  /** How long until something may start; Infinity when only the end of the probe can tell. */
  waitMs(nowMs: number): number {
    if (this.#probe === 'out') return Number.POSITIVE_INFINITY;
    return this.#probe === 'due' ? this.leftMs(nowMs) : 0;
  }

  /** How long nothing at all starts. */
  leftMs(nowMs: number): number {
    return Math.max(0, this.#untilMs - nowMs);
  }

  /** Something starts. True when it is the probe. */
  started(): boolean {
    if (this.#probe !== 'due') return false;
    this.#probe = 'out';
    return true;
  }

  /** A refused probe has made the next one due already, by `extend`. */
  ended(isProbe: boolean | undefined): void {
    if (isProbe && this.#probe === 'out') this.#probe = 'none';
  }

  /** True when a lane without a hold would do the same. */
  isFresh(nowMs: number): boolean {
    return this.#probe === 'none' || (this.#probe === 'due' && this.#untilMs <= nowMs);
  }
}
