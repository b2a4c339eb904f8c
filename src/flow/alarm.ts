import type { Clock } from './clock.ts';

/** One wake-up call at a time: setting it anew calls the last one off. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #callOff: (() => void) | null = null;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings in `ms`; `isExact` pays for a fraction of a millisecond with CPU. */
  set(ms: number, { isExact }: { isExact: boolean }): void {
    this.clear();
    const ring = () => {
      this.#callOff = null;
      this.#ring();
    };
    if (isExact) this.#callOff = this.#clock.wakeIn(ms, ring);
    else {
      // Rounded up, since a timer that fires early would only be set again.
      const timer = this.#clock.setTimeout(ring, Math.ceil(ms));
      this.#callOff = () => this.#clock.clearTimeout(timer);
    }
  }

  clear(): void {
    this.#callOff?.();
    this.#callOff = null;
  }
}
