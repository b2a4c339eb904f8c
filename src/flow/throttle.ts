/** The learned pace never gets slower than one start in so many milliseconds. */
const slowestMs = 10_000;
/** A pace faster than this is no pace. */
const fastestMs = 1;
/** So many good answers since the last refusal say that the server takes most calls at this distance. */
const mostly = 3;
/** So many refusals in a row that no distance explains. */
const enoughDoubts = 2;

/**
 * What a lane learns of a server that refuses calls (429, 503) without saying how long to stay away: how many at once
 * and how far apart it takes them. Two searches in one:
 * - calls at once: halved by a refusal, one more after each full round of good answers (additive increase,
 *   multiplicative decrease: Chiu and Jain, 1989);
 * - spacing: begins with the distance that the probe has shown to be safe, shrinks until a call is refused, goes back
 *   to just above that, and from then on creeps, in case that the server takes more by now.
 * A server may also refuse at random, since it is overloaded or others use it too. Going slower does not help there, and
 * at each refusal it would end at a crawl: when again and again calls are refused at a distance that should be safe,
 * among good answers, the second search is given up.
 * Exists only once a lane has been refused so. Knows no timers: the caller brings the time.
 */
export class Throttle {
  #concurrency = Number.POSITIVE_INFINITY;
  /** Distance between starts; null until a good answer after a refusal has shown one. */
  #spacingMs: number | null = null;
  /** A spacing that was refused. */
  #tooCloseMs = 0;
  #goodsInRow = 0;
  #doubts = 0;
  #lastStartMs: number;
  #lastGoodMs: number;
  #cutMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: number) {
    this.#lastStartMs = nowMs;
    this.#lastGoodMs = nowMs;
  }

  /** Milliseconds until it is safe to start a call; Infinity while too many run. */
  waitMs(nowMs: number, running: number): number {
    if (running >= this.#concurrency) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#lastStartMs + (this.#spacingMs ?? 0) - nowMs);
  }

  /** A call starts. */
  started(nowMs: number): void {
    this.#lastStartMs = nowMs;
  }

  /** A call that started then was refused, while so many ran. Those of one burst count as one refusal. */
  refused(startedMs: number, nowMs: number, running: number): void {
    if (startedMs < this.#cutMs) return;
    this.#cutMs = nowMs;
    this.#concurrency = Math.max(1, Math.floor(Math.min(this.#concurrency, running) / 2));
    const goods = this.#goodsInRow;
    this.#goodsInRow = 0;
    if (this.#spacingMs === null || this.#isRandom) return;
    const isExplained = goods === 0 || this.#spacingMs <= this.#tooCloseMs * 1.05 || this.#tooCloseMs === 0;
    if (isExplained) this.#doubts = 0;
    else if (goods >= mostly) this.#doubts += 1;
    if (this.#isRandom) {
      this.#spacingMs = 0;
      return;
    }
    this.#tooCloseMs = this.#spacingMs;
    this.#spacingMs = Math.min(slowestMs, this.#spacingMs * 1.25);
  }

  /** A call that started then had a good answer. One from before the last refusal says nothing. */
  succeeded(startedMs: number): void {
    if (startedMs < this.#cutMs) return;
    this.#goodsInRow += 1;
    this.#concurrency += 1 / this.#concurrency;
    const distanceMs = startedMs - this.#lastGoodMs;
    this.#lastGoodMs = startedMs;
    if (this.#spacingMs === null) {
      this.#spacingMs = Math.min(slowestMs, Math.max(fastestMs, distanceMs));
      return;
    }
    const isSearching = this.#spacingMs > this.#tooCloseMs * 1.5;
    this.#spacingMs *= isSearching ? 0.8 : 0.997;
    if (this.#spacingMs < fastestMs) this.#spacingMs = 0;
  }

  /** The refusals do not follow the distance. */
  get #isRandom(): boolean {
    return this.#doubts >= enoughDoubts;
  }
}
