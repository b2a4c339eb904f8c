/** So many starts in every window of so many milliseconds. */
export type Rate = { readonly count: number; readonly windowMs: number };

/** A start may come this much earlier than its place in the schedule if the one before came late, in milliseconds. */
const maxCatchUpMs = 5;

/**
 * Says when the next start may be. Knows no timers: the caller brings the time with each call.
 *
 * Starts are spaced evenly (the generic cell rate algorithm, ITU-T I.371): `count` in `windowMs` is one every
 * `windowMs / count`. Timers fire late, and a loss at each start would add up, so the schedule is absolute and a late
 * start is made good, by at most 5 ms or 1% of the window: no window ever holds more than 101% + 1.
 * `burst` lets that many starts come at once; the window's limit then holds by a log of its last `count` starts.
 */
export class Pacer {
  readonly #spacingMs: number;
  readonly #toleranceMs: number;
  readonly #catchUpMs: number;
  readonly #rate: Rate;
  /** The last `count` starts, as a ring; only kept where a burst could exceed the window. */
  readonly #log: number[] | null;
  #logCursor = 0;
  /** When the next start is due. */
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(rate: Rate, { burst = 1 }: { burst?: number } = {}) {
    this.#rate = rate;
    this.#spacingMs = rate.windowMs / rate.count;
    this.#toleranceMs = (Math.min(burst, rate.count) - 1) * this.#spacingMs;
    this.#catchUpMs = Math.min(maxCatchUpMs, rate.windowMs / 100);
    this.#log = burst > 1 ? [] : null;
  }

  /** Milliseconds until a start is allowed; 0 means now. */
  waitMs(nowMs: number): number {
    const spacing = this.#dueMs - this.#toleranceMs - nowMs;
    return Math.max(0, spacing, this.#windowOpensMs() - nowMs);
  }

  /** Counts a start. Call it when the start really happens, and only when `waitMs` says 0. */
  take(nowMs: number): void {
    const isFirst = this.#dueMs === Number.NEGATIVE_INFINITY;
    // Time spent waiting for the window earns no burst: the next one would fall on the edge of the one before.
    const earnedMs = Math.max(this.#dueMs, this.#windowOpensMs() + this.#toleranceMs);
    this.#dueMs = (isFirst ? nowMs : Math.max(earnedMs, nowMs - this.#catchUpMs)) + this.#spacingMs;
    const log = this.#log;
    if (!log) return;
    if (log.length < this.#rate.count) log.push(nowMs);
    else {
      log[this.#logCursor] = nowMs;
      this.#logCursor = (this.#logCursor + 1) % this.#rate.count;
    }
  }

  /** When the oldest of the last `count` starts leaves the window. */
  #windowOpensMs(): number {
    const log = this.#log;
    const oldestMs = log?.length === this.#rate.count ? log[this.#logCursor] : undefined;
    return oldestMs === undefined ? Number.NEGATIVE_INFINITY : oldestMs + this.#rate.windowMs;
  }

  /** True when nothing that was counted limits a later start: the pacer can be thrown away and made anew. */
  isFresh(nowMs: number): boolean {
    if (nowMs < this.#dueMs) return false;
    const log = this.#log;
    if (!log || log.length === 0) return true;
    const newest = log.length < this.#rate.count ? log.at(-1) : log.at(this.#logCursor - 1);
    return newest === undefined || nowMs >= newest + this.#rate.windowMs;
  }
}
