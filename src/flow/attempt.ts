import { Failure } from '../record/failure.ts';
import type { AttemptEntry, CallContext, Job, Outcome, Result, Timings } from '../record/job.ts';
import type { Clock } from './clock.ts';
import type { Lanes } from './lanes.ts';
import { type Decision, decide, type RetryPolicy } from './retry.ts';
import type { Ending } from './signals.ts';

/** Makes one call. Reports what came of it as an outcome, also its failures; throws only what is a bug. */
export type Attempt<Payload, Value, State> = (
  job: Job<Payload>,
  context: CallContext<State>,
) => Promise<Outcome<Value, State>>;

/** What happens to a job on its way, for those who watch. */
export type FlowEvent<Payload, State> =
  | { kind: 'attempt'; job: Job<Payload>; entry: AttemptEntry; state: State | null }
  | { kind: 'hop'; job: Job<Payload>; lane: string; state: State }
  | { kind: 'retry'; job: Job<Payload>; failure: Failure; delayMs: number }
  | { kind: 'hold'; job: Job<Payload>; lane: string; failure: Failure; ms: number }
  | { kind: 'close'; job: Job<Payload>; lane: string; failure: Failure; ms: number };

/** What every job of a run shares. */
export type AttemptOptions<Payload, Value, State> = {
  attempt: Attempt<Payload, Value, State>;
  laneOf: (job: Job<Payload>) => string;
  lanes: Lanes;
  ending: Ending;
  policy: RetryPolicy;
  /** One attempt's time in slots, all its hops together, in milliseconds; 0 is no limit. */
  timeoutMs: number;
  /** When the run's deadline comes on `clock`; Infinity without one. */
  deadlineAtMs: number;
  clock: Clock;
  random: () => number;
  /** Keep a log of every attempt in the result. */
  keepsLog: boolean;
  observe: ((event: FlowEvent<Payload, State>) => void) | null;
};

/** One job through its attempts: lane, gate, attempt, and again where that may help. Never rejects but for a bug. */
export function settle<Payload, Value, State>(
  job: Job<Payload>,
  options: AttemptOptions<Payload, Value, State>,
): Promise<Result<Payload, Value>> {
  return new Course(job, options).run();
}

class Course<Payload, Value, State> {
  readonly #job: Job<Payload>;
  readonly #options: AttemptOptions<Payload, Value, State>;
  readonly #startedMs: number;
  readonly #timings: Timings = { queuedMs: 0, limitedMs: 0, totalMs: 0 };
  readonly #log: AttemptEntry[] | null;
  #attempts = 0;
  #hops = 0;
  #retriesUsed = 0;
  #heldMs = 0;
  /** The current attempt's time in slots. */
  #durationMs: number | null = null;
  #value: Value | null = null;
  #lastFailure: Failure | null = null;

  constructor(job: Job<Payload>, options: AttemptOptions<Payload, Value, State>) {
    this.#job = job;
    this.#options = options;
    this.#startedMs = options.clock.now();
    this.#log = options.keepsLog ? [] : null;
  }

