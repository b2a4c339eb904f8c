import { Failure, type FailureCode } from '../../../src/record/failure.ts';
import type { Job, Outcome } from '../../../src/record/job.ts';

/** In these tests a job's payload is the name of its lane, and values and states are words. */
export type TestJob = Job<string>;
export type TestOutcome = Outcome<string, string>;

export function jobs(count: number, lane = 'a'): TestJob[] {
  return Array.from({ length: count }, (_, index) => jobAt(index, lane));
}

export function jobAt(index: number, lane = 'a'): TestJob {
  return { index, id: null, payload: lane };
}

/** A line that is no job. */
export function badJob(index: number): TestJob {
  return { ...jobAt(index), failure: new Failure('input', 'not a URL') };
}

export function failure(code: FailureCode, { retryable = true }: { retryable?: boolean } = {}): Failure {
  return new Failure(code, `it failed: ${code}`, { retryable });
}

export const cancelled = new Failure('cancelled', 'stopped by the test');

export function done(value = 'done'): TestOutcome {
  return { kind: 'done', value, failure: null };
}

/** An answer that does not count as ok. */
export function failed(value = 'failed'): TestOutcome {
  return { kind: 'done', value, failure: failure('http', { retryable: false }) };
}

/** A failure that another attempt may mend. */
export function retry(code: FailureCode = 'reset', value: string | null = null): TestOutcome {
  return { kind: 'retry', value, failure: failure(code) };
}

/** A 429: the whole lane is to stay away for `ms`. */
export function refused(ms: number | null): TestOutcome {
  return { kind: 'retry', value: '429', failure: failure('rate_limited'), hold: { ms } };
}

/** The job goes on with another call. */
export function hop(lane = 'a', state = 'hop'): TestOutcome {
  return { kind: 'next', state, lane };
}
