import type { Failure } from '../record/failure.ts';
import { Alarm } from './alarm.ts';
import type { Clock } from './clock.ts';
import { Closure } from './closure.ts';
import type { Gate, Origin } from './gate.ts';
import { Hold } from './hold.ts';
import type { LaneLimits, LaneOptions } from './lane-options.ts';
import { endAll, firstRefusal, type Limiter, longestWaitMs, startAll } from './limiter.ts';
import { Pacer } from './pacer.ts';
import type { Paced } from './signals.ts';
import { Slots } from './slots.ts';
import { Throttle } from './throttle.ts';
import { WaitQueue } from './wait-queue.ts';
import type { Answer, Waiter } from './waiter.ts';

/**
 * A queue and its limiters: everything that shares one set of limits, by default the calls to one host. Calls wait here
 * in order, and at most one of them waits at the gate, so that no token is taken early and no slot is held by a lane that
 * may not start.
 *
 * Limiters are only ever added: what a call was granted by the first ones is theirs at its end.
 */
export class Lane implements Origin, Paced {
  readonly #gate: Gate;
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #coldMs: number;
  readonly #stalled: LaneOptions['stalled'];
  readonly #limiters: Limiter[] = [];
  #slots: Slots | null = null;
  #pacer: Pacer | null = null;
  /** Made when the server first refuses a call. */
  #hold: Hold | null = null;
  #throttle: Throttle | null = null;
  #closure: Closure | null = null;
  readonly #alarm: Alarm;
  readonly #waiting = new WaitQueue();
  #running = 0;
  #isAtGate = false;
  #isPumping = false;
  /** Since when the head of the queue waits for something that is no slot, or null. */
  #limitedSinceMs: number | null = null;

  constructor({ limits, limiters = [], burst, coldMs = 0, gate, clock, stalled }: LaneOptions) {
    this.#gate = gate;
    this.#clock = clock;
    this.#burst = burst;
    this.#coldMs = coldMs;
    this.#stalled = stalled;
    this.#alarm = new Alarm(clock, () => this.#pump());
    for (const limiter of limiters) this.#add(limiter);
    this.adjust(limits);
  }