  async run(): Promise<Result<Payload, Value>> {
    if (this.#job.failure) return this.#result(this.#job.failure);
    const { lanes, laneOf, ending, clock } = this.#options;
    let lane = laneOf(this.#job);
    let state: State | null = null;
    for (;;) {
      let release: () => void;
      try {
        release = await lanes.get(lane).acquire({ timings: this.#timings, isHop: state !== null });
      } catch (refusal) {
        return this.#result(this.#ended(refusal));
      }
      const outcome: Outcome<Value, State> = await this.#call(lane, state);
      // Inside the slot still, so that a refused lane is held before another of its jobs can start.
      const decision = outcome.kind === 'retry' ? this.#decide(lane, outcome) : null;
      release();
      if (outcome.kind === 'next') {
        this.#hops += 1;
        state = outcome.state;
        lane = outcome.lane;
        continue;
      }
      this.#value = outcome.value;
      if (outcome.kind === 'done' || decision === null) return this.#result(outcome.failure);
      this.#lastFailure = outcome.failure;
      if (decision.kind === 'give up') return this.#result(givenUp(outcome.failure, decision));
      if (ending.reason) return this.#result(this.#ended(ending.reason));
      if (decision.usesRetry) this.#retriesUsed += 1;
      this.#heldMs += decision.holdMs ?? 0;
      const sleptFromMs = clock.now();
      await ending.sleep(decision.delayMs);
      this.#timings.limitedMs += clock.now() - sleptFromMs;
      state = null;
      lane = laneOf(this.#job);
    }
  }

  /** One call in its slot, with its clock. Never rejects. */
  async #call(lane: string, state: State | null): Promise<Outcome<Value, State>> {
    const { attempt, ending, clock, timeoutMs } = this.#options;
    if (state === null) {
      this.#attempts += 1;
      this.#hops = 0;
      this.#durationMs = null;
    }
    const usedMs = this.#durationMs ?? 0;
    const startedMs = clock.now();
    const scope = ending.open();
    const timer =
      timeoutMs > 0
        ? clock.setTimeout(() => scope.cancel(timeUp(timeoutMs, this.#hops)), Math.max(1, timeoutMs - usedMs))
        : undefined;
    let outcome: Outcome<Value, State>;
    try {
      outcome = await attempt(this.#job, { attempt: this.#attempts, state, scope });
    } catch (error) {
      outcome = { kind: 'retry', value: null, failure: asFailure(error) };
    }
    clock.clearTimeout(timer);
    ending.release(scope);
    const spentMs = clock.now() - startedMs;
    this.#durationMs = usedMs + spentMs;
    this.#note(outcome, { lane, state, spentMs });
    return outcome;
  }

  /** Decides about another attempt, and does to the lane what the server asked for. */
  #decide(laneName: string, outcome: Outcome<Value, State> & { kind: 'retry' }): Decision {
    const { policy, random, deadlineAtMs, clock, lanes, observe } = this.#options;
    const { failure, hold } = outcome;
    const refusal = {
      failure,
      ...(hold ? { hold } : {}),
      retriesUsed: this.#retriesUsed,
      heldMs: this.#heldMs,
      leftMs: deadlineAtMs - clock.now(),
    };
    const decision = decide(refusal, policy, random);
    const lane = lanes.get(laneName);
    if (decision.holdMs !== null) {
      lane.hold(decision.holdMs);
      observe?.({ kind: 'hold', job: this.#job, lane: laneName, failure, ms: decision.holdMs });
    }
    if (decision.closeMs !== null) {
      lane.close(decision.closeMs, closedLane(laneName, decision.closeMs, failure));
      observe?.({ kind: 'close', job: this.#job, lane: laneName, failure, ms: decision.closeMs });
    }
    if (decision.kind === 'again' && decision.holdMs === null) {
      observe?.({ kind: 'retry', job: this.#job, failure, delayMs: decision.delayMs });
    }
    return decision;
  }

  #note(
    outcome: Outcome<Value, State>,
    { lane, state, spentMs: durationMs }: { lane: string; state: State | null; spentMs: number },
  ): void {
    const { observe } = this.#options;
    if (!observe && !this.#log) return;
    const failure = outcome.kind === 'next' ? null : outcome.failure;
    const entry = { attempt: this.#attempts, lane, durationMs, failure };
    this.#log?.push(entry);
    observe?.({ kind: 'attempt', job: this.#job, entry, state });
    if (outcome.kind === 'next') observe?.({ kind: 'hop', job: this.#job, lane: outcome.lane, state: outcome.state });
  }

  /** The run or the lane would not let the job go on: that, with the job's own last failure beneath it. */
  #ended(refusal: unknown): Failure {
    const failure = refusal instanceof Failure ? refusal : asFailure(refusal);
    if (!this.#lastFailure) return failure;
    const { phase, retryable } = failure;
    return new Failure(failure.code, failure.message, { phase, retryable, cause: this.#lastFailure });
  }

  #result(failure: Failure | null): Result<Payload, Value> {
    const { reason } = this.#options.ending;
    const isRunsEnd = failure !== null && failure === reason && this.#lastFailure !== null;
    this.#timings.totalMs = this.#options.clock.now() - this.#startedMs;
    return {
      job: this.#job,
      value: this.#value,
      failure: isRunsEnd ? this.#ended(failure) : failure,
      attempts: this.#attempts,
      hops: this.#hops,
      durationMs: this.#durationMs,
      timings: this.#timings,
      ...(this.#log ? { log: this.#log } : {}),
    };
  }
}

function timeUp(timeoutMs: number, hops: number): Failure {
  const over = hops > 0 ? ` (${hops} redirects included)` : '';
  return new Failure('timeout', `not finished after ${timeoutMs / 1000} s${over}`, {
    phase: hops > 0 ? 'total' : null,
    retryable: true,
  });
}

/** A failure that could have waited says why it did not. */
function givenUp(failure: Failure, { closeMs }: Decision): Failure {
  if (closeMs === null) return failure;
  const { code, phase, retryable, cause } = failure;
  return new Failure(code, `${failure.message}, ${tooLong(closeMs)}`, { phase, retryable, cause });
}

function tooLong(ms: number): string {
  return `asking to be left alone for ${Math.ceil(ms / 1000)} s: longer than allowed (--retry-after-max, --deadline)`;
}

function closedLane(lane: string, ms: number, cause: Failure): Failure {
  return new Failure('rate_limited', `not called: ${lane} refused another call, ${tooLong(ms)}`, {
    retryable: true,
    cause,
  });
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('error', message, { cause: error });
}
