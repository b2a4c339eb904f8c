import { getEventListeners } from 'node:events';
import { expect } from 'vitest';
import { run } from '../../../src/flow/run.ts';
import type { RunEnd, RunOptions } from '../../../src/flow/run-options.ts';
import type { Result } from '../../../src/record/job.ts';
import { FakeClock, turn } from '../fake-clock.ts';
import { Calls } from './calls.ts';
import { jobs, type TestJob } from './outcomes.ts';
import { allOf } from './sources.ts';

export type TestOptions = Partial<RunOptions<string, string, string>> & {
  /** The jobs of one batch, when no `source` is given. */
  jobs?: Iterable<TestJob>;
};

export type TestRun = {
  readonly clock: FakeClock;
  readonly calls: Calls;
  readonly results: Result<string, string>[];
  readonly abort: AbortController;
  readonly drain: AbortController;
  readonly ended: Promise<RunEnd>;
  /** False while `run` has neither resolved nor rejected. */
  hasEnded(): boolean;
  /** What came of the job with this index. */
  result(index: number): Result<string, string>;
  /** One word for each result, in the order of their coming: `3 ok`, `4 reset`. */
  told(): string[];
  /** Waits for the end, and checks that nothing is left. */
  end(): Promise<RunEnd>;
  /** The same for a run that rejects: gives its error. */
  breakdown(): Promise<unknown>;
};

/** Starts a run with calls that end when told, on a clock that stands still. */
export async function startRun({ jobs: given = jobs(1), ...options }: TestOptions = {}): Promise<TestRun> {
  const clock = new FakeClock();
  const calls = new Calls();
  const results: Result<string, string>[] = [];
  const abort = new AbortController();
  const drain = new AbortController();
  const { emit } = options;
  let isPending = true;
  const ended = run<string, string, string>({
    source: allOf(given),
    attempt: calls.attempt,
    laneOf: (job) => job.payload,
    concurrency: 10,
    retry: { retries: 2, delayMs: 1000, maxDelayMs: 10_000, retryAfterMaxMs: 60_000 },
    timeoutMs: 0,
    clock,
    random: () => 0.5,
    signal: abort.signal,
    drain: drain.signal,
    ...options,
    emit: (result) => {
      results.push(result);
      return emit?.(result);
    },
  }).finally(() => {
    isPending = false;
  });
  // Who waits for the end comes later.
  ended.catch(() => {});
  await turn();

  const checkNothingLeft = () => {
    expect(calls.running.size, 'calls in flight').toBe(0);
    expect(clock.pending, 'timers').toBe(0);
    for (const { signal } of [abort, drain]) expect(getEventListeners(signal, 'abort'), 'listeners').toEqual([]);
  };
  return {
    clock,
    calls,
    results,
    abort,
    drain,
    ended,
    hasEnded: () => !isPending,
    result: (index) => onlyResultOf(results, index),
    told: () => results.map(({ job, failure }) => `${job.index} ${failure?.code ?? 'ok'}`),
    end: async () => {
      await turn();
      expect(isPending, 'the run goes on').toBe(false);
      const end = await ended;
      checkNothingLeft();
      expect(results.map(({ job }) => job.index).sort((a, b) => a - b)).toEqual([...Array(end.read).keys()]);
      return end;
    },
    breakdown: async () => {
      await turn();
      expect(isPending, 'the run goes on').toBe(false);
      const error = await ended.then(
        () => expect.fail('the run did not reject'),
        (thrown: unknown) => thrown,
      );
      checkNothingLeft();
      return error;
    },
  };
}

function onlyResultOf(results: readonly Result<string, string>[], index: number): Result<string, string> {
  const [result, ...others] = results.filter(({ job }) => job.index === index);
  if (!result || others.length > 0) throw new Error(`job ${index} has ${others.length + (result ? 1 : 0)} results`);
  return result;
}
