import { Failure } from '../record/failure.ts';
import type { Outcome, Result, Timings } from '../record/job.ts';
import type { Attempt } from './attempt.ts';
import { onAbort } from './child-signal.ts';
import { engineSettings, type RunOptions } from './library-options.ts';
import { RetryRequest } from './retry-request.ts';
import { type RunEnd, run as runEngine } from './run.ts';
import { answersAtOnce, Source } from './source.ts';

/** What an attempt is told. */
export type AttemptContext = {
  /** Aborts when this attempt is to end: its time is up, the run was stopped, or the loop was left. Hand it on to whatever waits. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt, 2 for the first retry. */
  readonly attempt: number;
  /** The job's place in the order of reading, from 0. */
  readonly index: number;
};

/** What came of a job. `ok` tells the two forms apart. */
export type JobResult<Job, Value> = JobSuccess<Job, Value> | JobFailure<Job>;

type Settled<Job> = {
  /** The job's place in the order of reading, from 0. */
  readonly index: number;
  /** As it came from the source. */
  readonly job: Job;
  /** Attempts started; 0 when it was cancelled before its first. */
  readonly attempts: number;
  /** The last attempt's time in milliseconds; null without one. */
  readonly durationMs: number | null;
  /** Where the job's time went, in milliseconds. */
  readonly timings: Timings;
};

export type JobSuccess<Job, Value> = Settled<Job> & {
  readonly ok: true;
  /** What the attempt returned. */
  readonly value: Value;
  readonly error: null;
};

export type JobFailure<Job> = Settled<Job> & {
  readonly ok: false;
  readonly value: null;
  /**
   * Why. An error that the attempt threw is its `cause`, with the code `error`; `cancelled` and `deadline` are the run's doing,
   * and then an earlier attempt's failure is the `cause`.
   */
  readonly error: Failure;
};

/** The results of a run, to be looped over once. */
export type Results<Job, Value> = AsyncIterableIterator<JobResult<Job, Value>> & {
  /** How the run ended, once it has; null before. */
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
 * - `jobs` are values of your own in anything that can be iterated, also without end. They are read as they are needed, and a loop that
 *   takes its time slows the reading down (`window`).
 * - `attempt` is an async function: what it returns is the result's `value`, what it throws makes the job fail. A failure is final unless it is
 *   retryable: throw `retry(error)`, or a `Failure` that says so.
 * - Nothing runs before the loop begins. A run can be looped over once.
 *
 * How it ends, always with nothing left running, no timer and no listener:
 * - Every job is done: the loop ends. **A loop that ends without an error has seen a result of every job**, unless `drain` was
 *   aborted. Failed jobs are results and not errors.
 * - The loop is left (`break`, `return`, `throw`): what runs is cancelled, and awaited before the loop statement ends. Their results are lost.
 * - `signal` aborts: what runs is cancelled. Every job that was read still gives its result, those not done with the code `cancelled`;
 *   then the loop throws the signal's reason. The same for `deadlineMs` (code `deadline`, and it throws such a `Failure`), and for `failFast`
 *   and `maxFailures` (it throws the last failure that counted).
 * - `drain` aborts: nothing new starts and what runs may finish; jobs that were read and not begun are `cancelled`; the loop ends.
 * - The source throws: the same as `signal`, and the loop throws the source's error.
 *
 * Cancelling aborts each attempt's `signal` and awaits the attempt: one that ignores its signal is waited for. A source
 * that is left early is told so (`finally` in a generator runs) and awaited, unless it is busy with its next value.
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
  readonly #attempt: Attempt<Job, Value, never>;
  readonly #options: RunOptions<Job>;
  readonly #settings: ReturnType<typeof engineSettings<Job>>;
  readonly #stop = new AbortController();
  /** Results that nobody has taken yet. `taken` lets the engine read on. */
  readonly #untaken: { result: JobResult<Job, Value>; taken: () => void }[] = [];
  /** Calls of `next` that wait for a result. */
  readonly #takers: Taker<JobResult<Job, Value>>[] = [];
  #running: Promise<void> | null = null;
  #isLeft = false;
  #lastFailure: Failure | null = null;
  /** What the loop is still to throw. */
  #error: { readonly value: unknown } | null = null;
  #end: RunEnd | null = null;

  constructor(
    jobs: Iterable<Job> | AsyncIterable<Job>,
    attempt: (job: Job, context: AttemptContext) => Promise<Value>,
    options: RunOptions<Job>,
  ) {
    this.#source = new Source(jobs);
    this.#attempt = engineAttempt(attempt);
    this.#options = options;
    this.#settings = engineSettings(options);
  }

  get end(): RunEnd | null {
    return this.#end;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<JobResult<Job, Value>, undefined>> {
    if (!this.#isLeft) this.#running ??= this.#run();
    const first = this.#untaken.shift();
    if (first) {
      first.taken();
      return Promise.resolve({ done: false, value: first.result });
    }
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject });
      if (this.#isOver) this.#finish();
    });
  }

  /** Leaves the loop: cancels what runs, and awaits it. Rejects when the source fails to clean up. */
  async return(): Promise<IteratorResult<JobResult<Job, Value>, undefined>> {
    this.#isLeft = true;
    this.#stop.abort(new Failure('cancelled', 'the loop over the results was left'));
    for (const { taken } of this.#untaken.splice(0)) taken();
    await this.#running;
    this.#error = null;
    this.#finish();
    if (this.#running) await this.#source.closed();
    return { done: true, value: undefined };
  }

  get #isOver(): boolean {
    return this.#isLeft ? this.#running === null || this.#end !== null : this.#end !== null;
  }
}
