import type { ExecutionOptions, FlowEvent } from '../../../src/flow/attempt.ts';
import { Execution } from '../../../src/flow/execution.ts';
import { Ending } from '../../../src/flow/signals.ts';
import type { Result } from '../../../src/record/job.ts';
import { Calls } from './calls.ts';
import { jobAt, type TestJob } from './outcomes.ts';
import { type LanesSetup, openLanes } from './waiters.ts';

type Setup = Partial<ExecutionOptions<string, string, string>> & { limits?: LanesSetup };

/** A way for jobs through lanes of their own, with calls that end when told. */
export function openExecution({ limits = {}, ...options }: Setup = {}) {
  const { clock, gate, lanes } = openLanes(limits);
  const calls = new Calls();
  const ending = new Ending(clock);
  const results: Result<string, string>[] = [];
  const events: FlowEvent<string, string>[] = [];
  const broken: unknown[] = [];
  const shared: ExecutionOptions<string, string, string> = {
    attempt: calls.attempt,
    laneOf: (job) => job.payload,
    lanes,
    ending,
    policy: { retries: 2, delayMs: 1000, maxDelayMs: 10_000, retryAfterMaxMs: 60_000 },
    timeoutMs: 0,
    deadlineAtMs: Number.POSITIVE_INFINITY,
    clock,
    random: () => 0.5,
    keepsLog: false,
    observe: (event) => events.push(event),
    settled: (result) => results.push(result),
    broken: (error) => broken.push(error),
    ...options,
  };
  return {
    clock,
    gate,
    lanes,
    calls,
    ending,
    results,
    events,
    broken,
    start: (job: TestJob = jobAt(0)) => new Execution(job, shared).run(),
    /** The one result of a execution with one job. */
    result: () => {
      const [result, ...others] = results;
      if (!result || others.length > 0) throw new Error(`${results.length} results`);
      return result;
    },
  };
}
