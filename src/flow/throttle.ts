import type { CallEnd, Limiter, PendingCall } from './limiter.ts';
import { Noise } from './noise.ts';
import { Spacing } from './spacing.ts';

/** So many refusals that no number at once explains. */
const enoughDoubts = 3;

/** A refusal, and what went on beside it. */
export type Refused = {
  readonly startedMs: number;
  readonly nowMs: number;
  /** Calls in flight now, and when it started. */
  readonly running: number;
  readonly atOnce: number;
};

/**
 * What a lane learns of a server that refuses calls (429, 503) without saying how long to stay away: how many at once
 * and how far apart it takes them. The number at once is halved by a refusal, and one more after each full round of good
 * answers (additive increase, multiplicative decrease: Chiu and Jain, 1989).
 *
 * A server may also refuse at random, since it is overloaded or others use it too. Going slower does not help there: when
 * neither the distance explains its refusals nor the number at once, since they come with half as many as had good
 * answers before, then nobody waits for a refusal but the call itself, as long as no more are refused than usual.
 *
 * Exists only once a lane has been refused so. Knows no timers: the caller brings the time.
 */
export class Throttle implements Limiter<void> {
  readonly reason = 'refusals';
  #concurrency = Number.POSITIVE_INFINITY;
  readonly #spacing: Spacing;
  #doubts = 0;
  /** The most at once among which a good answer came, since the last refusal and before that. */
  #most = 0;
  #mostBefore = 0;
  readonly #noise = new Noise();
  readonly #bornMs: number;
  #lastStartMs: number;
  #cutMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: number) {
    this.#bornMs = nowMs;
    this.#lastStartMs = nowMs;
    this.#spacing = new Spacing(nowMs);
  }

  /** Milliseconds until it is safe to start a call; Infinity while too many run. */
  waitMs(nowMs: number, _call: PendingCall, running: number): number {
    if (running >= this.#concurrency) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#lastStartMs + this.#spacing.ms - nowMs);
  }

  /** A call starts. */
  started(nowMs: number): void {
    this.#noise.started();
    this.#lastStartMs = nowMs;
  }

  ended(_grant: unknown, { startedMs, endedMs, wasRefused, running, atOnce }: CallEnd): void {
    if (wasRefused) this.refused({ startedMs, nowMs: endedMs, running, atOnce });
    else this.succeeded(startedMs, running);
  }

  /** True always: a lane that was forgotten learns anew. */
  isFresh(): boolean {
    return true;
  }

  /** True where calls are refused by chance, as many as usual: a pause of all would help nobody. */
  get isPauseIdle(): boolean {
    return this.#isNoise && this.#noise.isUsual;
  }

  /** A call was refused. Those of one burst count as one refusal. */
  refused({ startedMs, nowMs, running, atOnce }: Refused): void {
    // Those that had started before were not counted then.
    if (startedMs >= this.#bornMs) this.#noise.refused();
    if (this.#isNoise) {
      if (this.#noise.isUsual) return;
      // Something has changed: the number at once may matter again.
      this.#doubts = 0;
    }
    if (startedMs < this.#cutMs) return;
    this.#cutMs = nowMs;
    this.#slowDown(running, atOnce);
    this.#spacing.refused();
    if (this.#isNoise) this.#noise.begin();
  }

  /** Fewer at once. */
  #slowDown(running: number, atOnce: number): void {
    if (atOnce * 2 <= Math.max(this.#most, this.#mostBefore)) this.#doubts += 1;
    this.#mostBefore = this.#most;
    this.#most = 0;
    this.#concurrency = Math.max(1, Math.floor(Math.min(this.#concurrency, running) / 2));
  }

  /** A call that started then had a good answer, while so many ran. One from before the last refusal says nothing of the pace. */
  succeeded(startedMs: number, running: number): void {
    this.#most = Math.max(this.#most, running);
    if (startedMs < this.#cutMs) return;
    this.#concurrency += this.#isNoise ? 1 : 1 / this.#concurrency;
    this.#spacing.succeeded(startedMs);
  }

  /** The refusals follow neither the distance nor the number at once. */
  get #isNoise(): boolean {
    return this.#spacing.isNoCause && this.#doubts >= enoughDoubts;
  }
}
