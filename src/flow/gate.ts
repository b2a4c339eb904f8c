import PQueue from 'p-queue';
import type { Timings } from '../record/job.ts';
import type { Rate } from '../record/rate.ts';
import { Alarm } from './alarm.ts';
import type { Clock } from './clock.ts';
import { Fifo } from './fifo.ts';
import { Pacer } from './pacer.ts';

export type GateOptions = {
  /** Attempts in flight at once. */
  concurrency: number;
  /** Attempts started, whole run; null is no limit. */
  rate: Rate | null;
  /** Starts that may come at once within the rate. */
  burst: number;
  /** See `PacerOptions`. */
  coldMs?: number | undefined;
  /** Whether so much waits to be written that nothing more should start, where so many attempts are running. */
  isStuffed: (running: number) => boolean;
  clock: Clock;
};

/** Who wants to start an attempt. */
export type Entrant = {
  /** Asked in the instant of the start: whether it still may. */
  ready(): boolean;
  /** Told to start, at `nowMs`. `free` gives the slot back, and must be called when the attempt has ended. */
  admit(free: () => void, nowMs: number): void;
  /** Told instead when it was not ready: nothing was used up. */
  decline(): void;
  /** Where its waiting is written down: for a slot as queued, for a token as limited. */
  readonly timings: Timings;
  /** Since when it waits for a slot. */
  readonly sinceMs: number;
};

/** A holder of a slot that may not start yet. */
type Turn = { readonly entrant: Entrant; readonly free: () => void; readonly sinceMs: number };

/** Its `then` is a microtask, for a third of what `queueMicrotask` takes. */
const settled = Promise.resolve();

/**
 * The one place where a start is granted: a slot first (p-queue), then a rate token, taken in the same instant in
 * which the attempt starts. Entrants are served in order.
 *
 * A slot is a task of p-queue, which is what bounds them. Whoever is done with it hands it to the next in the queue at once,
 * and gives it back only when nobody waits: a task for each attempt takes 2 us of its 25.
 */
export class Gate {
  readonly #slots: PQueue;
  readonly #concurrency: number;
  /** Slots that are held, or asked of p-queue. */
  #held = 0;
  /** Entrants that wait for a slot, first come first served. */
  readonly #queue = new Fifo<Entrant>();
  readonly #pacer: Pacer | null;
  readonly #isStuffed: GateOptions['isStuffed'];
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  /** Holders of a slot that wait for a token or for the output, first come first served. */
  readonly #turns = new Fifo<Turn>();
  #running = 0;
  #isServing = false;
  #isHeldByOutput = false;

  constructor({ concurrency, rate, burst, coldMs = 0, isStuffed, clock }: GateOptions) {
    // p-queue keeps the slots. Its own rate is a window, not a pace, and its timeout and signal free the slot of work
    // that still runs: those three are ours.
    this.#slots = new PQueue({ concurrency });
    this.#concurrency = concurrency;
    this.#pacer = rate ? new Pacer(rate, { burst, coldMs }) : null;
    this.#isStuffed = isStuffed;
    this.#clock = clock;
    this.#alarm = new Alarm(clock, () => this.#serve());
  }

  /** Attempts that have started and not ended. */
  get running(): number {
    return this.#running;
  }

  /** Entrants that have a slot and wait for a token, or for the output. */
  get waiting(): number {
    return this.#turns.length;
  }

  /** Admits the entrant when there are a slot and a token, or declines it. May do so before it returns. */
  enter(entrant: Entrant): void {
    this.#queue.push(entrant);
    if (this.#held >= this.#concurrency) return;
    this.#held += 1;
    // Never rejects: what an attempt throws is its own affair.
    void this.#slots.add(() => new Promise<void>((free) => this.#pass(free)));
  }

  /** Someone who has a slot waits for the output: `review` when there is room. */
  get isHeldByOutput(): boolean {
    return this.#isHeldByOutput;
  }

  get isPaced(): boolean {
    return this.#pacer !== null;
  }

  /** A request has left: the pace counts from then. */
  sent(nowMs: number): void {
    this.#pacer?.sent(nowMs);
    // The next start may be due earlier than the alarm says, or later.
    if (this.#turns.length > 0) this.#serve();
  }

  /** Looks again at everyone who has a slot and waits. Call it when one may not be ready any more, or the output has room. */
  review(): void {
    const turns = Map.groupBy(this.#turns.drain(), ({ entrant }) => entrant.ready());
    this.#turns.putFirst(turns.get(true) ?? []);
    for (const turn of turns.get(false) ?? []) this.#decline(turn);
    this.#serve();
  }

  /** Sends away those in the queue for a slot who are not ready, without waiting for one to be free: a run is ending. */
  reviewQueue(): void {
    const entrants = Map.groupBy(this.#queue.drain(), (entrant) => entrant.ready());
    this.#queue.putFirst(entrants.get(true) ?? []);
    for (const entrant of entrants.get(false) ?? []) this.#sendAway(entrant, this.#clock.now());
  }

  #sendAway(entrant: Entrant, now: number): void {
    entrant.timings.queuedMs += now - entrant.sinceMs;
    entrant.decline();
  }

  /** Hands a slot to the next in the queue who may start, or back to p-queue. */
  #pass(free: () => void): void {
    for (let entrant = this.#queue.shift(); entrant; entrant = this.#queue.shift()) {
      const now = this.#clock.now();
      if (entrant.ready()) {
        entrant.timings.queuedMs += now - entrant.sinceMs;
        this.#turns.push({ entrant, free, sinceMs: now });
        this.#serve(now);
        return;
      }
      this.#sendAway(entrant, now);
    }
    this.#held -= 1;
    free();
  }

  /** Starts everyone who may start, in order. A loop: a start may bring the next entrant along. */
  #serve(nowMs?: number): void {
    if (this.#isServing) return;
    let now = nowMs ?? this.#clock.now();
    this.#isServing = true;
    this.#isHeldByOutput = false;
    this.#alarm.clear();
    for (let turn = this.#turns.head; turn; turn = this.#turns.head) {
      if (this.#isStuffed(this.#running)) {
        this.#isHeldByOutput = true;
        break;
      }
      const waitMs = this.#pacer ? this.#pacer.waitMs(now) : 0;
      if (waitMs > 0) {
        this.#alarm.set(waitMs, { isExact: this.#pacer?.isExact ?? false });
        break;
      }
      this.#turns.shift();
      if (turn.entrant.ready()) this.#start(turn, now);
      else this.#decline(turn);
      if (this.#turns.length > 0) now = this.#clock.now();
    }
    this.#isServing = false;
  }

  #start({ entrant, free, sinceMs }: Turn, now: number): void {
    entrant.timings.limitedMs += now - sinceMs;
    this.#pacer?.take(now);
    this.#running += 1;
    entrant.admit(() => {
      this.#running -= 1;
      // What the attempt's end means for others comes first: it may be the one failure too many, or a row that cannot be
      // written, which is told by a promise.
      void settled.then(undefined).then(() => this.#pass(free));
      if (this.#turns.length > 0) this.#serve();
    }, now);
  }

  #decline({ entrant, free }: Turn): void {
    this.#pass(free);
    entrant.decline();
  }
}
