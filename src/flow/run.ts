import { Failure } from '../record/failure.ts';
import type { Job, Result } from '../record/job.ts';
import { type Clock, systemClock } from './clock.ts';
import { Execution } from './execution.ts';
import { FailureCount } from './failure-limit.ts';
import { Gate } from './gate.ts';
import { Lanes } from './lanes.ts';
import { Order } from './order.ts';
import { Reader } from './reader.ts';
import type { RunEnd, RunOptions, RunView } from './run-options.ts';
import { Sharing } from './sharing.ts';
import { Ending } from './signals.ts';
import { Spending, type Spent } from './spending.ts';
import { Window } from './window.ts';

const defaultWindow = { jobs: 1000, bytes: 64 * 1024 ** 2 };

/**
 * Runs every job of the source through the gate and gives each exactly one result. Resolves when all is settled:
 * nothing is left running, no timer, no listener. Rejects, after the same, when the source, `emit` or another function
 * of the options breaks; an `attempt` that throws has only failed.
 */
export async function run<Payload, Value, State>(options: RunOptions<Payload, Value, State>): Promise<RunEnd> {
  return new Run(options).run();
}

/** A result, and how much it holds of the window until it is written. */
type Weighed<Payload, Value> = { readonly result: Result<Payload, Value>; readonly bytes: number };

class Run<Payload, Value, State> {
  readonly #options: RunOptions<Payload, Value, State>;
  readonly #clock: Clock;
  readonly #ending: Ending;
  readonly #window: Window;
  readonly #gate: Gate;
  readonly #lanes: Lanes;
  /** Holds results back until it is their turn; null when they go out as they come. */
  readonly #order: Order<Job<Payload>, Weighed<Payload, Value>> | null;
  readonly #count: FailureCount;
  readonly #sharing: Sharing<Payload, Value> | null;
  #kind: RunEnd['kind'] = 'completed';
  #read = 0;
  #reader: Reader<Job<Payload>> | null = null;
  #broken: { error: unknown } | null = null;
  #spent: Spent | null = null;

