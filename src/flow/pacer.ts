import type { Rate } from '../record/rate.ts';
import type { Limiter, PendingCall } from './limiter.ts';

export type PacerOptions = {
  /** Starts that may come at once. */
  burst?: number;
  /**
   * The first request leaves late, since everything is cold: the others wait for it so long at most, not to pile up
   * behind it. For calls that say when they have left.
   */
  coldMs?: number;
};

/** Starts at least so far apart are timed exactly; closer ones may be made good. */
const wideMs = 50;
/** What exact spacing adds, so that two starts are not too close at a server that counts whole milliseconds. */
const margin = 1.004;
/** The lag of so many requests must be known before it is counted on: the first ones connect, which takes longer. */
const lagsKept = 7;
/** A start that is close to others may come this much earlier than its place, if the one before came late. */
const maxCatchUpMs = 3;

/**
 * Says when the next start may be. Knows no timers: the caller brings the time with each call.
 *
 * Starts are spaced evenly (the generic cell rate algorithm, ITU-T I.371): `count` in `windowMs` is one every
 * `windowMs / count`. From 50 ms on the spacing is kept to the letter, since servers such as nginx refuse a call that
 * comes a millisecond early. Below that timers are too coarse, so the schedule is absolute and a late start is made
 * good, by at most 3 ms or 1% of the window: no window ever holds more than 101% + 1.
 * `burst` lets that many starts come at once; the window's limit then holds by a log of its last `count` starts.
 */
export class Pacer implements Limiter<void> {
  readonly reason = 'rate';
  #spacingMs = 0;
  #toleranceMs = 0;
  #catchUpMs = 0;
  readonly #coldMs: number;
  /** Null for as long as there is no limit. */
  #rate: Rate | null = null;
  /** The last `count` starts, as a ring; only kept where a burst could exceed the window. */
  #log: number[] | null = null;
  #logCursor = 0;
  /** How long the last requests took from their start to leaving, oldest first, and the current one so far. */
  readonly #lags: number[] = [];
  #lagMs: number | null = null;
  #takenMs = 0;
  /** The very first request is on its way, and has not left yet. */
  #isFirst = false;
  #isExact = false;
  /** When the next start is due. */
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(rate: Rate, { burst = 1, coldMs = 0 }: PacerOptions = {}) {
    this.#coldMs = coldMs;
    this.adjust(rate, burst);
  }

  /** True when waits are to be timed exactly, with `Clock.wakeIn`. */
  get isExact(): boolean {
    return this.#isExact;
  }

  /** Another rate from now on; null is none. The next start keeps the distance of the faster one of the two. */
  adjust(rate: Rate | null, burst = 1): void {
    const spacingBefore = this.#spacingMs;
    this.#rate = rate;
    const evenMs = rate ? rate.windowMs / rate.count : 0;
    this.#isExact = evenMs >= wideMs;
    this.#spacingMs = this.#isExact ? evenMs * margin : evenMs;
    this.#toleranceMs = rate ? (Math.min(burst, rate.count) - 1) * this.#spacingMs : 0;
    this.#catchUpMs = this.#isExact || !rate ? 0 : Math.min(maxCatchUpMs, rate.windowMs / 100);
    this.#log = burst > 1 && rate ? [] : null;
    this.#logCursor = 0;
    if (this.#spacingMs < spacingBefore) this.#dueMs -= spacingBefore - this.#spacingMs;
  }

  /** Milliseconds until a start is allowed; 0 means now. */
  waitMs(nowMs: number, _call?: PendingCall, _running?: number): number {
    if (!this.#rate) return 0;
    const spacing = this.#dueMs - this.#toleranceMs - nowMs;
    return Math.max(0, spacing, this.#windowOpensMs() - nowMs);
  }

  /** Counts a start. Call it when the start really happens, and only when `waitMs` says 0. */
  started(nowMs: number, _call?: PendingCall): void {
    const isFirst = this.#dueMs === Number.NEGATIVE_INFINITY;
    if (this.#isExact) this.#noteLag(nowMs);
    // Time spent waiting for the window earns no burst: the next one would fall on the edge of the one before.
    const earnedMs = Math.max(this.#dueMs, this.#windowOpensMs() + this.#toleranceMs);
    this.#dueMs = (isFirst ? nowMs : Math.max(earnedMs, nowMs - this.#catchUpMs)) + this.#spacingMs;
    this.#isFirst = isFirst && this.#coldMs > 0 && !this.#isExact && this.#toleranceMs === 0;
    if (this.#isFirst) this.#dueMs = Math.max(this.#dueMs, nowMs + this.#coldMs);
    const log = this.#log;
    if (!log) return;
    const count = this.#rate?.count ?? 0;
    if (log.length < count) log.push(nowMs);
    else {
      log[this.#logCursor] = nowMs;
      this.#logCursor = (this.#logCursor + 1) % count;
    }
  }

  /**
   * A request that was counted leaves only now: the next one is to leave a whole spacing later. It will be late in turn,
   * about as much as the last ones were, and may start so much earlier.
   */
  sent(nowMs: number): void {
    if (this.#isFirst) this.#dueMs = nowMs + this.#spacingMs;
    this.#isFirst = false;
    if (!this.#isExact) return;
    this.#lagMs = nowMs - this.#takenMs;
    this.#dueMs = Math.max(this.#dueMs, nowMs + this.#spacingMs - this.#usualLagMs());
  }

  /** The median: a pause of the machine is no habit. */
  #usualLagMs(): number {
    if (this.#lags.length < lagsKept) return 0;
    return this.#lags.toSorted((a, b) => a - b)[lagsKept >> 1] ?? 0;
  }

  #noteLag(nowMs: number): void {
    if (this.#lagMs !== null) this.#lags.push(this.#lagMs);
    if (this.#lags.length > lagsKept) this.#lags.shift();
    this.#lagMs = null;
    this.#takenMs = nowMs;
  }

  /** When the oldest of the last `count` starts leaves the window. */
  #windowOpensMs(): number {
    const log = this.#log;
    const rate = this.#rate;
    const oldestMs = rate && log?.length === rate.count ? log[this.#logCursor] : undefined;
    return !rate || oldestMs === undefined ? Number.NEGATIVE_INFINITY : oldestMs + rate.windowMs;
  }

  /** True when nothing that was counted limits a later start: the pacer can be thrown away and made anew. */
  isFresh(nowMs: number): boolean {
    if (nowMs < this.#dueMs) return false;
    const log = this.#log;
    const rate = this.#rate;
    if (!rate || !log || log.length === 0) return true;
    const newest = log.length < rate.count ? log.at(-1) : log.at(this.#logCursor - 1);
    return newest === undefined || nowMs >= newest + rate.windowMs;
  }
}
