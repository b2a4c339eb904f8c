import { getEventListeners } from 'node:events';
import type fc from 'fast-check';
import { expect } from 'vitest';
import { run } from '../../../src/flow/run.ts';
import type { RunEnd } from '../../../src/flow/run-options.ts';
import type { CallContext, Result } from '../../../src/record/job.ts';
import { FakeClock, turn } from '../fake-clock.ts';
import { badJob, done, failed, hop, jobAt, refused, retry, type TestJob, type TestOutcome } from './outcomes.ts';
import type { Plan } from './plans.ts';

/** Longest wait that a server may ask for. */
const retryAfterMaxMs = 500;
const waits = { 'told to wait': 70, 'told to wait long': retryAfterMaxMs + 1 };
const mostHops = 3;
const bytesOfResult = 20;

type Started = { readonly atMs: number; readonly lane: string };

/** A run whose every step waits for the scheduler, and that checks at each of them what must always hold. */
export class World {
  readonly results: Result<string, string>[] = [];
  readonly abort = new AbortController();
  readonly drain = new AbortController();
  /** Jobs that the run has taken from its source. */
  taken = 0;
  end: RunEnd | { error: unknown } | null = null;
  readonly #plan: Plan;
  readonly #scheduler: fc.Scheduler;
  readonly #clock = new FakeClock();
  readonly #starts: Started[] = [];
  readonly #running: string[] = [];
  /** Lanes that a server has refused, and until when. */
  readonly #refusedUntilMs = new Map<string, number>();
  /** What broke an invariant: thrown when the run has ended, since the run would take it for an attempt's own error. */
  readonly #violations: string[] = [];
  #written = 0;
  #isTimeScheduled = false;

  constructor(plan: Plan, scheduler: fc.Scheduler) {
    this.#plan = plan;
    this.#scheduler = scheduler;
  }