  constructor(options: RunOptions<Payload, Value, State>) {
    const { concurrency, rate = null, burst = 1, coldMs, window = defaultWindow, clock = systemClock } = options;
    const unlimited = { concurrency: null, rate: null };
    this.#options = options;
    this.#clock = clock;
    this.#ending = new Ending(clock);
    this.#count = new FailureCount(options.failureLimit ?? null);
    this.#window = new Window(window, () => this.#rowLeft());
    this.#gate = new Gate({
      concurrency,
      rate,
      burst,
      coldMs,
      clock,
      isStuffed: (running) => this.#window.isStuffed(running),
    });
    this.#order = options.isOrdered ? new Order(({ result, bytes }) => this.#write(result, bytes)) : null;
    this.#sharing = options.share ? new Sharing(options.share) : null;
    const { tokens = null } = options;
    const spending =
      typeof tokens?.total === 'number' ? new Spending(tokens.total, (spent) => this.#stopSpending(spent)) : null;
    this.#lanes = new Lanes({
      limitsOf: options.limitsOf ?? (() => unlimited),
      tokens: tokens && { perMinute: tokens.perMinute, spending },
      burst,
      coldMs,
      gate: this.#gate,
      clock,
    });
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
    if (this.#kind === 'completed' && this.#count.isOver({ isEnd: true })) this.#kind = 'failures';
    return {
      kind: this.#kind,
      read: this.#read,
      failed: this.#count.failed,
      isAllRead: this.#reader?.hasEnded ?? false,
      ...(this.#kind === 'budget' && this.#spent ? { spent: this.#spent } : {}),
    };
  }

  /** Sets each job going as it is read. */
  #startJobs(deadlineAtMs: number): Reader<Job<Payload>> {
    const { source, attempt, laneOf, retry, timeoutMs, keepsLog = false, observe = null } = this.#options;
    const shared = {
      attempt,
      laneOf,
      lanes: this.#lanes,
      tokens: this.#options.tokens ?? null,
      sharing: this.#sharing,
      ending: this.#ending,
      policy: retry,
      timeoutMs,
      deadlineAtMs,
      clock: this.#clock,
      random: this.#options.random ?? Math.random,
      keepsLog,
      observe,
      settled: (result: Result<Payload, Value>) => this.#settle(result),
      broken: (job: Job<Payload>, error: unknown) => this.#drop(job, error),
    };
    const take = (job: Job<Payload>) => {
      this.#read += 1;
      this.#window.enter();
      this.#order?.expect(job);
      try {
        new Execution(job, shared).run();
      } catch (error) {
        // `laneOf` or `limitsOf` broke.
        this.#drop(job, error);
      }
    };
    return new Reader({ source, take, wantsMore: () => this.#window.hasRoom });
  }

  #settle(result: Result<Payload, Value>): void {
    this.#count.add(result.failure);
    let bytes = 0;
    try {
      bytes = this.#options.weigh?.(result) ?? 0;
      this.#window.hold(bytes);
    } catch (error) {
      this.#drop(result.job, error);
      return;
    }
    if (this.#order) this.#order.settle(result.job, { result, bytes });
    else this.#write(result, bytes);
    // Once is enough: each job that this sends away comes by here too.
    if (!this.#ending.isAborted && this.#count.isOver({ isEnd: false })) this.#tooManyFailures();
  }

  #write(result: Result<Payload, Value>, bytes: number): void {
    try {
      const written = this.#options.emit(result);
      if (written) this.#leaveAfter(written, bytes);
      else this.#window.leave(bytes);
    } catch (error) {
      this.#lost(error, bytes);
    }
  }

  #leaveAfter(written: Promise<void>, bytes: number): void {
    this.#window.fallBehind();
    written.then(
      () => {
        this.#window.caughtUp();
        this.#window.leave(bytes);
      },
      (error) => {
        this.#window.caughtUp();
        this.#lost(error, bytes);
      },
    );
  }

  /** A job will have no result: something that must not break did. */
  #drop(job: Job<Payload>, error: unknown): void {
    this.#lost(error);
    this.#order?.drop(job);
    this.#sharing?.abandon(job, new Failure('cancelled', 'the run broke down', { cause: error }));
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

  #tooManyFailures(): void {
    this.#end('failures', new Failure('cancelled', `the run was stopped after ${this.#count.failed} failed`));
  }

  /** Told in the middle of a lane's work: the end has to wait for that. */
  #stopSpending(spent: Spent): void {
    this.#spent = spent;
    const budget = `the run's budget of ${this.#options.tokens?.total} tokens`;
    const told = `${budget} does not do for this call: ${spent.spent} are spent, and the next one may take ${spent.next}`;
    queueMicrotask(() => this.#end('budget', new Failure('cancelled', told)));
  }

  #deadline(deadlineMs: number): void {
    this.#end('deadline', new Failure('deadline', `the run's ${deadlineMs / 1000} s were over`, { retryable: true }));
  }

  /** The first end counts; a later one can only turn draining into aborting. */
  #end(kind: Exclude<RunEnd['kind'], 'completed'>, reason: Failure): void {
    if (!this.#ending.reason) this.#kind = kind;
    if (kind === 'drained' || kind === 'budget') this.#ending.drain(reason);
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
    if (this.#gate.isHeldByOutput && !this.#window.isStuffed(this.#gate.running)) this.#gate.review();
  }

  #view(): RunView {
    return {
      read: this.#read,
      settled: this.#count.settled,
      isAllRead: this.#reader?.hasEnded ?? false,
      running: this.#gate.running,
      heldBy: this.#heldBy(),
    };
  }

  #heldBy(): string | null {
    const [longest, ...others] = this.#lanes.held();
    if (longest)
      return others.length > 0 ? `${longest} and ${others.length} more asked to wait` : `${longest} asked to wait`;
    if (this.#options.tokens && this.#lanes.areShortOfTokens()) return 'tokens';
    if (this.#window.isStuffed(this.#gate.running) || (!this.#window.hasRoom && this.#gate.running === 0))
      return 'output';
    if (this.#gate.waiting > 0) return 'rate';
    return null;
  }
}

function asReason(signal: AbortSignal | undefined): Failure {
  const reason: unknown = signal?.reason;
  return reason instanceof Failure ? reason : new Failure('cancelled', 'the run was cancelled', { cause: reason });
}
