import type { Failure } from '../record/failure.ts';
import type { Cancellation } from '../record/job.ts';
import { Alarm } from './alarm.ts';
import type { Clock } from './clock.ts';

/** Who keeps a pace, and wants to know when a request has left. */
export type Paced = { sent(): void };

/** When an attempt must be over, and what it fails with if it is not. */
export type Limit = { readonly atMs: number; reason(): Failure };

/**
 * A cancellation of its own for each attempt, so that no listener ever gathers on a signal that lives as long as the
 * run. Whoever starts an attempt cancels it here and awaits it.
 */
export class Scope implements Cancellation {
  readonly #paced: Paced | null;
  /** Null once it is over: who keeps the scope shall not keep the job. */
  limit: Limit | null;
  #reason: Failure | null = null;
  #controller: AbortController | null = null;
  #listener: ((reason: Failure) => void) | null = null;

  constructor(paced: Paced | null = null, limit: Limit | null = null) {
    this.#paced = paced;
    this.limit = limit;
  }

  get reason(): Failure | null {
    return this.#reason;
  }

  sent(): void {
    this.#paced?.sent();
  }

  /** Made when first asked for: it costs more than all the rest. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  onCancel(listener: ((reason: Failure) => void) | null): void {
    if (this.#reason) listener?.(this.#reason);
    else this.#listener = listener;
  }

  cancel(reason: Failure): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#listener?.(reason);
    this.#listener = null;
  }
}

/**
 * The run's ending as it comes down to everything that waits or runs. `drain` lets attempts in flight finish,
 * `abort` does not. Each happens once; the first reason stays. It also ends each attempt at its own limit.
 */
export class Ending {
  readonly #clock: Clock;
  readonly #running = new Set<Scope>();
  readonly #sleepers = new Set<() => void>();
  readonly #listeners = new Set<() => void>();
  #reason: Failure | null = null;
  #isAborted = false;
  /** One for all attempts: to set one for each and call it off takes 2% of an attempt's CPU. */
  readonly #limitAlarm: Alarm;
  #limitAlarmMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#limitAlarm = new Alarm(clock, () => this.#timeUp());
  }

  /** Why nothing new starts, or null while things go on. */
  get reason(): Failure | null {
    return this.#reason;
  }

  get isAborted(): boolean {
    return this.#isAborted;
  }

  /** Nothing new starts, sleepers wake; what runs goes on. */
  drain(reason: Failure): void {
    this.#reason ??= reason;
    this.#tell();
  }

  /** Nothing new starts, and what runs is cancelled. */
  abort(reason: Failure): void {
    this.#reason ??= reason;
    this.#isAborted = true;
    for (const scope of this.#running) scope.cancel(reason);
    this.#tell();
  }

  /** Calls `listener` at each step of the ending: when draining begins and when it becomes an abort. */
  listen(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** A scope for an attempt that `paced` wants to hear of, cancelled at its limit; give it back to `release`. */
  open(paced: Paced | null = null, limit: Limit | null = null): Scope {
    const scope = new Scope(paced, limit);
    if (this.#isAborted && this.#reason) scope.cancel(this.#reason);
    this.#running.add(scope);
    if (limit) this.#watch(limit);
    return scope;
  }

  release(scope: Scope): void {
    this.#running.delete(scope);
    scope.limit = null;
    if (this.#running.size === 0) this.#watchNobody();
  }

  /** Waits `ms`, or less when the run ends, or when the function is called that `onSleep` takes. */
  sleep(ms: number, onSleep?: (wake: () => void) => void): Promise<void> {
    if (this.#reason || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#clock.clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = this.#clock.setTimeout(wake, ms);
      this.#sleepers.add(wake);
      onSleep?.(wake);
    });
  }

  #watch({ atMs }: Limit): void {
    if (atMs >= this.#limitAlarmMs) return;
    this.#limitAlarmMs = atMs;
    // What was cancelled just now may have taken its time.
    this.#limitAlarm.set(Math.max(0, atMs - this.#clock.now()), { isExact: false });
  }

  #watchNobody(): void {
    this.#limitAlarmMs = Number.POSITIVE_INFINITY;
    this.#limitAlarm.clear();
  }

  /** Rings no later than the first limit; whoever it was set for may be over by now. */
  #timeUp(): void {
    this.#watchNobody();
    const now = this.#clock.now();
    for (const scope of this.#running) {
      if (!scope.limit || scope.reason) continue;
      if (scope.limit.atMs <= now) scope.cancel(scope.limit.reason());
      else this.#watch(scope.limit);
    }
  }

  #tell(): void {
    for (const wake of this.#sleepers) wake();
    for (const listener of this.#listeners) listener();
  }
}
