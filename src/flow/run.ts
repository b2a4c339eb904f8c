import { Failure } from '../record/failure.ts';
import type { Job, Result } from '../record/job.ts';
import type { CourseOptions } from './attempt.ts';
import type { Caller } from './caller.ts';
import { type Clock, systemClock } from './clock.ts';
import { Course } from './course.ts';
import { FailureCount } from './failure-limit.ts';
import { answeredBy } from './job-failures.ts';
import { Limits } from './limits.ts';
import { Order } from './order.ts';
import { Reader } from './reader.ts';
import type { Concluded, RunEnd, RunOptions, RunView } from './run-options.ts';
import { Sharing } from './sharing.ts';
import { Ending } from './signals.ts';
import { Spending } from './spending.ts';
import { type Courses, single } from './strategy.ts';
import { Window } from './window.ts';

const defaultWindow = { jobs: 1000, bytes: 64 * 1024 ** 2 };

/**
 * Runs every job of the source through the gate and gives each exactly one last result. Resolves when all is settled:
 * nothing is left running, no timer, no listener. Rejects, after the same, when the source, `emit` or another function
 * of the options breaks; an `attempt` that throws has only failed.
 */
export async function run<Payload, Value, State, Row extends Concluded = Result<Payload, Value>>(
  options: RunOptions<Payload, Value, State, Row>,
): Promise<RunEnd> {
  return new Run(options).run();
}

/** A row, and how much it holds of the window until it is written. */
type Weighed<Row> = { readonly row: Row; readonly bytes: number; readonly isLast: boolean };

class Run<Payload, Value, State, Row extends Concluded> {
  readonly #options: RunOptions<Payload, Value, State, Row>;
  readonly #clock: Clock;
  readonly #ending: Ending;
  readonly #window: Window;
  readonly #limits: Limits;
  readonly #caller: Caller;
  /** Holds rows back until it is their turn; null when they go out as they come. */
  readonly #order: Order<Job<Payload>, Weighed<Row>> | null;
  readonly #count: FailureCount;
  readonly #sharing: Sharing<Payload, Value> | null;
  readonly #spending: Spending | null;
  #kind: RunEnd['kind'] = 'completed';
  #read = 0;
  #reader: Reader<Job<Payload>> | null = null;
  #broken: { error: unknown } | null = null;
  #spent: RunEnd['spent'] | null = null;
  #oneTooMany: Failure | null = null;

  constructor(options: RunOptions<Payload, Value, State, Row>) {
    const { window = defaultWindow, clock = systemClock, tokens = null } = options;
    this.#options = options;
    this.#clock = clock;
    this.#ending = new Ending(clock);
    this.#count = new FailureCount(options.failureLimit ?? null);
    this.#window = new Window(window, () => this.#rowLeft());
    this.#order = options.isOrdered ? new Order((weighed) => this.#write(weighed)) : null;
    this.#sharing = options.share ? new Sharing(options.share) : null;
    this.#spending = typeof tokens?.total === 'number' ? new Spending(tokens.total) : null;
    this.#limits = options.limits ?? new Limits({ ...options, tokensPerMinute: tokens ? tokens.perMinute : undefined });
    this.#caller = this.#asCaller();
  }

  #asCaller(): Caller {
    return {
      running: 0,
      limiters: this.#spending ? [this.#spending] : [],
      refusal: (isHop) => (isHop && !this.#ending.isAborted ? null : this.#ending.reason),
      hasBackpressure: () => this.#window.hasBackpressure(this.#caller.running),
      exhausted: ({ tokens = 0 }) => this.#endBySpending(tokens),
    };
  }

  async run(): Promise<RunEnd> {
    const { signal, drain, deadlineMs = 0, watch } = this.#options;
    const abort = () => this.#end('aborted', asReason(signal));
    const drainNow = () => this.#end('drained', asReason(drain));
    const deadlineAtMs = deadlineMs > 0 ? this.#clock.now() + deadlineMs : Number.POSITIVE_INFINITY;
    const deadline = deadlineMs > 0 ? this.#clock.setTimeout(() => this.#deadline(deadlineMs), deadlineMs) : undefined;
    this.#ending.listen(() => this.#shutDown());
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
    if (this.#kind === 'completed' && this.#count.isOver({ isEnd: true })) {
      this.#kind = 'failures';
      this.#oneTooMany = this.#count.last;
    }
    return {
      kind: this.#kind,
      read: this.#read,
      failed: this.#count.failed,
      reason: this.#kind === 'failures' ? this.#oneTooMany : this.#ending.reason,
      isAllRead: this.#reader?.hasEnded ?? false,
      ...(this.#kind === 'budget' && this.#spent ? { spent: this.#spent } : {}),
    };
  }

  /** Starts each job as it is read. */
  #startJobs(deadlineAtMs: number): Reader<Job<Payload>> {
    const { source, strategy = single } = this.#options;
    const options = this.#courseOptions(deadlineAtMs);
    const settle = (result: Result<Payload, Value>) => this.#settle(result);
    const courses: Courses<Payload, Value, State> = {
      settle,
      start(job, settled) {
        const course = new Course(job, options, settled);
        course.start();
        return course;
      },
    };
    const take = (job: Job<Payload>) => {
      this.#read += 1;
      this.#window.enter();
      this.#order?.expect(job);
      try {
        if (job.failure) settle(answeredBy<Payload, Value>(job, { value: null, failure: job.failure, hops: 0 }, 0));
        else if (this.#isLeader(job)) strategy(job, courses);
      } catch (error) {
        // `laneOf`, `limitsOf` or the strategy broke.
        this.#drop(job, error);
      }
    };
    return new Reader({ source, take, wantsMore: () => this.#window.hasRoom });
  }

  #courseOptions(deadlineAtMs: number): CourseOptions<Payload, Value, State> {
    const { attempt, laneOf, retry, timeoutMs, keepsLog = false, observe = null } = this.#options;
    return {
      attempt,
      laneOf,
      lanes: this.#limits.lanes,
      caller: this.#caller,
      tokens: this.#options.tokens ?? null,
      ending: this.#ending,
      policy: retry,
      timeoutMs,
      deadlineAtMs,
      clock: this.#clock,
      random: this.#options.random ?? Math.random,
      keepsLog,
      observe,
      broken: (job, error) => this.#drop(job, error),
    };
  }

  /** False where another job's answer is this one's too. */
  #isLeader(job: Job<Payload>): boolean {
    if (!this.#sharing) return true;
    const readMs = this.#clock.now();
    return this.#sharing.isLeader(job, (answer) => {
      this.#settle(answeredBy(job, answer, this.#clock.now() - readMs));
    });
  }

