import PQueue from 'p-queue';
import type { Rate } from '../record/rate.ts';
import { Alarm } from './alarm.ts';
import type { Clock } from './clock.ts';
import { Fifo } from './fifo.ts';
import { Pacer } from './pacer.ts';
import type { Waiter } from './waiter.ts';

export type GateOptions = {
  /** Calls in flight at once. */
  concurrency: number;
  /** Calls started; null is no limit. */
  rate: Rate | null;
  /** Starts that may come at once within the rate. */
  burst: number;
  /** See `PacerOptions`. */
  coldMs?: number | undefined;
  clock: Clock;
};

/** The queue that a waiter at the gate comes from: its lane. */
export type Origin = {
  /** Asked in the instant of the start: whether the waiter still may. */
  isReady(waiter: Waiter): boolean;
  /** The waiter starts now. `free` releases the slot, and must be called when the call has ended. */
  start(waiter: Waiter, free: () => void, nowMs: number): void;
  /** The waiter was not ready: nothing was used up. */
  requeue(waiter: Waiter): void;
};

/** A waiter at the gate. `free` releases its slot; null while it waits for one. */
type Turn = { readonly waiter: Waiter; readonly origin: Origin; free: (() => void) | null; sinceMs: number };

/** Its `then` is a microtask, for a third of what `queueMicrotask` takes. */
const settled = Promise.resolve();

/**
 * The one place where a start is granted: a slot first (p-queue), then a rate token, taken in the same instant in
 * which the call starts. Waiters are served in order.
 *
 * p-queue bounds the slots: a slot is a running task of it, and its `concurrency` is the only number of slots that there
 * is. A slot that is free again is handed to the next waiter without ending its task, which saves 2 of the 25 us of an
 * attempt; the task ends when nobody waits, or when there are more slots than allowed. While waiters queue here, one
 * task waits in p-queue, and brings the next slot that p-queue has to give.
 */
export class Gate {
  readonly #slots: PQueue;
  /** Waiters for a slot, first come first served. */
  readonly #queue = new Fifo<Turn>();
  #pacer: Pacer | null = null;
  readonly #burst: number;
  readonly #coldMs: number;
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  /** Holders of a slot that wait for a token, first come first served. */
  readonly #turns = new Fifo<Turn>();
  #running = 0;
  #isServing = false;

  constructor({ concurrency, rate, burst, coldMs = 0, clock }: GateOptions) {
    // p-queue's own rate is a window, not a pace, and its timeout and signal free the slot of work that still runs: those
    // three are ours.
    this.#slots = new PQueue({ concurrency });
    this.#burst = burst;
    this.#coldMs = coldMs;
    this.#clock = clock;
    this.#alarm = new Alarm(clock, () => this.#serve());
    if (rate) this.#pacer = new Pacer(rate, { burst, coldMs });
  }

  /** Calls that have started and not ended. */
  get running(): number {
    return this.#running;
  }

  /** Waiters that have a slot and wait for a token. */
  get waiting(): number {
    return this.#turns.length;
  }

  get isPaced(): boolean {
    return this.#pacer !== null;
  }

  /** Other limits from now on. Calls in flight finish, also where they are more than are allowed now. */
  adjust({ concurrency, rate }: { concurrency?: number; rate?: Rate | null }): void {
    if (concurrency !== undefined) this.#slots.concurrency = concurrency;
    if (rate === null) this.#pacer = null;
    else if (rate && this.#pacer) this.#pacer.adjust(rate, this.#burst);
    else if (rate) this.#pacer = new Pacer(rate, { burst: this.#burst, coldMs: this.#coldMs });
    this.#ask();
    this.#serve();
  }

  /** Has the waiter started when there are a slot and a token, or requeued. May do so before it returns. */
  enter(waiter: Waiter, origin: Origin): void {
    this.#queue.push({ waiter, origin, free: null, sinceMs: waiter.sinceMs });
    this.#ask();
  }

  /** A request has left: the pace counts from then. */
  sent(nowMs: number): void {
    this.#pacer?.sent(nowMs);
    // The next start may be due earlier than the alarm says, or later.
    if (this.#turns.length > 0) this.#serve();
  }

  /** Asks everyone again who has a slot and waits. Call it when one may not be ready any more. */
  review(): void {
    const turns = Map.groupBy(this.#turns.drain(), ({ waiter, origin }) => origin.isReady(waiter));
    this.#turns.putFirst(turns.get(true) ?? []);
    for (const turn of turns.get(false) ?? []) this.#requeue(turn);
    this.#serve();
  }

  /** Requeues those in the queue for a slot who are not ready, without waiting for one to be free: a run is ending. */
  reviewQueue(): void {
    const turns = Map.groupBy(this.#queue.drain(), ({ waiter, origin }) => origin.isReady(waiter));
    this.#queue.putFirst(turns.get(true) ?? []);
    for (const turn of turns.get(false) ?? []) this.#leaveQueue(turn, this.#clock.now());
  }

  /** Asks p-queue for a slot, unless it owes one already. */
  #ask(): void {
    if (this.#queue.length === 0 || this.#slots.size > 0) return;
    // Never rejects: what a call throws is its own affair.
    void this.#slots.add(() => new Promise<void>((free) => this.#grant(free)));
  }

  #grant(free: () => void): void {
    this.#pass(free);
    this.#ask();
  }

  /** Hands a slot to the next in the queue who may start, or back to p-queue. */
  #pass(free: () => void): void {
    if (this.#slots.pending > this.#slots.concurrency) {
      free();
      return;
    }
    for (let turn = this.#queue.shift(); turn; turn = this.#queue.shift()) {
      const now = this.#clock.now();
      if (turn.origin.isReady(turn.waiter)) {
        turn.waiter.timings.queuedMs += now - turn.sinceMs;
        turn.free = free;
        turn.sinceMs = now;
        this.#turns.push(turn);
        this.#serve(now);
        return;
      }
      this.#leaveQueue(turn, now);
    }
    free();
  }

  #leaveQueue({ waiter, origin, sinceMs }: Turn, now: number): void {
    waiter.timings.queuedMs += now - sinceMs;
    origin.requeue(waiter);
  }

  /** Starts everyone who may start, in order. A loop: a start may bring the next waiter along. */
  #serve(nowMs?: number): void {
    if (this.#isServing) return;
    let now = nowMs ?? this.#clock.now();
    this.#isServing = true;
    this.#alarm.clear();
    for (let turn = this.#turns.head; turn; turn = this.#turns.head) {
      const waitMs = this.#pacer ? this.#pacer.waitMs(now) : 0;
      if (waitMs > 0) {
        this.#alarm.set(waitMs, { isExact: this.#pacer?.isExact ?? false });
        break;
      }
      this.#turns.shift();
      if (turn.origin.isReady(turn.waiter)) this.#start(turn, now);
      else this.#requeue(turn);
      if (this.#turns.length > 0) now = this.#clock.now();
    }
    this.#isServing = false;
  }

  #start({ waiter, origin, free, sinceMs }: Turn, now: number): void {
    waiter.timings.limitedMs += now - sinceMs;
    this.#pacer?.started(now);
    this.#running += 1;
    const release = () => {
      this.#running -= 1;
      // What the call's end means for others comes first: it may be the one failure too many, or a row that cannot be
      // written, which is noticed by a promise.
      if (free) void settled.then(undefined).then(() => this.#pass(free));
      if (this.#turns.length > 0) this.#serve();
    };
    origin.start(waiter, release, now);
  }

  #requeue({ waiter, origin, free }: Turn): void {
    if (free) this.#pass(free);
    origin.requeue(waiter);
  }
}
