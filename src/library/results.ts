import type { Attempt } from '../flow/attempt.ts';
import type { LaneLimits } from '../flow/lane-options.ts';
import { run as runEngine } from '../flow/run.ts';
import type { RunEnd } from '../flow/run-options.ts';
import { Failure, isRunsEnd } from '../record/failure.ts';
import type { Result } from '../record/job.ts';
import { onAbort } from './child-signal.ts';
import { asJobResult, type JobResult } from './job-result.ts';
import { engineSettings, type RunOptions } from './library-options.ts';
import { type AttemptContext, engineAttempt } from './own-attempt.ts';
import { answersAtOnce, type Payload, Source } from './source.ts';

/** The results of a run, to be looped over once. */
export type Results<Job, Value> = AsyncIterableIterator<JobResult<Job, Value>> & {
  /** How the run ended, once it has; null before, and when its source broke. */
  readonly end: RunEnd | null;
};

/**
 * Runs `attempt` for each of `jobs`, so many at once and so many a second as the options say, and gives each job that
 * is read exactly one result.
 *
 *     for await (const result of run(urls, load, { concurrency: 20, rate: '50/s', signal })) {
 *       if (result.ok) console.log(result.job, result.value);
 *       else console.error(result.job, result.error.message);
 *     }
 *
 * - `jobs` are values of your own in anything that can be iterated, also without end. They are read as they are needed,
 *   and a loop that takes its time slows the reading down (`window`).
 * - `attempt` is an async function: what it returns is the result's `value`, what it throws makes the job fail. A failure
 *   is final unless it is retryable: throw `retry(error)`, or a `Failure` that says so.
 * - Nothing runs before the loop begins. A run can be looped over once.
 *
 * How it ends, always with nothing left running, no timer and no listener:
 * - Every job is done: the loop ends. **A loop that ends without an error has seen a result of every job**, unless
 *   `drain` was aborted. Failed jobs are results and not errors.
 * - The loop is left (`break`, `return`, `throw`): what runs is cancelled, and awaited before the loop statement ends.
 *   Its results are lost.
 * - `signal` aborts: what runs is cancelled. Every job that was read still gives its result, those not done with the code
 *   `cancelled`; then the loop throws the signal's reason. The same for `deadlineMs` (the code is `deadline`, and it
 *   throws such a `Failure`), and for `failFast` and `maxFailures` (it throws the failure that was one too many).
 * - `drain` aborts: nothing new starts and what runs may finish; jobs that were read and not begun are `cancelled`; the
 *   loop ends. `signal` may still cut it short.
 * - The source throws: the same as `signal`, and the loop throws the source's error.
 *
 * Cancelling aborts each attempt's `signal` and awaits the attempt: one that ignores its signal is waited for. A source
 * that is left early is told so (`finally` in a generator runs) and awaited, though for a second at most when it was busy
 * with its next value: one that may wait for ever should listen to the same signal.
 *
 * Throws a TypeError at once when an option is wrong.
 */
export function run<Job, Value>(
  jobs: Iterable<Job> | AsyncIterable<Job>,
  attempt: (job: Job, context: AttemptContext) => Promise<Value>,
  options: RunOptions<Job> = {},
): Results<Job, Value> {
  if (typeof attempt !== 'function') throw new TypeError('attempt: expected an async function');
  return new ResultLoop(jobs, attempt, options);
}

type Taker<T> = { resolve: (next: IteratorResult<T, undefined>) => void; reject: (error: unknown) => void };

/** Stands between the engine, which pushes results, and the loop, which pulls them. */
class ResultLoop<Job, Value> implements AsyncIterableIterator<JobResult<Job, Value>> {
  /** For a run that reads from this one: see `Source`. */
  readonly [answersAtOnce] = true;
  readonly #source: Source<Job>;
  readonly #attempt: Attempt<Payload<Job>, Value, never>;
  readonly #signal: AbortSignal | undefined;
  readonly #drain: AbortSignal | undefined;
  readonly #settings: ReturnType<typeof engineSettings<Job>>;
  readonly #stop = new AbortController();
  /** Results that nobody has taken yet. `taken` lets the engine read on. */
  readonly #untaken: { result: JobResult<Job, Value>; taken: () => void }[] = [];
  /** Calls of `next` that wait for a result. */
  readonly #takers: Taker<JobResult<Job, Value>>[] = [];
  #running: Promise<void> | null = null;
  #isLeft = false;
  #isOver = false;
  /** Jobs that the run's end has cut off. */
  #cut = 0;
  /** What the loop is still to throw. */
  #error: { readonly value: unknown } | null = null;
  #closingError: { readonly value: unknown } | null = null;
  #end: RunEnd | null = null;

