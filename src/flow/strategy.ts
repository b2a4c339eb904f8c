import type { Job, Result } from '../record/job.ts';
import type { Course } from './course.ts';

/** What a strategy has to work with; one for the whole run. */
export type Courses<Payload, Value, State> = {
  /**
   * Starts one way of a job to its result. `settled` takes what comes of it: one result, or one for each part. The course
   * can be cancelled alone, and settles then too.
   */
  start: (job: Job<Payload>, settled: (result: Result<Payload, Value>) => void) => Course<Payload, Value, State>;
  /** Gives a result of the job. The last one ends the job: see `Result.part`. */
  settle: (result: Result<Payload, Value>) => void;
};

/** How many courses a job has, and which of them counts. It gives each job exactly one last result. */
export type Strategy<Payload, Value, State> = (job: Job<Payload>, courses: Courses<Payload, Value, State>) => void;

/** One course, and what comes of it. */
export function single<Payload, Value, State>(job: Job<Payload>, courses: Courses<Payload, Value, State>): void {
  courses.start(job, courses.settle);
}
