import type { Failure } from '../record/failure.ts';
import type { Timings } from '../record/job.ts';
import { Alarm } from './alarm.ts';
import { Allowance } from './allowance.ts';
import type { Clock } from './clock.ts';
import type { Entrant, Gate } from './gate.ts';
import { Hold } from './hold.ts';
import type { LaneLimits, LaneOptions } from './lane-options.ts';
import { Pacer } from './pacer.ts';
import { Refusals } from './refusals.ts';
import type { Paced } from './signals.ts';
import { Throttle } from './throttle.ts';
import { WaitQueue } from './wait-queue.ts';
import type { Waiter } from './waiter.ts';

/**
 * Everything that shares one set of limits: by default the calls to one host. Jobs wait here in order, and at most
 * one of them waits at the gate, so that no token is taken early and no slot is held by a lane that may not start.
 *
 * A refused lane (429, 503) is held as a whole: nothing starts until the hold ends, then a single probe, and when
 * that was not refused, everyone.
 */
export class Lane implements Entrant, Paced {
  readonly #limits: LaneLimits;
  readonly #gate: Gate;
  readonly #clock: Clock;
  readonly #pacer: Pacer | null;
  readonly #alarm: Alarm;
  readonly #allowance: Allowance | null;
  readonly #waiting = new WaitQueue<Waiter>();
  #throttle: Throttle | null = null;
  #running = 0;
  /** The one who waits at the gate. */
  #atGate: Waiter | null = null;
  #isPumping = false;
  readonly #hold = new Hold();
  readonly #refusals: Refusals;
  /** Since when the head of the queue waits for a time to come, or null. */
  #limitedSinceMs: number | null = null;

  constructor({ limits, burst, coldMs = 0, gate, clock, tokens = null }: LaneOptions) {
    this.#limits = limits;
    this.#gate = gate;
    this.#clock = clock;
    this.#refusals = new Refusals(clock);
    this.#alarm = new Alarm(clock, () => this.#pump());
    this.#pacer = limits.rate ? new Pacer(limits.rate, { burst, coldMs }) : null;
    this.#allowance = tokens ? new Allowance({ ...tokens, wake: () => this.#pump() }) : null;
  }

  /** Takes its place in the queue: its `begin` is called when the lane and the gate let it start, else its `dismiss`. */
  enter(waiter: Waiter): void {
    const refusal = this.#refusals.for(waiter) ?? this.#tooLarge(waiter);
    if (refusal) {
      waiter.dismiss(refusal);
      return;
    }
    this.#waiting.enter(waiter);
    this.#pump();
  }

