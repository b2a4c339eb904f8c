import { Noise } from './noise.ts';

/** The learned pace never gets slower than one start in so many milliseconds. */
const slowestMs = 10_000;
/** A pace faster than this is no pace. */
const fastestMs = 1;
/** So many good answers since the last refusal say that the server takes most calls at this distance. */
const mostly = 2;
/** So many refusals that no distance explains, and so many that no number at once does. */
const enoughPaceDoubts = 2;
const enoughCrowdDoubts = 3;
/** More refusals than this, one after the other, are the server's doing, and not chance. */
const longestChance = 2;

/**
 * What a lane learns of a server that refuses calls (429, 503) without saying how long to stay away: how many at once
 * and how far apart it takes them. Two searches in one:
 * - calls at once: halved by a refusal, one more after each full round of good answers (additive increase,
 *   multiplicative decrease: Chiu and Jain, 1989);
 * - spacing: begins with the distance that the probe has shown to be safe, shrinks until a call is refused, goes back
 *   to just above that, and from then on creeps, in case that the server takes more by now.
 * A server may also refuse at random, since it is overloaded or others use it too. Going slower does not help there, and
 * at each refusal it would end at a crawl:
 * - when calls are refused again and again at a distance that should be safe, among good answers, the second search is
 *   given up;
 * - when they are so too with half as many at once as had good answers before, the first one is as well, and nobody
 *   waits for a refusal but the call itself, as long as no more are refused than usual.
 * Exists only once a lane has been refused so. Knows no timers: the caller brings the time.
 */
export class Throttle {
  #concurrency = Number.POSITIVE_INFINITY;
  /** Distance between starts; null until a good answer after a refusal has shown one. */
  #spacingMs: number | null = null;
  /** A spacing that was refused. */
  #tooCloseMs = 0;
  #goodsInRow = 0;
  #badsInRow = 0;
  #paceDoubts = 0;
  #crowdDoubts = 0;
  /** The most at once among which a good answer came, since the last refusal and before that. */
  #most = 0;
  #mostBefore = 0;
  readonly #noise = new Noise();
  readonly #bornMs: number;
  #lastStartMs: number;
  #lastGoodMs: number;
  #cutMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: number) {
    this.#bornMs = nowMs;
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
    this.#noise.started();
    this.#lastStartMs = nowMs;
  }

  /** True where calls are refused by chance, as many as usual: a pause of all would help nobody. */
  get isPauseIdle(): boolean {
    return this.#isNoise && this.#noise.isUsual;
  }

  /**
   * A call that started then, as one of `atOnce`, was refused, while so many ran. Those of one burst count as one
   * refusal.
   */
  refused(startedMs: number, nowMs: number, running: number, atOnce = running): void {
    // Those that had started before were not counted then.
    if (startedMs >= this.#bornMs) this.#noise.refused();
    if (this.#isNoise) {
      if (this.#noise.isUsual) return;
      // Something has changed: the number at once may matter again.
      this.#crowdDoubts = 0;
    }
    if (startedMs < this.#cutMs) return;
    this.#cutMs = nowMs;
    this.#badsInRow += 1;
    this.#slowDown(running, atOnce);
    this.#spread();
    this.#goodsInRow = 0;
    if (this.#isNoise) this.#noise.begin();
  }

  /** Fewer at once. */
  #slowDown(running: number, atOnce: number): void {
    if (atOnce * 2 <= Math.max(this.#most, this.#mostBefore)) this.#crowdDoubts += 1;
    this.#mostBefore = this.#most;
    this.#most = 0;
    this.#concurrency = Math.max(1, Math.floor(Math.min(this.#concurrency, running) / 2));
  }

  /** Further apart. */
  #spread(): void {
    if (this.#spacingMs === null || this.#isRandom) return;
    // At the slowest pace there is nothing that could be closer.
    const isClose = this.#spacingMs <= this.#tooCloseMs * 1.05 && this.#spacingMs < slowestMs * 0.9;
    const isExplained = this.#goodsInRow > 0 ? isClose || this.#tooCloseMs === 0 : this.#badsInRow > longestChance;
    if (isExplained) this.#paceDoubts = 0;
    else if (this.#goodsInRow >= mostly) this.#paceDoubts += 1;
    if (this.#isRandom) {
      this.#spacingMs = 0;
      return;
    }
    this.#tooCloseMs = this.#spacingMs;
    this.#spacingMs = Math.min(slowestMs, this.#spacingMs * 1.25);
  }

  /** A call that started then had a good answer, while so many ran. One from before the last refusal says nothing of the pace. */
  succeeded(startedMs: number, running = 1): void {
    this.#most = Math.max(this.#most, running);
    if (startedMs < this.#cutMs) return;
    this.#goodsInRow += 1;
    this.#badsInRow = 0;
    this.#concurrency += this.#isNoise ? 1 : 1 / this.#concurrency;
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
    return this.#paceDoubts >= enoughPaceDoubts;
  }

  /** Nor do they follow the number at once. */
  get #isNoise(): boolean {
    return this.#isRandom && this.#crowdDoubts >= enoughCrowdDoubts;
  }
}
