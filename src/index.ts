/**
 * sluice as a library: many jobs in, one result out for each, at exactly the pressure you allow.
 *
 *     import { run } from 'sluice';
 *
 *     const load = async (url: string, { signal }: { signal: AbortSignal }) => (await fetch(url, { signal })).json();
 *     for await (const result of run(urls, load, { concurrency: 20, rate: '50/s' })) {
 *       console.log(result.job, result.ok ? result.value : result.error.message);
 *     }
 *
 * A job that fails is a result; a loop that is left early has cancelled and awaited what was running. `run` tells the
 * rest. The other exports are the parts of such programs that are wanted on their own. They all take an `AbortSignal`,
 * reject with its reason, and leave no listener and no timer behind.
 *
 * @module
 */

export type { Clock } from './flow/clock.ts';
export type { RunEnd } from './flow/run-options.ts';
export { type ChildSignal, childSignal } from './library/child-signal.ts';
export { type DeadlineOptions, withDeadline } from './library/deadline.ts';
export { type Group, type GroupOptions, group } from './library/group.ts';
export type { JobFailure, JobResult, JobSuccess } from './library/job-result.ts';
export type { LaneLimits, RunOptions } from './library/library-options.ts';
export type { AttemptContext } from './library/own-attempt.ts';
export { RateLimiter, type RateLimiterOptions } from './library/rate-limiter.ts';
export { type Results, run } from './library/results.ts';
export { type RetryOptions, retry } from './library/retry-request.ts';
export { type Release, Semaphore } from './library/semaphore.ts';
export { type SingleFlight, singleFlight } from './library/single-flight.ts';
export { Failure, type FailureCode, type FailureOptions, type FailurePhase, failureCodes } from './record/failure.ts';
export type { Timings } from './record/job.ts';
export type { Rate } from './record/rate.ts';
