import type { Failure } from '../record/failure.ts';
import type { AttemptEntry, Job, Outcome, Part, Result, Timings } from '../record/job.ts';
import type { CourseOptions } from './attempt.ts';
import type { Caller } from './caller.ts';
import { asFailure, closedLane, emptyLane, givenUp, timeUp } from './job-failures.ts';
import type { Lane } from './lane.ts';
import { type Decision, decide } from './retry.ts';
import type { Scope } from './signals.ts';
import type { Answer, Waiter } from './waiter.ts';

type Release = Parameters<Waiter['begin']>[0];

const nothing = { failure: null, value: null };

/** A call that is being made. */
type Call = {
  readonly scope: Scope;
  readonly startedMs: number;
  readonly usedMs: number;
};

/**
 * One way of a job through its attempts: lane, gate, call, and again where that may help, until it has a result. Jobs of
 * several parts give a result for each. It stands in its lane itself, with no promise or closure of its own, since a
 * thousand of them wait there at a time.
 *
 * It settles exactly once, whatever happens: by its last result, or by `cancel`.
 */
export class Course<Payload, Value, State> implements Waiter {
  readonly #job: Job<Payload>;
  readonly #options: CourseOptions<Payload, Value, State>;
  readonly #settled: (result: Result<Payload, Value>) => void;
  #bornMs: number;
  timings: Timings = { queuedMs: 0, limitedMs: 0, totalMs: 0 };
  sinceMs: number;
  #log: AttemptEntry[] | null = null;
  #attempts = 0;
  #hops = 0;
  #retriesUsed = 0;
  #heldMs = 0;
  /** The current attempt's time in slots. */
  #durationMs: number | null = null;
  #lane = '';
  /** The lane of that name, while it is in it. */
  #in: Lane | null = null;
  /** What the call before handed on; null before the first call of the job. */
  #state: State | null = null;
  /** Where an attempt begins: at the first call, or behind the last part. */
  #startState: State | null = null;
  #isHop = false;
  /** Results given so far; the job has several where this is not 0 at its end. */
  #parts = 0;
  #isSettled = false;
  /** The call in flight. */
  #scope: Scope | null = null;
  /** Ends the sleep before a retry. */
  #wake: (() => void) | null = null;
  #value: Value | null = null;
  #release: Release | null = null;
  #lastFailure: Failure | null = null;

  /** `settled` takes the results: one, or one for each part. */
  constructor(
    job: Job<Payload>,
    options: CourseOptions<Payload, Value, State>,
    settled: (result: Result<Payload, Value>) => void,
  ) {
    this.#job = job;
    this.#options = options;
    this.#settled = settled;
    this.#bornMs = options.clock.now();
    this.sinceMs = this.#bornMs;
    if (options.keepsLog) this.#log = [];
  }

  get isHop(): boolean {
    return this.#isHop;
  }

  get isCancelled(): boolean {
    return this.#isSettled;
  }

  get caller(): Caller {
    return this.#options.caller;
  }

  /** Anew each time: while it waits, the answers of others make the estimate better. */
  get tokens(): number {
    return this.#options.tokens?.estimate(this.#job) ?? 0;
  }

  /** Starts it. */
  start(): void {
    this.#beginAttempt();
  }

  /**
   * Ends it wherever it is: it settles with `reason`, at once where it waits, and when its call has ended where one is in
   * flight. Does nothing to a course that has settled.
   */
  cancel(reason: Failure): void {
    if (this.#isSettled) return;
    if (this.#scope) this.#scope.cancel(reason);
    else this.reject(reason);
    this.#wake?.();
  }

  /** The first call of a job knows its lane by the job; one behind a part by what the part said. */
  #beginAttempt(): void {
    this.#state = this.#startState;
    this.#isHop = false;
    this.#enter(this.#startState === null ? this.#options.laneOf(this.#job) : this.#lane);
  }

  #enter(lane: string): void {
    this.#lane = lane;
    this.#in = this.#options.lanes.get(lane);
    this.#in.enter(this);
  }

