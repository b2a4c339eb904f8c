import type { CourseOptions, FlowEvent } from '../../../src/flow/attempt.ts';
import { Course } from '../../../src/flow/course.ts';
import { Ending } from '../../../src/flow/signals.ts';
import type { Result } from '../../../src/record/job.ts';
import { Calls } from './calls.ts';
import { jobAt, type TestJob } from './outcomes.ts';
import { type LanesSetup, openLanes } from './waiters.ts';

type Setup = Partial<CourseOptions<string, string, string>> & { limits?: LanesSetup };

/** A way for jobs through lanes of their own, with calls that end when told. */
export function openCourse({ limits = {}, ...options }: Setup = {}) {
  const { clock, gate, lanes, caller } = openLanes(limits);
  const calls = new Calls();
  const ending = new Ending(clock);
  // As the run does it.
  caller.refusal = (isHop) => (isHop && !ending.isAborted ? null : ending.reason);
  ending.listen(() => lanes.rejectRefused());
  const results: Result<string, string>[] = [];
  const events: FlowEvent<string, string>[] = [];
  const broken: unknown[] = [];
  const shared: CourseOptions<string, string, string> = {
    attempt: calls.attempt,
    laneOf: (job) => job.payload,
    lanes,
    caller,
    ending,
    policy: { retries: 2, delayMs: 1000, maxDelayMs: 10_000, retryAfterMaxMs: 60_000 },
    timeoutMs: 0,
    deadlineAtMs: Number.POSITIVE_INFINITY,
    clock,
    random: () => 0.5,
    keepsLog: false,
    observe: (event) => events.push(event),
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
    start: (job: TestJob = jobAt(0)) => {
      const course = new Course(job, shared, (result) => results.push(result));
      course.start();
      return course;
    },
    /** The one result of a course with one job. */
    result: () => {
      const [result, ...others] = results;
      if (!result || others.length > 0) throw new Error(`${results.length} results`);
      return result;
    },
  };
}