  /** Runs until all has ended and every planned step is done. */
  async run(): Promise<void> {
    this.#start();
    if (this.#plan.drains) this.#later('drain', () => this.drain.abort());
    if (this.#plan.aborts) this.#later('abort', () => this.abort.abort());
    await turn();
    while (this.end === null || this.#scheduler.count() > 0) {
      this.#scheduleTime();
      if (this.#scheduler.count() === 0) throw new Error('the run is stuck: nothing can happen any more');
      await this.#scheduler.waitNext(1);
      await turn();
    }
    expect(this.#violations).toEqual([]);
  }

  /** Checks what must hold when all is over. */
  checkNothingLeft(): void {
    expect(this.#running, 'calls in flight').toEqual([]);
    expect(this.#clock.pending, 'timers').toBe(0);
    for (const { signal } of [this.abort, this.drain])
      expect(getEventListeners(signal, 'abort'), 'listeners on the signals').toEqual([]);
  }

  /** The most starts in any window of the run's rate. */
  mostStartsIn(windowMs: number): number {
    return Math.max(
      0,
      ...this.#starts.map(
        ({ atMs: from }) => this.#starts.filter(({ atMs }) => atMs >= from && atMs < from + windowMs - 1e-6).length,
      ),
    );
  }

  #start(): void {
    const { concurrency, laneConcurrency, rate, laneRate, burst, window, retries, timeoutMs, deadlineMs } = this.#plan;
    run<string, string, string>({
      source: this.#batches(),
      attempt: (job, context) => this.#call(job, context),
      emit: (result) => this.#emit(result),
      weigh: () => bytesOfResult,
      laneOf: (job) => job.payload,
      limitsOf: () => ({ concurrency: laneConcurrency, rate: laneRate }),
      retry: { retries, delayMs: 30, maxDelayMs: 100, retryAfterMaxMs },
      failureLimit: this.#plan.failureLimit,
      isOrdered: this.#plan.isOrdered,
      signal: this.abort.signal,
      drain: this.drain.signal,
      clock: this.#clock,
      random: () => 0.5,
      concurrency,
      rate,
      burst,
      window,
      timeoutMs,
      deadlineMs,
    }).then(
      (end) => {
        this.end = end;
      },
      (error: unknown) => {
        this.end = { error };
      },
    );
  }

  async *#batches(): AsyncGenerator<Iterable<TestJob>> {
    const { jobs, batchSize, sourceBreaks } = this.#plan;
    const all = jobs.map((lane, index) => (lane === null ? badJob(index) : jobAt(index, lane)));
    for (let from = 0; from < all.length; from += batchSize) {
      await this.#scheduler.schedule(Promise.resolve(), 'a batch');
      yield this.#counted(all.slice(from, from + batchSize));
    }
    await this.#scheduler.schedule(Promise.resolve(), 'the end of the input');
    if (sourceBreaks) throw new Error('the source broke');
  }

  *#counted(jobs: readonly TestJob[]): Generator<TestJob> {
    for (const job of jobs) {
      this.taken += 1;
      this.#check(this.taken - this.#written <= this.#plan.window.jobs, 'read further than the window');
      yield job;
    }
  }

  async #call(job: TestJob, context: CallContext<string>): Promise<TestOutcome> {
    const lane = context.state?.split(' ')[1] ?? job.payload;
    const nth = this.#starts.push({ atMs: this.#clock.now(), lane }) - 1;
    this.#running.push(lane);
    this.#checkStart(lane, context);
    const { scope } = context;
    const outcome = this.#scheduler.schedule(Promise.resolve(), `call ${nth} of job ${job.index}`);
    const cancelled = new Promise<void>((resolve) => scope.onCancel(() => resolve()));
    await (this.#plan.obeys ? Promise.race([outcome, cancelled]) : outcome);
    this.#running.splice(this.#running.indexOf(lane), 1);
    if (this.#plan.obeys && scope.reason) {
      if (scope.reason.code === 'timeout') return { kind: 'retry', value: null, failure: scope.reason };
      return { kind: 'done', value: null, failure: scope.reason };
    }
    return this.#outcomeOf(nth, lane, Number(context.state?.split(' ')[0] ?? 0));
  }

  #outcomeOf(nth: number, lane: string, hops: number): TestOutcome {
    const { fates, hopLanes } = this.#plan;
    const fate = fates[nth % fates.length] ?? 'done';
    switch (fate) {
      case 'done':
        return done();
      case 'failed':
        return failed();
      case 'retry':
        return retry();
      case 'refused':
        return refused(null);
      case 'told to wait':
      case 'told to wait long': {
        const untilMs = this.#clock.now() + waits[fate];
        this.#refusedUntilMs.set(lane, Math.max(untilMs, this.#refusedUntilMs.get(lane) ?? 0));
        return refused(waits[fate]);
      }
      case 'hop': {
        const next = hopLanes[nth % hopLanes.length] ?? lane;
        return hops < mostHops ? hop(next, `${hops + 1} ${next}`) : done();
      }
      case 'throw':
        throw new Error('a bug');
    }
  }

  /** What must hold whenever a call starts. */
  #checkStart(lane: string, { scope, state }: CallContext<string>): void {
    const { concurrency, laneConcurrency } = this.#plan;
    const inLane = this.#running.filter((other) => other === lane).length;
    this.#check(this.#running.length <= concurrency, `${this.#running.length} calls at once`);
    this.#check(inLane <= (laneConcurrency ?? concurrency), `${inLane} calls at once in lane ${lane}`);
    this.#check(this.end === null, 'a call after the end');
    this.#check(scope.reason === null && !this.abort.signal.aborted, 'a call after the abort');
    this.#check(!this.drain.signal.aborted || state !== null, 'a new attempt while the run drains');
    this.#check(this.#clock.now() >= (this.#refusedUntilMs.get(lane) ?? 0), `a call to the refused lane ${lane}`);
  }

  #check(holds: boolean, violation: string): void {
    if (!holds) this.#violations.push(violation);
  }

  #emit(result: Result<string, string>): void | Promise<void> {
    const { writes } = this.#plan;
    const write = writes[this.results.length % writes.length];
    this.results.push(result);
    if (write === 'throw') {
      this.#written += 1;
      throw new Error('emit threw');
    }
    if (write === 'at once') {
      this.#written += 1;
      return;
    }
    return this.#scheduler.schedule(Promise.resolve(), `row of job ${result.job.index}`).then(() => {
      this.#written += 1;
      if (write === 'reject') throw new Error('emit rejected');
    });
  }

  /** Time is a step like any other, as long as somebody waits for it. */
  #scheduleTime(): void {
    if (this.#isTimeScheduled || this.#clock.pending === 0) return;
    this.#isTimeScheduled = true;
    this.#later('time', () => {
      this.#isTimeScheduled = false;
      this.#clock.fireNext();
    });
  }

  #later(label: string, step: () => void): void {
    void this.#scheduler.schedule(Promise.resolve(), label).then(step);
  }
}
