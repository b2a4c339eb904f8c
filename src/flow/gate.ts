import PQueue from 'p-queue';
import type { Timings } from '../record/job.ts';
import type { Clock, Timer } from './clock.ts';
import { Pacer, type Rate } from './pacer.ts';

export type GateOptions = {
  /** Attempts in flight at once. */
  concurrency: number;
  /** Attempts started, whole run; null is no limit. */
  rate: Rate | null;
  /** Starts that may come at once within the rate. */
  burst: number;
  /** Asked with a slot in hand: a promise to wait for before anything more is started, or null. */
  relief: () => Promise<void> | null;
  clock: Clock;
};

/** Who wants to start an attempt. */
export type Entrant = {
  /** Asked in the instant of the start: whether it still may. */
  ready(): boolean;
  /** Told to start. `free` gives the slot back, and must be called when the attempt has ended. */
  admit(free: () => void): void;
  /** Told instead when it was not ready: nothing was used up. */
  decline(): void;
  /** Where its waiting is written down: for a slot as queued, for a token as limited. */
  readonly timings: Timings;
  /** Since when it waits for a slot. */
  readonly sinceMs: number;
};

type Turn = { readonly entrant: Entrant; readonly settle: (isGranted: boolean) => void };

/**
 * The one place where a start is granted: a slot first (p-queue), then a rate token, taken in the same instant in
 * which the attempt starts. Entrants are served in order.
 */
export class Gate {
  readonly #slots: PQueue;
  readonly #pacer: Pacer | null;
  readonly #relief: () => Promise<void> | null;
  readonly #clock: Clock;
  /** Holders of a slot that wait for a token, first come first served. */
  readonly #turns: Turn[] = [];
  #timer: Timer | undefined;

  constructor({ concurrency, rate, burst, relief, clock }: GateOptions) {
    // p-queue keeps the slots. Its own rate is a window, not a pace, and its timeout and signal free the slot of work
    // that still runs: those three are ours.
    this.#slots = new PQueue({ concurrency });
    this.#pacer = rate ? new Pacer(rate, { burst }) : null;
    this.#relief = relief;
    this.#clock = clock;
  }

  /** Attempts that have started and not ended. */
  get running(): number {
    return this.#slots.pending - this.#turns.length;
  }

  /** Entrants that have a slot and wait for a token. */
  get waitingForToken(): number {
    return this.#turns.length;
  }

  /** Admits the entrant when there are a slot and a token, or declines it. May do so before it returns. */
  enter(entrant: Entrant): void {
    void this.#slots.add(() => new Promise<void>((free) => this.#serveSlot(entrant, free)));
  }

  /** Asks everyone who waits for a token whether they are still ready. Call it when their readiness may have changed. */
  review(): void {
    for (const turn of this.#turns.splice(0)) {
      if (turn.entrant.ready()) this.#turns.push(turn);
      else turn.settle(false);
    }
    this.#serve();
  }

  #serveSlot(entrant: Entrant, free: () => void): void {
    const now = this.#clock.now();
    entrant.timings.queuedMs += now - entrant.sinceMs;
    const relief = this.#relief();
    if (relief || this.#pacer)
      void this.#wait(entrant, relief, now).then((isGranted) => this.#settle(entrant, isGranted, free));
    else this.#settle(entrant, entrant.ready(), free);
  }

  /** Waits for the output and for a token, with a slot in hand. False when the entrant was not ready any more. */
  async #wait(entrant: Entrant, relief: Promise<void> | null, sinceMs: number): Promise<boolean> {
    if (relief) await relief;
    const isGranted = this.#pacer
      ? await new Promise<boolean>((settle) => {
          this.#turns.push({ entrant, settle });
          this.#serve();
        })
      : entrant.ready();
    entrant.timings.limitedMs += this.#clock.now() - sinceMs;
    return isGranted;
  }

  #settle(entrant: Entrant, isGranted: boolean, free: () => void): void {
    if (isGranted) entrant.admit(free);
    else {
      free();
      entrant.decline();
    }
  }

  #serve(): void {
    const pacer = this.#pacer;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let turn = this.#turns[0]; pacer && turn; turn = this.#turns[0]) {
      const now = this.#clock.now();
      const waitMs = pacer.waitMs(now);
      if (waitMs > 0) {
        // Rounded up, since a timer that fires early would only be armed again.
        this.#timer = this.#clock.setTimeout(() => this.#serve(), Math.ceil(waitMs));
        return;
      }
      this.#turns.shift();
      const isReady = turn.entrant.ready();
      if (isReady) pacer.take(now);
      turn.settle(isReady);
    }
  }
}