  #settle(result: Result<Payload, Value>): void {
    const { job } = result;
    const isLast = result.part?.isLast ?? true;
    let weighed: Weighed<Row>;
    try {
      const row = this.#options.conclude?.(result) ?? (result as unknown as Row);
      weighed = { row, bytes: this.#options.weigh?.(result) ?? 0, isLast };
      this.#window.hold(weighed.bytes);
    } catch (error) {
      this.#drop(job, error);
      return;
    }
    this.#count.add(weighed.row.failure, { isLast });
    if (this.#order) this.#order.settle(job, weighed, { isLast });
    else this.#write(weighed);
    if (isLast) this.#sharing?.settle(job, { value: result.value, failure: result.failure, hops: result.hops });
    // Once is enough: each job that this cancels comes by here too.
    if (!this.#ending.isAborted && this.#count.isOver({ isEnd: false })) this.#tooManyFailures();
  }

  #write(weighed: Weighed<Row>): void {
    try {
      const written = this.#options.emit(weighed.row);
      if (written) this.#leaveAfter(written, weighed);
      else this.#window.leave(weighed.bytes, weighed);
    } catch (error) {
      this.#lose(error, weighed);
    }
  }

  #leaveAfter(written: Promise<void>, weighed: Weighed<Row>): void {
    this.#window.fallBehind();
    written.then(
      () => {
        this.#window.caughtUp();
        this.#window.leave(weighed.bytes, weighed);
      },
      (error) => {
        this.#window.caughtUp();
        this.#lose(error, weighed);
      },
    );
  }

  /** A job will have no result: something that must not break did. */
  #drop(job: Job<Payload>, error: unknown): void {
    this.#lose(error, { bytes: 0, isLast: true });
    this.#order?.drop(job);
    this.#sharing?.abandon(job, new Failure('cancelled', 'the run broke down', { cause: error }));
  }

  #lose(error: unknown, { bytes, isLast }: Omit<Weighed<Row>, 'row'>): void {
    this.#break(error);
    this.#window.leave(bytes, { isLast });
  }

  /** Something that must not fail did: stop everything, and throw it when all is settled. */
  #break(error: unknown): void {
    this.#broken ??= { error };
    this.#end('aborted', new Failure('cancelled', 'the run broke down', { cause: error }));
  }

  #tooManyFailures(): void {
    this.#oneTooMany ??= this.#count.last;
    this.#end('failures', new Failure('cancelled', `the run was stopped after ${this.#count.failed} failed`));
  }

  /** Found out in the middle of a lane's work: the end has to wait for that. */
  #endBySpending(next: number): void {
    if (this.#spent || !this.#spending) return;
    const { spent } = this.#spending;
    this.#spent = { spent, next };
    const budget = `the run's budget of ${this.#options.tokens?.total} tokens`;
    const message = `${budget} does not do for this call: ${spent} are spent, and the next one may take ${next}`;
    queueMicrotask(() => this.#end('budget', new Failure('cancelled', message)));
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

  /** Brings the ending to all that wait: the reader, and the waiters of the lanes. */
  #shutDown(): void {
    if (!this.#ending.reason) return;
    // The reader first: each job that a lane rejects makes room for another.
    this.#reader?.stop();
    this.#limits.lanes.rejectRefused();
  }

  /** A row is written: more may be read, and what waited for the output may start. */
  #rowLeft(): void {
    this.#reader?.feed();
    this.#limits.lanes.wakeStalled(this.#caller);
  }

  #view(): RunView {
    return {
      read: this.#read,
      settled: this.#count.settled,
      isAllRead: this.#reader?.hasEnded ?? false,
      running: this.#caller.running,
      heldBy: this.#heldBy(),
    };
  }

  #heldBy(): string | null {
    const { lanes, gate } = this.#limits;
    const [longest, ...others] = lanes.held();
    if (longest)
      return others.length > 0 ? `${longest} and ${others.length} more asked to wait` : `${longest} asked to wait`;
    if (this.#options.tokens && lanes.areLimitedBy('tokens')) return 'tokens';
    if (this.#caller.hasBackpressure() || (!this.#window.hasRoom && this.#caller.running === 0)) return 'output';
    if (gate.waiting > 0) return 'rate';
    return null;
  }
}

function asReason(signal: AbortSignal | undefined): Failure {
  const reason: unknown = signal?.reason;
  return reason instanceof Failure ? reason : new Failure('cancelled', 'the run was cancelled', { cause: reason });
}
