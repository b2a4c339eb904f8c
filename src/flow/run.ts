import { Failure } from '../record/failure.ts';
import type { Job, Result } from '../record/job.ts';
import type { Attempt, FlowEvent } from './attempt.ts';
import { type Clock, systemClock } from './clock.ts';
import { Course } from './course.ts';
import { Gate } from './gate.ts';
import type { LaneLimits } from './lane.ts';
import { Lanes } from './lanes.ts';
import { Order } from './order.ts';
import type { Rate } from './pacer.ts';
import { type Batches, Reader } from './reader.ts';
import type { RetryPolicy } from './retry.ts';
import { Ending } from './signals.ts';
import { Window } from './window.ts';

/** Stop when so many final rows have failed, or such a share of them (from the 100th row on, and at the end). */
export type FailureLimit = { readonly count: number } | { readonly share: number };

/** A share of fewer rows than this says nothing yet. */
const rowsForShare = 100;

export type RunOptions<Payload, Value, State> = {
  /** The jobs, in batches. Read lazily: no further than the window allows, one job at a time. */
  source: Batches<Job<Payload>>;
  attempt: Attempt<Payload, Value, State>;
  /** Takes each result as it is settled. While its promise is pending the result counts as unwritten. */
  emit: (result: Result<Payload, Value>) => void | Promise<void>;
  /** Give results in the order in which their jobs were read, not as they are settled. */
  isOrdered?: boolean;
  /** Size of a result in memory, in bytes, for the window. */
  weigh?: (result: Result<Payload, Value>) => number;
  /** The lane that a job's first call goes through. */
  laneOf: (job: Job<Payload>) => string;
  limitsOf?: (lane: string) => LaneLimits;
  /** Attempts in flight at once. */
  concurrency: number;
  /** Attempts started, whole run. */
  rate?: Rate | null;
  /** Starts that may come at once within a rate. */
  burst?: number;
  retry: RetryPolicy;
  /** One attempt's time in slots, in milliseconds; 0 is no limit. */
  timeoutMs: number;
  /** The whole run's time in milliseconds; 0 is no limit. */
  deadlineMs?: number;
  failureLimit?: FailureLimit | null;
  /** Jobs read and not yet written, and bytes of results not yet written, at most. */
  window?: { jobs: number; bytes: number };
  /** Aborting it aborts the run: what runs is cancelled, and awaited. Its reason, if a Failure, goes into the rows. */
  signal?: AbortSignal;
  /** Aborting it drains the run: nothing new starts, what runs may finish. */
  drain?: AbortSignal;
  keepsLog?: boolean;
  observe?: ((event: FlowEvent<Payload, State>) => void) | null;
  /** Called once, at the start, with a function that tells what the run is doing: for those who show it to people. */
  watch?: (look: () => RunView) => void;
  clock?: Clock;
  random?: () => number;
};

/** What a run is doing right now. */
export type RunView = {
  /** Jobs read so far. */
  readonly read: number;
  /** Jobs settled so far. */
  readonly settled: number;
  /** True when the input has ended: `read` is then the total. */
  readonly isAllRead: boolean;
  /** Attempts in flight. */
  readonly running: number;
  /** What holds the run back, in a few words, or null. */
  readonly heldBy: string | null;
};

/** How a run ended. `drained` and `aborted` come from outside, `failures` and `deadline` from the run's own options. */
export type RunEnd = {
  readonly kind: 'completed' | 'drained' | 'aborted' | 'failures' | 'deadline';
  /** Jobs read. Each had its result. */
  readonly read: number;
  readonly failed: number;
  /** False when the end came before the input's. */
  readonly isAllRead: boolean;
};

const defaultWindow = { jobs: 1000, bytes: 64 * 1024 ** 2 };

/**
 * Runs every job of the source through the gate and gives each exactly one result. Resolves when all is settled:
 * nothing is left running, no timer, no listener. Rejects when the source, `emit` or `attempt` breaks, after the same.
 */
export async function run<Payload, Value, State>(options: RunOptions<Payload, Value, State>): Promise<RunEnd> {
  return new Run(options).run();
}

class Run<Payload, Value, State> {
  readonly #options: RunOptions<Payload, Value, State>;
  readonly #clock: Clock;
  readonly #ending: Ending;
  readonly #window: Window;
  readonly #gate: Gate;
  readonly #lanes: Lanes;
  /** Holds results back until it is their turn; null when they go out as they come. */
  readonly #order: Order<Job<Payload>, Result<Payload, Value>> | null;
  #kind: RunEnd['kind'] = 'completed';
  #read = 0;
  #settled = 0;
  #failed = 0;
  #reader: Reader<Job<Payload>> | null = null;
  #broken: { error: unknown } | null = null;

  constructor(options: RunOptions<Payload, Value, State>) {
    const { concurrency, rate = null, burst = 1, window = defaultWindow, clock = systemClock } = options;
    const unlimited = { concurrency: null, rate: null };
    this.#options = options;
    this.#clock = clock;
    this.#ending = new Ending(clock);
    this.#window = new Window(window, () => this.#rowLeft());
    this.#gate = new Gate({ concurrency, rate, burst, clock, isStuffed: () => this.#window.isStuffed });
    this.#order = options.isOrdered ? new Order((result) => this.#write(result)) : null;
    this.#lanes = new Lanes({ limitsOf: options.limitsOf ?? (() => unlimited), burst, gate: this.#gate, clock });
  }