  /** Other limits from now on. Calls in flight finish, also where they are more than are allowed now. */
  adjust({ concurrency, rate }: Partial<LaneLimits>): void {
    if (concurrency !== undefined) {
      const size = concurrency ?? Number.POSITIVE_INFINITY;
      if (this.#slots) this.#slots.resize(size);
      else if (concurrency !== null) this.#slots = this.#add(new Slots(size));
    }
    if (rate !== undefined) {
      if (this.#pacer) this.#pacer.adjust(rate, this.#burst);
      else if (rate) this.#pacer = this.#add(new Pacer(rate, { burst: this.#burst, coldMs: this.#coldMs }));
    }
    this.#pump();
  }

  #add<Kind extends Limiter>(limiter: Kind): Kind {
    limiter.onWake?.(() => this.#pump());
    this.#limiters.push(limiter);
    return limiter;
  }

  /** Takes its place in the queue: its `begin` is called when lane and gate let it start, else its `reject`. */
  enter(waiter: Waiter): void {
    const refusal = this.#refusalOf(waiter);
    if (refusal) {
      waiter.reject(refusal);
      return;
    }
    this.#waiting.enter(waiter);
    this.#pump();
  }

  /**
   * Nothing starts for the next `ms`; then one probe. Overlapping holds take the latest end. `isGuess` says that the
   * time is our own: the server did not name one, so the lane has to find out what it takes, and where it has found that
   * calls are refused at random, it goes on: then this says false.
   */
  hold(ms: number, { isGuess }: { isGuess: boolean }): boolean {
    if (isGuess) {
      this.#throttle ??= this.#add(new Throttle(this.#clock.now()));
      if (this.#throttle.isPauseIdle) return false;
    }
    this.#hold ??= this.#add(new Hold());
    this.#hold.extend(this.#clock.now() + ms);
    this.#gate.review();
    this.#pump();
    return true;
  }

  /** For the next `ms` every call of this lane fails with `failure`, without being made. */
  close(ms: number, failure: Failure): void {
    this.#closure ??= this.#add(new Closure());
    if (this.#closure.extend(this.#clock.now() + ms, failure)) this.rejectRefused();
  }

  /** Rejects everyone in the queue who may never start. Who is at the gate is asked there. */
  rejectRefused(): void {
    this.#waiting.keep((waiter) => !this.#isRejected(waiter));
    this.#gate.review();
    this.#pump();
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
    return this.#hold?.leftMs(this.#clock.now()) ?? 0;
  }

  /** What makes the next waiter wait, in a word, or null. */
  limitedBy(): string | null {
    const waiter = this.#waiting.head;
    if (!waiter) return null;
    const now = this.#clock.now();
    const all = [...this.#limiters, ...waiter.caller.limiters];
    return all.find((limiter) => limiter.waitMs(now, waiter, this.#running) > 0)?.reason ?? null;
  }

  /** True when the lane can be forgotten: nothing in it, and nothing that a new one would not know, but for what it learned about refusals, which it learns anew. */
  isIdle(): boolean {
    if (this.#running > 0 || this.#isAtGate || this.#waiting.length > 0) return false;
    const now = this.#clock.now();
    return this.#limiters.every((limiter) => limiter.isFresh(now));
  }

  /** Something from outside has changed: the next waiter may be able to start. */
  wake(): void {
    this.#pump();
  }

  isReady(waiter: Waiter): boolean {
    if (waiter.isCancelled || this.#refusalOf(waiter) !== null || waiter.caller.hasBackpressure()) return false;
    return this.#waitMs(waiter) === 0;
  }

  start(waiter: Waiter, free: () => void, startedMs: number): void {
    const { caller } = waiter;
    this.#isAtGate = false;
    this.#running += 1;
    caller.running += 1;
    const atOnce = this.#running;
    const grants = startAll(this.#limiters, startedMs, waiter);
    const callerGrants = startAll(caller.limiters, startedMs, waiter);
    const release = ({ failure = null, wasRefused, cost = null }: Answer) => {
      if (this.#limiters.length > 0 || caller.limiters.length > 0) {
        const endedMs = this.#clock.now();
        const end = { startedMs, endedMs, failure, wasRefused, cost, atOnce, running: this.#running };
        endAll(this.#limiters, grants, end);
        endAll(caller.limiters, callerGrants, end);
      }
      this.#running -= 1;
      caller.running -= 1;
      free();
      this.#pump();
      if (this.#stalled.size > 0) wakeAll(this.#stalled);
    };
    waiter.begin(release, startedMs);
    this.#pump();
  }

  /** The gate was open, but the lane was not any more. Back to the head of the queue, or away. */
  requeue(waiter: Waiter): void {
    this.#isAtGate = false;
    if (!this.#isRejected(waiter)) {
      waiter.sinceMs = this.#clock.now();
      this.#waiting.return(waiter);
    }
    this.#pump();
  }

  /** Whether nobody has to wait for it any more: it is cancelled, or was refused just now. */
  #isRejected(waiter: Waiter): boolean {
    if (waiter.isCancelled) return true;
    const refusal = this.#refusalOf(waiter);
    if (refusal) waiter.reject(refusal);
    return refusal !== null;
  }

  /** Why it may never start, or null. */
  #refusalOf(waiter: Waiter): Failure | null {
    const ending = waiter.caller.refusal(waiter.isHop);
    if (ending || this.#limiters.length === 0) return ending;
    return firstRefusal(this.#limiters, this.#clock.now(), waiter);
  }

  /** Milliseconds until the call may start; Infinity when no time can tell. */
  #waitMs(waiter: Waiter): number {
    const { limiters } = waiter.caller;
    if (this.#limiters.length === 0 && limiters.length === 0) return 0;
    const now = this.#clock.now();
    const ms = longestWaitMs(this.#limiters, now, waiter, this.#running);
    return limiters.length === 0 ? ms : Math.max(ms, longestWaitMs(limiters, now, waiter, waiter.caller.running));
  }

  /** Sends the first waiter to the gate if it may go. A loop: a start frees the way for the next at once. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#alarm.clear();
    while (!this.#isAtGate) {
      const waiter = this.#waiting.head;
      if (!waiter) break;
      if (waiter.isCancelled || this.#refusalOf(waiter)) {
        this.#waiting.shift(waiter);
        this.#isRejected(waiter);
        continue;
      }
      if (!this.#mayGo(waiter)) break;
      this.#noteLimited(waiter);
      this.#waiting.shift(waiter);
      this.#isAtGate = true;
      this.#gate.enter(waiter, this);
    }
    this.#isPumping = false;
  }

  /** Whether the gate may have it. If not, something will call `#pump` again. */
  #mayGo(waiter: Waiter): boolean {
    const hasBackpressure = waiter.caller.hasBackpressure();
    const waitMs = hasBackpressure ? Number.POSITIVE_INFINITY : this.#waitMs(waiter);
    if (waitMs === 0) return true;
    if (waitMs !== Number.POSITIVE_INFINITY) {
      this.#limitedSinceMs ??= this.#clock.now();
      this.#alarm.set(waitMs, { isExact: this.#pacer?.isExact ?? false });
    } else if (hasBackpressure || waiter.caller.limiters.length > 0) {
      this.#limitedSinceMs ??= this.#clock.now();
      this.#stalled.add(this);
      if (!hasBackpressure && waiter.caller.running === 0) this.#askForEnd(waiter);
    }
    return false;
  }

  /** Its run has nothing in flight: what the run itself makes wait, waits for ever. */
  #askForEnd(waiter: Waiter): void {
    const { caller } = waiter;
    const isOwn = longestWaitMs(caller.limiters, this.#clock.now(), waiter, 0) === Number.POSITIVE_INFINITY;
    if (isOwn) caller.exhausted(waiter);
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

/** Each lane that may start now does, in the order in which they stalled; the others are stalled again. */
export function wakeAll(stalled: LaneOptions['stalled']): void {
  const lanes = [...stalled];
  stalled.clear();
  for (const lane of lanes) lane.wake();
}
