import type { Failure } from '../record/failure.ts';
import type { AttemptEntry, Cost, Job, Outcome, Timings } from '../record/job.ts';
import type { ExecutionOptions } from './attempt.ts';
import { asFailure, closedLane, emptyLane, givenUp, timeUp } from './job-failures.ts';
import type { Lane } from './lane.ts';
import { type Decision, decide } from './retry.ts';
import type { Landed } from './sharing.ts';
import type { Scope } from './signals.ts';
import type { Waiter } from './waiter.ts';

type Release = Parameters<Waiter['begin']>[0];

/** A call that is being made. */
type Call = {
  readonly scope: Scope;
  readonly startedMs: number;
  readonly usedMs: number;
};

/**
 * One job through its attempts: lane, gate, call, and again where that may help, until it has its result. It stands in
 * its lane itself, with no promise or closure of its own, since a thousand of them wait there at a time.
 */
export class Execution<Payload, Value, State> implements Waiter {
  readonly #job: Job<Payload>;
  readonly #options: ExecutionOptions<Payload, Value, State>;
  readonly #bornMs: number;
  readonly timings: Timings = { queuedMs: 0, limitedMs: 0, totalMs: 0 };
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
  /** What the hop before handed on; null before the first call of an attempt. */
  #state: State | null = null;
  #value: Value | null = null;
  #release: Release | null = null;
  #lastFailure: Failure | null = null;

  constructor(job: Job<Payload>, options: ExecutionOptions<Payload, Value, State>) {
    this.#job = job;
    this.#options = options;
    this.#bornMs = options.clock.now();
    this.sinceMs = this.#bornMs;
    if (options.keepsLog) this.#log = [];
  }

  get isHop(): boolean {
    return this.#state !== null;
  }

  /** Anew each time: while it waits, the answers of others make the estimate better. */
  get tokens(): number {
    return this.#options.tokens?.estimate(this.#job) ?? 0;
  }

  /** Sets the job going. */
  run(): void {
    if (this.#job.failure) {
      this.#settle(this.#job.failure);
      return;
    }
    const { sharing } = this.#options;
    if (this.#attempts === 0 && sharing && !sharing.isFirst(this.#job, (landed) => this.#take(landed))) return;
    this.#enter(this.#options.laneOf(this.#job));
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
      this.#free(false, null);
      this.#options.broken(this.#job, error);
    });
  }

  /** The lane will never let it start, or the run has ended. */
  dismiss(refusal: Failure): void {
    const cause = this.#lastFailure;
    this.#settle(cause ? refusal.with({ cause }) : refusal);
  }

  /** Gives the slot back, once. */
  #free(wasRefused: boolean, cost: Cost | null): void {
    this.#release?.({ wasRefused, cost });
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
    const cost = outcome.kind === 'next' ? null : (outcome.cost ?? null);
    this.#free(outcome.kind === 'retry' && outcome.hold !== undefined, cost);
    if (outcome.kind === 'next') return this.#goOn(outcome.state, outcome.lane);
    this.#value = outcome.value;
    const { failure } = outcome;
    if (failure === null || decision === null) {
      // An attempt that the run's end has cut says so; what failed before it lies beneath.
      const isCut = failure !== null && failure === call.scope.reason && failure.code !== 'timeout';
      if (isCut) this.dismiss(failure);
      else this.#settle(failure, endedMs);
      return;
    }
    this.#lastFailure = failure;
    if (decision.kind === 'give up') this.#settle(givenUp(failure, decision));
    else if (ending.reason) this.dismiss(ending.reason);
    else await this.#again(decision);
  }

  #open(startedMs: number): Call {
    const { ending, timeoutMs } = this.#options;
    if (this.#state === null) {
      this.#attempts += 1;
      this.#hops = 0;
      this.#durationMs = null;
    }
    const usedMs = this.#durationMs ?? 0;
    const atMs = startedMs + Math.max(1, timeoutMs - usedMs);
    const limit = timeoutMs > 0 ? { atMs, reason: () => timeUp(timeoutMs, this.#hops) } : null;
    const scope = ending.open(this.#in?.isPaced ? this.#in : null, limit);
    return { scope, startedMs, usedMs };
  }

  /** Gives the time at which it ended. */
  #close({ scope, startedMs, usedMs }: Call, outcome: Outcome<Value, State>): number {
    const { ending, clock, observe } = this.#options;
    ending.release(scope);
    const endedMs = clock.now();
    const durationMs = endedMs - startedMs;
    this.#durationMs = usedMs + durationMs;
    if (!observe && !this.#log) return endedMs;
    const { failure, value } = outcome.kind === 'next' ? { failure: null, value: null } : outcome;
    const entry = { attempt: this.#attempts, lane: this.#lane, durationMs, failure };
    this.#log?.push(entry);
    observe?.({ kind: 'attempt', job: this.#job, entry, state: this.#state, value });
    return endedMs;
  }

  #goOn(state: State, lane: string): void {
    this.#options.observe?.({ kind: 'hop', job: this.#job, lane, state });
    this.#hops += 1;
    this.#state = state;
    this.sinceMs = this.#options.clock.now();
    this.#enter(lane);
  }

  async #again({ usesRetry, holdMs, delayMs }: Decision): Promise<void> {
    const { ending, clock } = this.#options;
    if (usesRetry) this.#retriesUsed += 1;
    this.#heldMs += holdMs ?? 0;
    this.#state = null;
    const sleptFromMs = clock.now();
    await ending.sleep(delayMs);
    this.sinceMs = clock.now();
    this.timings.limitedMs += this.sinceMs - sleptFromMs;
    this.run();
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

  /** Another job has made the same call, and this is what came of it. */
  #take({ value, failure, hops }: Landed<Value>): void {
    this.#value = value;
    this.#hops = hops;
    this.#settle(failure);
  }

  #settle(failure: Failure | null, nowMs = this.#options.clock.now()): void {
    const { settled, sharing } = this.#options;
    this.timings.totalMs = nowMs - this.#bornMs;
    settled({
      job: this.#job,
      value: this.#value,
      failure,
      attempts: this.#attempts,
      hops: this.#hops,
      durationMs: this.#durationMs,
      timings: this.timings,
      log: this.#log,
    });
    sharing?.land(this.#job, { value: this.#value, failure, hops: this.#hops });
  }
}