  async run(): Promise<RunEnd> {
    const { signal, drain, deadlineMs = 0, watch } = this.#options;
    const abort = () => this.#end('aborted', asReason(signal));
    const drainNow = () => this.#end('drained', asReason(drain));
    const deadlineAtMs = deadlineMs > 0 ? this.#clock.now() + deadlineMs : Number.POSITIVE_INFINITY;
    const deadline = deadlineMs > 0 ? this.#clock.setTimeout(() => this.#deadline(deadlineMs), deadlineMs) : undefined;
    this.#ending.listen(() => this.#spread());
    signal?.addEventListener('abort', abort, { once: true });
    drain?.addEventListener('abort', drainNow, { once: true });
    if (signal?.aborted) abort();
    if (drain?.aborted) drainNow();
    watch?.(() => this.#view());
    try {
      this.#reader = this.#startJobs(deadlineAtMs);
      if (this.#ending.reason) this.#reader.stop();
      await this.#reader.run();
    } catch (error) {
      this.#break(error);
    } finally {
      await this.#window.empty();
      this.#clock.clearTimeout(deadline);
      signal?.removeEventListener('abort', abort);
      drain?.removeEventListener('abort', drainNow);
    }
    if (this.#broken) throw this.#broken.error;
    if (this.#kind === 'completed' && this.#isOverLimit({ isEnd: true })) this.#kind = 'failures';
    return { kind: this.#kind, read: this.#read, failed: this.#failed, isAllRead: this.#reader?.hasEnded ?? false };
  }

  /** Sets each job going as it is read. */
  #startJobs(deadlineAtMs: number): Reader<Job<Payload>> {
    const { source, attempt, laneOf, retry, timeoutMs, keepsLog = false, observe = null } = this.#options;
    const shared = {
      attempt,
      laneOf,
      lanes: this.#lanes,
      ending: this.#ending,
      policy: retry,
      timeoutMs,
      deadlineAtMs,
      clock: this.#clock,
      random: this.#options.random ?? Math.random,
      keepsLog,
      observe,
      settled: (result: Result<Payload, Value>) => this.#settle(result),
      broken: (error: unknown) => this.#lost(error),
    };
    const take = (job: Job<Payload>) => {
      this.#read += 1;
      this.#window.enter();
      this.#order?.expect(job);
      new Course(job, shared).run();
    };
    return new Reader({ source, take, wantsMore: () => this.#window.hasRoom });
  }

  #settle(result: Result<Payload, Value>): void {
    this.#settled += 1;
    if (result.failure && !isRunsEnd(result.failure)) this.#failed += 1;
    this.#window.hold(this.#options.weigh?.(result) ?? 0);
    if (this.#order) this.#order.settle(result.job, result);
    else this.#write(result);
    if (this.#isOverLimit({ isEnd: false })) this.#tooManyFailures();
  }

  #write(result: Result<Payload, Value>): void {
    const bytes = this.#options.weigh?.(result) ?? 0;
    try {
      const written = this.#options.emit(result);
      if (written) {
        written.then(
          () => this.#window.leave(bytes),
          (error) => this.#lost(error, bytes),
        );
      } else this.#window.leave(bytes);
    } catch (error) {
      this.#lost(error, bytes);
    }
  }

  #lost(error: unknown, bytes = 0): void {
    this.#break(error);
    this.#window.leave(bytes);
  }

  /** Something that must not fail did: stop everything, and throw it when all is settled. */
  #break(error: unknown): void {
    this.#broken ??= { error };
    this.#end('aborted', new Failure('cancelled', 'the run broke down', { cause: error }));
  }

  #isOverLimit({ isEnd }: { isEnd: boolean }): boolean {
    const limit = this.#options.failureLimit;
    if (!limit || this.#failed === 0) return false;
    if ('count' in limit) return this.#failed >= limit.count;
    return (isEnd || this.#settled >= rowsForShare) && this.#failed / this.#settled >= limit.share;
  }

  #tooManyFailures(): void {
    this.#end('failures', new Failure('cancelled', `the run was stopped after ${this.#failed} failed`));
  }

  #deadline(deadlineMs: number): void {
    this.#end('deadline', new Failure('deadline', `the run's ${deadlineMs / 1000} s were over`, { retryable: true }));
  }

  /** The first end counts; a later one can only turn draining into aborting. */
  #end(kind: Exclude<RunEnd['kind'], 'completed'>, reason: Failure): void {
    if (!this.#ending.reason) this.#kind = kind;
    if (kind === 'drained') this.#ending.drain(reason);
    else this.#ending.abort(reason);
  }

  /** Brings the ending to all who wait: the lanes, the reader, and who waits for the output. */
  #spread(): void {
    const { reason, isAborted } = this.#ending;
    if (!reason) return;
    // The reader first: each job that a lane sends away makes room for another.
    this.#reader?.stop();
    this.#lanes.stop(reason, { allowsHops: !isAborted });
  }

  /** A row is written: more may be read, and what waited for the output may start. */
  #rowLeft(): void {
    this.#reader?.feed();
    if (this.#gate.waiting > 0 && !this.#window.isStuffed) this.#gate.review();
  }

  #view(): RunView {
    return {
      read: this.#read,
      settled: this.#settled,
      isAllRead: this.#reader?.hasEnded ?? false,
      running: this.#gate.running,
      heldBy: this.#heldBy(),
    };
  }

  #heldBy(): string | null {
    const [longest, ...others] = this.#lanes.held();
    if (longest)
      return others.length > 0 ? `${longest} and ${others.length} more asked to wait` : `${longest} asked to wait`;
    if (this.#window.isStuffed || (!this.#window.hasRoom && this.#gate.running === 0)) return 'output';
    if (this.#gate.waiting > 0) return 'rate';
    return null;
  }
}

function isRunsEnd({ code }: Failure): boolean {
  return code === 'cancelled' || code === 'deadline';
}

function asReason(signal: AbortSignal | undefined): Failure {
  const reason: unknown = signal?.reason;
  return reason instanceof Failure ? reason : new Failure('cancelled', 'the run was cancelled', { cause: reason });
}
