/** The learned pace never gets slower than one start in so many milliseconds. */
const slowestMs = 10_000;
/** A pace faster than this is no pace. */
const fastestMs = 1;
/** So many good answers in a row say that the distance is safe: closer than a server takes them, every other call is refused. */
const mostly = 2;
/** So many good answers in a row that what was refused once may be tried again. */
const enoughCalm = 20;
/** So many refusals in a row that are no chance: what was safe is not any more. */
const enoughClose = 8;
/**
 * A refusal at so many times a distance that was safe is no matter of distance: calls that come late on a busy machine
 * are closer together than they started, but not by more.
 */
const oddly = 2;
const enoughOdd = 2;

/**
 * How far apart a server takes calls that does not say so. Begins with the distance that the first good answers have
 * shown, shrinks until a call is refused, goes back to just above that, and from then on creeps, in case that the server
 * takes more by now. One refusal may be chance: only where a second one comes at the same distance it is sure.
 *
 * A server that refuses at random would end at a crawl: when it refuses calls far beyond a distance that was safe, among
 * good answers, the search is given up.
 */
export class Spacing {
  /** Distance between starts; null until a good answer after a refusal has shown one. */
  #ms: number | null = null;
  #tooCloseMs = 0;
  #isSure = false;
  /** The closest that was safe. */
  #safeMs = Number.POSITIVE_INFINITY;
  #goodsInRow = 0;
  /** Refusals in a row with hardly a good answer between them. */
  #closeInRow = 0;
  #odd = 0;
  #lastGoodMs: number;

  constructor(nowMs: number) {
    this.#lastGoodMs = nowMs;
  }

  get ms(): number {
    return this.#ms ?? 0;
  }

  /** The refusals do not follow the distance. */
  get isNoCause(): boolean {
    return this.#odd >= enoughOdd || this.#ms === 0;
  }

  refused(): void {
    const isAmongGoods = this.#goodsInRow >= mostly;
    this.#goodsInRow = 0;
    if (this.#ms === null || this.#odd >= enoughOdd) return;
    this.#closeInRow = isAmongGoods ? 0 : this.#closeInRow + 1;
    if (this.#closeInRow === enoughClose) this.#safeMs = Number.POSITIVE_INFINITY;
    if (isAmongGoods && this.#ms >= Math.min(this.#safeMs * oddly, slowestMs * 0.9)) this.#odd += 1;
    if (this.#odd >= enoughOdd) {
      this.#ms = 0;
      return;
    }
    this.#isSure = this.#ms <= this.#tooCloseMs * 1.05;
    this.#tooCloseMs = this.#ms;
    this.#ms = Math.min(slowestMs, this.#ms * 1.25);
  }

  /** A call that started then, after the last refusal, had a good answer. */
  succeeded(startedMs: number): void {
    this.#goodsInRow += 1;
    const distanceMs = startedMs - this.#lastGoodMs;
    this.#lastGoodMs = startedMs;
    if (this.#ms === null) {
      this.#ms = Math.min(slowestMs, Math.max(fastestMs, distanceMs));
      return;
    }
    if (this.#goodsInRow >= mostly) this.#safeMs = Math.min(this.#safeMs, this.#ms);
    const isSearching = this.#ms > this.#tooCloseMs * 1.5 || (!this.#isSure && this.#goodsInRow >= enoughCalm);
    this.#ms *= isSearching ? 0.8 : 0.997;
    if (this.#ms < fastestMs) this.#ms = 0;
  }
}