  /** The lane and the gate let it start. `release` gives the slot back. */
  begin(release: Release, nowMs: number): void {
    this.#release = release;
    this.#call(nowMs).catch((error) => {
      this.#free({ wasRefused: false });
      this.#options.broken(this.#job, error);
    });
  }

  /** The lane will never let it start, or the run has ended. */
  reject(refusal: Failure): void {
    const cause = this.#lastFailure;
    this.#settle(cause ? refusal.with({ cause }) : refusal);
  }

  /** Releases the slot, once. */
  #free(answer: Answer): void {
    this.#release?.(answer);
    this.#release = null;
  }

  async #call(startedMs: number): Promise<void> {
    const { attempt, ending } = this.#options;
    const call = this.#open(startedMs);
    let outcome: Outcome<Value, State>;
    try {
      outcome = await attempt(this.#job, { attempt: this.#attempts, state: this.#state, scope: call.scope });
    } catch (error) {
      outcome = { kind: 'retry', value: null, failure: asFailure(error) };
    }
    const endedMs = this.#close(call, outcome);
    // Inside the slot still, so that a refused lane is held before another of its jobs can start.
    const decision = outcome.kind === 'retry' ? this.#decide(outcome) : null;
    const failure = outcome.kind === 'next' ? (outcome.part?.failure ?? null) : outcome.failure;
    const wasRefused = outcome.kind === 'retry' && outcome.hold !== undefined;
    this.#free({ failure, wasRefused, cost: outcome.cost ?? null });
    if (outcome.kind === 'next') return this.#goOn(outcome, endedMs);
    this.#value = outcome.value;
    if (failure === null || decision === null) {
      // An attempt that was cut says so; what failed before it lies beneath.
      const isCut = failure !== null && failure === call.scope.reason && failure.code !== 'timeout';
      if (isCut) this.reject(failure);
      else this.#settle(failure, endedMs);
      return;
    }
    this.#lastFailure = failure;
    const cut = call.scope.reason;
    if (decision.kind === 'give up') this.#settle(givenUp(failure, decision));
    else if (ending.reason) this.reject(ending.reason);
    else if (cut && cut.code !== 'timeout') this.reject(cut);
    else await this.#again(decision);
  }

  #open(startedMs: number): Call {
    const { ending, timeoutMs } = this.#options;
    if (!this.#isHop) {
      this.#attempts += 1;
      this.#hops = 0;
      this.#durationMs = null;
    }
    const usedMs = this.#durationMs ?? 0;
    const atMs = startedMs + Math.max(1, timeoutMs - usedMs);
    const limit = timeoutMs > 0 ? { atMs, reason: () => timeUp(timeoutMs, this.#hops) } : null;
    const scope = ending.open(this.#in?.isPaced ? this.#in : null, limit);
    this.#scope = scope;
    return { scope, startedMs, usedMs };
  }

  /** Gives the time at which it ended. */
  #close({ scope, startedMs, usedMs }: Call, outcome: Outcome<Value, State>): number {
    const { ending, clock, observe } = this.#options;
    ending.release(scope);
    this.#scope = null;
    const endedMs = clock.now();
    const durationMs = endedMs - startedMs;
    this.#durationMs = usedMs + durationMs;
    if (!observe && !this.#log) return endedMs;
    const { failure, value } = outcome.kind === 'next' ? (outcome.part ?? nothing) : outcome;
    const entry = { attempt: this.#attempts, lane: this.#lane, durationMs, failure };
    this.#log?.push(entry);
    observe?.({ kind: 'attempt', job: this.#job, entry, state: this.#state, value });
    return endedMs;
  }

  #goOn({ state, lane, part }: Outcome<Value, State> & { kind: 'next' }, endedMs: number): void {
    if (this.#isSettled) return;
    if (part) this.#give(part, endedMs);
    this.sinceMs = this.#options.clock.now();
    this.#state = state;
    if (part) {
      this.#startState = state;
      this.#lane = lane;
      this.#beginAttempt();
      return;
    }
    this.#options.observe?.({ kind: 'hop', job: this.#job, lane, state });
    this.#hops += 1;
    this.#isHop = true;
    this.#enter(lane);
  }

  /** A part is a result of its own; what counts attempts and waits begins anew behind it. */
  #give({ value, failure }: Part<Value>, endedMs: number): void {
    this.#value = value;
    this.#settled(this.#result(failure, endedMs, { index: this.#parts, isLast: false }));
    this.#parts += 1;
    this.#value = null;
    this.#lastFailure = null;
    this.#attempts = 0;
    this.#hops = 0;
    this.#retriesUsed = 0;
    this.#heldMs = 0;
    this.#durationMs = null;
    this.#bornMs = endedMs;
    this.timings = { queuedMs: 0, limitedMs: 0, totalMs: 0 };
    if (this.#log) this.#log = [];
  }

  async #again({ usesRetry, holdMs, delayMs }: Decision): Promise<void> {
    if (this.#isSettled) return;
    const { ending, clock } = this.#options;
    if (usesRetry) this.#retriesUsed += 1;
    this.#heldMs += holdMs ?? 0;
    const sleptFromMs = clock.now();
    await ending.sleep(delayMs, (wake) => {
      this.#wake = wake;
    });
    this.#wake = null;
    if (this.#isSettled) return;
    this.sinceMs = clock.now();
    this.timings.limitedMs += this.sinceMs - sleptFromMs;
    this.#beginAttempt();
  }

  /** Decides about another attempt, and does to the lane what the server asked for. */
  #decide(outcome: Outcome<Value, State> & { kind: 'retry' }): Decision {
    const { failure } = outcome;
    const { policy, random, deadlineAtMs, clock, observe } = this.#options;
    const job = this.#job;
    const lane = this.#lane;
    const used = { retriesUsed: this.#retriesUsed, heldMs: this.#heldMs, leftMs: deadlineAtMs - clock.now() };
    const decision = decide({ ...outcome, ...used }, policy, random);
    const { kind, usesRetry, holdMs, closeMs, delayMs } = decision;
    if (failure.code === 'quota') {
      // Waiting does not help an empty account: nobody else need ask it.
      this.#in?.close(Number.POSITIVE_INFINITY, emptyLane(lane, failure));
      observe?.({ kind: 'close', job, lane, failure, ms: Number.POSITIVE_INFINITY });
    } else if (holdMs !== null) {
      const isHeld = this.#in?.hold(holdMs, { isGuess: usesRetry }) ?? false;
      if (isHeld) observe?.({ kind: 'hold', job, lane, failure, ms: holdMs });
      else if (kind === 'again') observe?.({ kind: 'retry', job, failure, delayMs: holdMs });
      // Where the lane goes on, the job waits by itself.
      return isHeld ? decision : { ...decision, delayMs: holdMs };
    } else if (closeMs !== null) {
      this.#in?.close(closeMs, closedLane(lane, closeMs, failure));
      observe?.({ kind: 'close', job, lane, failure, ms: closeMs });
    } else if (kind === 'again') {
      observe?.({ kind: 'retry', job, failure, delayMs });
    }
    return decision;
  }

  #settle(failure: Failure | null, nowMs = this.#options.clock.now()): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#settled(this.#result(failure, nowMs, this.#parts > 0 ? { index: this.#parts, isLast: true } : null));
  }

  #result(failure: Failure | null, nowMs: number, part: Result<Payload, Value>['part'] | null): Result<Payload, Value> {
    this.timings.totalMs = nowMs - this.#bornMs;
    const result = {
      job: this.#job,
      value: this.#value,
      failure,
      attempts: this.#attempts,
      hops: this.#hops,
      durationMs: this.#durationMs,
      timings: this.timings,
      log: this.#log,
    };
    return part ? { ...result, part } : result;
  }
}