  constructor(
    jobs: Iterable<Job> | AsyncIterable<Job>,
    attempt: (job: Job, context: AttemptContext) => Promise<Value>,
    options: RunOptions<Job>,
  ) {
    this.#settings = engineSettings(options);
    this.#source = new Source(jobs, this.#settings.lane);
    this.#attempt = engineAttempt(attempt);
    this.#signal = options.signal;
    this.#drain = options.drain;
  }

  get end(): RunEnd | null {
    return this.#end;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<JobResult<Job, Value>, undefined>> {
    if (!this.#isOver) this.#running ??= this.#run();
    const first = this.#untaken.shift();
    if (first) {
      first.taken();
      return Promise.resolve({ done: false, value: first.result });
    }
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject });
      if (this.#isOver) this.#dismissTakers();
    });
  }

  /** Leaves the loop: cancels what runs, and awaits it. Rejects when the source fails to clean up. */
  async return(): Promise<IteratorResult<JobResult<Job, Value>, undefined>> {
    this.#isLeft = true;
    if (!this.#running) this.#isOver = true;
    this.#stop.abort(new Failure('cancelled', 'the loop over the results was left'));
    for (const { taken } of this.#untaken.splice(0)) taken();
    await this.#running;
    if (this.#closingError) throw this.#closingError.value;
    return { done: true, value: undefined };
  }

  /** Runs the engine to its end. Never rejects: what went wrong is for the loop to throw. */
  async #run(): Promise<void> {
    const ignore = onAbort(this.#signal, () => this.#stop.abort(this.#signal?.reason));
    try {
      const end = await runEngine({
        ...this.#settings,
        source: this.#source,
        attempt: this.#attempt,
        laneOf: ({ payload }) => payload.lane,
        limitsOf: (lane) => this.#limitsOf(lane),
        emit: (result) => this.#give(result),
        signal: this.#stop.signal,
        ...(this.#drain ? { drain: this.#drain } : {}),
      });
      this.#end = end.kind === 'deadline' && end.isAllRead && this.#cut === 0 ? { ...end, kind: 'completed' } : end;
      this.#error ??= this.#errorOf(this.#end);
    } catch (error) {
      this.#error ??= { value: error };
    }
    await this.#source.closed(this.#settings.clock).catch((error) => {
      this.#closingError = { value: error };
    });
    ignore();
    // Who has left the loop is only told what went wrong in leaving.
    this.#error = this.#isLeft ? null : (this.#error ?? this.#closingError);
    this.#isOver = true;
    this.#dismissTakers();
  }

  /** The caller's limits. When they cannot be told, the run ends and the loop throws why. */
  #limitsOf(lane: string): LaneLimits {
    try {
      return this.#settings.limitsOf(lane);
    } catch (error) {
      this.#error ??= { value: error };
      this.#stop.abort(error);
      return { concurrency: null, rate: null };
    }
  }

  /** Hands a result to the loop. The promise is pending until the loop has taken it. */
  #give(engineResult: Result<Payload<Job>, Value>): void | Promise<void> {
    const result = asJobResult(engineResult);
    if (result.error && isRunsEnd(result.error.code)) this.#cut += 1;
    if (this.#isLeft) return;
    const taker = this.#takers.shift();
    if (!taker) return new Promise((taken) => this.#untaken.push({ result, taken }));
    taker.resolve({ done: false, value: result });
  }

  #errorOf({ kind, reason }: RunEnd): { value: unknown } | null {
    if (kind === 'aborted' || (kind === 'drained' && this.#signal?.aborted)) return { value: this.#signal?.reason };
    if (kind === 'failures') return { value: reason };
    if (kind !== 'deadline') return null;
    return { value: new Failure('deadline', `the run's ${this.#settings.deadlineMs / 1000} s were over`) };
  }

  /** Tells those who wait for another result that there is none: the first one why, if there is a reason. */
  #dismissTakers(): void {
    for (const taker of this.#takers.splice(0)) {
      const error = this.#error;
      this.#error = null;
      if (error) taker.reject(error.value);
      else taker.resolve({ done: true, value: undefined });
    }
  }
}
