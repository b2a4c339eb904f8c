import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyPlan, type Plan } from './support/plans.ts';
import { World } from './support/world.ts';

// On failure fast-check prints the seed and the path: `fc.assert(…, { seed, path })` runs the same order again.
test('in whatever order things happen, each job read has one result, no limit is passed, and nothing is left', async () => {
  await fc.assert(
    fc.asyncProperty(anyPlan, fc.scheduler(), async (plan, scheduler) => {
      const world = new World(plan, scheduler);
      await world.run();
      world.checkNothingLeft();
      checkResults(plan, world);
      checkEnd(plan, world);
      if (plan.rate) expect(world.mostStartsIn(plan.rate.windowMs)).toBeLessThanOrEqual(plan.rate.count * 1.01 + 1);
    }),
    { numRuns: 1500 },
  );
}, 60_000);

function checkResults({ isOrdered }: Plan, { results, taken }: World): void {
  const indexes = results.map(({ job }) => job.index);
  const expected = [...Array(taken).keys()];
  expect(isOrdered ? indexes : indexes.toSorted((a, b) => a - b)).toEqual(expected);
  for (const { attempts, durationMs, timings } of results) {
    expect(attempts === 0).toBe(durationMs === null);
    expect(Math.min(timings.queuedMs, timings.limitedMs, timings.totalMs)).toBeGreaterThanOrEqual(0);
    expect(timings.queuedMs + timings.limitedMs).toBeLessThanOrEqual(timings.totalMs + 1e-6);
  }
}

function checkEnd(plan: Plan, { end, results, taken }: World): void {
  const isBroken = plan.sourceBreaks || plan.writes.some((write) => write === 'throw' || write === 'reject');
  if (end === null || 'error' in end) {
    expect(isBroken).toBe(true);
    return;
  }
  const failed = results.filter(({ failure }) => failure && !['cancelled', 'deadline'].includes(failure.code)).length;
  expect({ read: end.read, failed: end.failed }).toEqual({ read: taken, failed });
  if (end.kind === 'completed') expect([end.isAllRead, end.read]).toEqual([true, plan.jobs.length]);
  if (end.kind === 'drained') expect(plan.drains).toBe(true);
  if (end.kind === 'aborted') expect(plan.aborts).toBe(true);
  if (end.kind === 'deadline') expect(plan.deadlineMs).toBeGreaterThan(0);
  if (end.kind === 'failures') expect(plan.failureLimit).not.toBeNull();
}