  /**
   * Nothing starts for the next `ms`; then one probe. Overlapping holds take the latest end. `isGuess` says that the
   * time is our own: the server did not name one, so the lane has to find out what it takes, and where it has found that
   * calls are refused by chance, it goes on: then this says false.
   */
  hold(ms: number, { isGuess }: { isGuess: boolean }): boolean {
    if (isGuess) {
      this.#throttle ??= new Throttle(this.#clock.now());
      if (this.#throttle.isPauseIdle) return false;
    }
    this.#hold.extend(this.#clock.now() + ms);
    this.#gate.review();
    this.#pump();
    return true;
  }

  /** For the next `ms` every job of this lane fails with `failure`, without a call. */
  close(ms: number, failure: Failure): void {
    if (this.#refusals.close(ms, failure)) this.dismiss();
  }

  /** Nothing starts any more: waiting jobs fail with `failure`. Hops of attempts in flight may be let through. */
  stop(failure: Failure, { allowsHops }: { allowsHops: boolean }): void {
    this.forbid(failure, { allowsHops });
    this.dismiss();
  }

  /** The first half of `stop`: from now on nothing starts. A stop that was strict stays so. */
  forbid(failure: Failure, { allowsHops }: { allowsHops: boolean }): void {
    this.#refusals.stop(failure, { allowsHops });
  }

  /** Whether it matters when a request leaves. */
  get isPaced(): boolean {
    return this.#pacer !== null || this.#gate.isPaced;
  }

  /** A request has left: the paces count from then. */
  sent(): void {
    const now = this.#clock.now();
    this.#gate.sent(now);
    if (!this.#pacer) return;
    this.#pacer.sent(now);
    this.#pump();
  }

  /** Milliseconds for which the lane is still held; 0 when it is not. */
  heldMs(): number {
    return this.#hold.leftMs(this.#clock.now());
  }

  /** Whether tokens are what the head of the queue waits for. */
  isShortOfTokens(): boolean {
    const waiter = this.#waiting.head;
    if (!waiter || !this.#allowance) return false;
    return this.#allowance.isShort(this.#clock.now(), waiter.tokens ?? 0);
  }

  /** True when the lane can be forgotten: nothing in it, and nothing that a new one would not know, but for a learned pace, which it learns anew. */
  isIdle(): boolean {
    const now = this.#clock.now();
    return (
      this.#running === 0 &&
      this.#atGate === null &&
      this.#waiting.length === 0 &&
      this.#hold.isOver(now) &&
      this.#refusals.isOpen(now) &&
      (this.#pacer === null || this.#pacer.isFresh(now)) &&
      (this.#allowance === null || this.#allowance.isFresh(now))
    );
  }

  /** For the gate: where the waiting of the one at the gate is written down. */
  get timings(): Timings {
    return this.#waiterAtGate().timings;
  }

  get sinceMs(): number {
    return this.#waiterAtGate().sinceMs;
  }

  /** For the gate: whether the one at the gate may start now. */
  ready(): boolean {
    const waiter = this.#waiterAtGate();
    return this.#refusals.for(waiter) === null && this.#waitMs(waiter) === 0;
  }

  /** For the gate: starts the one who waits there. */
  admit(free: () => void, startedMs: number): void {
    const waiter = this.#waiterAtGate();
    const isProbe = this.#hold.started();
    this.#atGate = null;
    this.#running += 1;
    const atOnce = this.#running;
    this.#pacer?.take(startedMs);
    this.#throttle?.started(startedMs);
    const ticket = this.#allowance?.started(startedMs, waiter.tokens ?? 0);
    waiter.begin(({ wasRefused, cost = null }) => {
      if (wasRefused) this.#throttle?.refused({ startedMs, nowMs: this.#clock.now(), running: this.#running, atOnce });
      else this.#throttle?.succeeded(startedMs, this.#running);
      this.#running -= 1;
      if (ticket) this.#allowance?.ended(ticket, this.#clock.now(), cost);
      if (isProbe) this.#hold.probed();
      free();
      this.#pump();
    }, startedMs);
    this.#pump();
  }

  /** For the gate: it was open, but the lane was not any more. Back to the head of the queue, or away. */
  decline(): void {
    const waiter = this.#waiterAtGate();
    this.#atGate = null;
    const refusal = this.#refusals.for(waiter);
    if (refusal) waiter.dismiss(refusal);
    else {
      waiter.sinceMs = this.#clock.now();
      this.#waiting.return(waiter);
    }
    this.#pump();
  }

  #waiterAtGate(): Waiter {
    if (!this.#atGate) throw new Error('nobody of this lane is at the gate');
    return this.#atGate;
  }

  /** Sends away everyone who may not wait any more. Who is at the gate is asked there. */
  dismiss(): void {
    this.#waiting.keep((waiter) => {
      const refusal = this.#refusals.for(waiter);
      if (refusal) waiter.dismiss(refusal);
      return refusal === null;
    });
    this.#gate.review();
    this.#pump();
  }

  /** Why it can never start, or null. What it may take is known better, and may be more, than when it came. */
  #tooLarge(waiter: Waiter): Failure | null {
    return this.#allowance?.refusalFor(waiter.tokens ?? 0) ?? null;
  }

  /** Milliseconds until the lane may start a job; Infinity when only the end of another one can tell. */
  #waitMs(waiter: Waiter): number {
    if (this.#limits.concurrency !== null && this.#running >= this.#limits.concurrency) return Number.POSITIVE_INFINITY;
    if (!this.#hold.isOn && !this.#pacer && !this.#throttle && !this.#allowance) return 0;
    const now = this.#clock.now();
    const heldMs = this.#hold.waitMs(now);
    const paceMs = this.#pacer?.waitMs(now) ?? 0;
    const learnedMs = this.#throttle?.waitMs(now, this.#running) ?? 0;
    return Math.max(0, heldMs, paceMs, learnedMs, this.#allowance?.waitMs(now, waiter.tokens ?? 0) ?? 0);
  }

  /** Sends the first waiting job to the gate if it may go. A loop: a start frees the way for the next at once. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#alarm.clear();
    while (this.#atGate === null) {
      const waiter = this.#waiting.head;
      if (!waiter) break;
      const tooLarge = this.#tooLarge(waiter);
      if (tooLarge) {
        this.#waiting.shift();
        waiter.dismiss(tooLarge);
        continue;
      }
      const waitMs = this.#waitMs(waiter);
      if (waitMs === Number.POSITIVE_INFINITY) break;
      if (waitMs > 0) {
        this.#limitedSinceMs ??= this.#clock.now();
        this.#alarm.set(waitMs, { isExact: this.#pacer?.isExact ?? false });
        break;
      }
      this.#noteLimited(waiter);
      this.#waiting.shift();
      this.#atGate = waiter;
      this.#gate.enter(this);
    }
    this.#isPumping = false;
  }

  /** What the head of the queue has waited for the lane's limits, it has not waited for a slot. */
  #noteLimited(waiter: Waiter): void {
    if (this.#limitedSinceMs === null) return;
    const limitedMs = this.#clock.now() - Math.max(this.#limitedSinceMs, waiter.sinceMs);
    waiter.timings.limitedMs += limitedMs;
    waiter.sinceMs += limitedMs;
    this.#limitedSinceMs = null;
  }
}
