import { Alarm } from '../flow/alarm.ts';
import { type Clock, systemClock } from '../flow/clock.ts';
import { Pacer } from '../flow/pacer.ts';
import type { Rate } from '../record/rate.ts';
import { checkCount, checkRateOption } from './checks.ts';
import { abortable } from './child-signal.ts';

export type RateLimiterOptions = {
  /** Starts that may come at once within the rate. Default 1: they are spaced evenly. */
  burst?: number;
  /** Where the time comes from; for tests. */
  clock?: Clock;
};

/**
 * A rate for any number of workers to share: whoever wants to start takes a token first. Tokens come evenly spaced
 * (the generic cell rate algorithm, ITU-T I.371): `'50/s'` is one every 20 ms, and no second ever holds more than
 * 101% + 1. First come, first served. It says nothing of how many run at once: that is a `Semaphore`'s affair.
 *
 *     const limiter = new RateLimiter('50/s');
 *     await limiter.take({ signal });
 */
export class RateLimiter {
  readonly #pacer: Pacer;
  readonly #clock: Clock;
  /** In order of arrival. */
  readonly #line = new Set<() => void>();
  readonly #alarm: Alarm;

  /** `rate` is `'50/s'`, `'600/m'`, `'5/15s'` or `{ count, windowMs }`; a TypeError if it is none. */
  constructor(rate: string | Rate, { burst = 1, clock = systemClock }: RateLimiterOptions = {}) {
    this.#pacer = new Pacer(checkRateOption('rate', rate), { burst: checkCount('burst', burst) });
    this.#clock = clock;
    this.#alarm = new Alarm(clock, () => this.#serve());
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.size;
  }

  /**
   * Waits for a token and takes it: start at once. Rejects with the signal's reason when that aborts first; no token is
   * used then. No timer runs while nobody waits.
   */
  async take({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    signal?.throwIfAborted();
    if (this.tryTake()) return;
    await abortable<void>(signal, (resolve) => {
      this.#line.add(resolve);
      if (this.#line.size === 1) this.#serve();
      return () => {
        this.#line.delete(resolve);
        this.#serve();
      };
    });
  }

  /** The same without waiting: false when it would have to wait. */
  tryTake(): boolean {
    const now = this.#clock.now();
    if (this.#line.size > 0 || this.#pacer.waitMs(now) > 0) return false;
    this.#pacer.started(now);
    return true;
  }

  #serve(): void {
    this.#alarm.clear();
    for (const admit of this.#line) {
      const now = this.#clock.now();
      const waitMs = this.#pacer.waitMs(now);
      if (waitMs > 0) {
        this.#alarm.set(waitMs, { isExact: this.#pacer.isExact });
        return;
      }
      this.#line.delete(admit);
      this.#pacer.started(now);
      admit();
    }
  }
}
