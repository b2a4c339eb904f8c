import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs, type Decision, decide, type FailedAttempt, type RetryPolicy } from '../../src/flow/retry.ts';
import { failure } from './support/outcomes.ts';

const policy: RetryPolicy = { retries: 2, delayMs: 500, maxDelayMs: 3000, retryAfterMaxMs: 60_000 };
const justBelowOne = 1 - Number.EPSILON;

describe('`backoffMs`', () => {
  test.each([
    { retriesUsed: 0, bound: 500 },
    { retriesUsed: 1, bound: 1000 },
    { retriesUsed: 2, bound: 2000 },
    { retriesUsed: 3, bound: 3000 },
    { retriesUsed: 1_000_000, bound: 3000 },
  ])('lies between nothing and $bound ms after $retriesUsed retries', ({ retriesUsed, bound }) => {
    expect(backoffMs(retriesUsed, policy, () => 0)).toBe(0);
    expect(backoffMs(retriesUsed, policy, () => 0.5)).toBe(bound / 2);
    expect(backoffMs(retriesUsed, policy, () => justBelowOne)).toBeLessThan(bound);
    expect(backoffMs(retriesUsed, policy, () => justBelowOne)).toBeGreaterThan(bound * 0.999);
  });
});

const passing = failure('http');
const final = failure('http', { retryable: false });
const fresh = { retriesUsed: 0, heldMs: 0, leftMs: Number.POSITIVE_INFINITY };

/** With random 0.5 the first back-off is 250 ms, the second 500 ms. */
const cases: { claim: string; failed: Partial<FailedAttempt>; decision: Decision }[] = [
  {
    claim: 'a failure that may pass is tried again after a sleep of the job',
    failed: { failure: passing },
    decision: { kind: 'again', usesRetry: true, delayMs: 250, holdMs: null, closeMs: null },
  },
  {
    claim: 'the second sleep may be twice as long',
    failed: { failure: passing, retriesUsed: 1 },
    decision: { kind: 'again', usesRetry: true, delayMs: 500, holdMs: null, closeMs: null },
  },
  {
    claim: 'no retry is left',
    failed: { failure: passing, retriesUsed: 2 },
    decision: { kind: 'give up', usesRetry: true, delayMs: 1000, holdMs: null, closeMs: null },
  },
  {
    claim: 'a failure that does not pass is final',
    failed: { failure: final },
    decision: { kind: 'give up', usesRetry: true, delayMs: 250, holdMs: null, closeMs: null },
  },
  {
    claim: 'a sleep past the deadline is none',
    failed: { failure: passing, leftMs: 250 },
    decision: { kind: 'give up', usesRetry: true, delayMs: 250, holdMs: null, closeMs: null },
  },
  {
    claim: 'a sleep that ends before the deadline is one',
    failed: { failure: passing, leftMs: 251 },
    decision: { kind: 'again', usesRetry: true, delayMs: 250, holdMs: null, closeMs: null },
  },
  {
    claim: 'a sleep that the outcome brings along is taken in place of the back-off',
    failed: { failure: passing, delayMs: 7 },
    decision: { kind: 'again', usesRetry: true, delayMs: 7, holdMs: null, closeMs: null },
  },
  {
    claim: 'a refusal with a time holds the lane and uses no retry',
    failed: { failure: passing, hold: { ms: 5000 }, retriesUsed: 2 },
    decision: { kind: 'again', usesRetry: false, delayMs: 0, holdMs: 5000, closeMs: null },
  },
  {
    claim: 'a refusal without a time holds the lane for the back-off and uses a retry',
    failed: { failure: passing, hold: { ms: null } },
    decision: { kind: 'again', usesRetry: true, delayMs: 0, holdMs: 250, closeMs: null },
  },
  {
    claim: 'a time of nothing is no time',
    failed: { failure: passing, hold: { ms: 0 } },
    decision: { kind: 'again', usesRetry: true, delayMs: 0, holdMs: 250, closeMs: null },
  },
  {
    claim: 'the last refusal without a time holds the lane too',
    failed: { failure: passing, hold: { ms: null }, retriesUsed: 2 },
    decision: { kind: 'give up', usesRetry: true, delayMs: 0, holdMs: 1000, closeMs: null },
  },
  {
    claim: 'a final failure with a time holds the lane, but not the job',
    failed: { failure: final, hold: { ms: 5000 } },
    decision: { kind: 'give up', usesRetry: false, delayMs: 0, holdMs: 5000, closeMs: null },
  },
  {
    claim: 'the longest time allowed is waited for',
    failed: { failure: passing, hold: { ms: 60_000 } },
    decision: { kind: 'again', usesRetry: false, delayMs: 0, holdMs: 60_000, closeMs: null },
  },
  {
    claim: 'a longer time closes the lane',
    failed: { failure: passing, hold: { ms: 60_001 } },
    decision: { kind: 'give up', usesRetry: false, delayMs: 0, holdMs: null, closeMs: 60_001 },
  },
  {
    claim: 'a time up to the deadline closes the lane',
    failed: { failure: passing, hold: { ms: 5000 }, leftMs: 5000 },
    decision: { kind: 'give up', usesRetry: false, delayMs: 0, holdMs: null, closeMs: 5000 },
  },
  {
    claim: 'all times of a job together may be as long as the longest',
    failed: { failure: passing, hold: { ms: 5000 }, heldMs: 55_000 },
    decision: { kind: 'again', usesRetry: false, delayMs: 0, holdMs: 5000, closeMs: null },
  },
  {
    claim: 'longer together is too long for the job, and the lane is held for the others',
    failed: { failure: passing, hold: { ms: 5000 }, heldMs: 55_001 },
    decision: { kind: 'give up', usesRetry: false, delayMs: 0, holdMs: 5000, closeMs: null },
  },
];

test.each(cases)('`decide`: $claim', ({ failed, decision }) => {
  expect(decide({ failure: passing, ...fresh, ...failed }, policy, () => 0.5)).toEqual(decision);
});

test('`decide` never waits for a job beyond its retries, its time or the deadline', () => {
  const ms = fc.nat(100_000);
  const anyRefusal = fc.record({
    failure: fc.constantFrom(passing, final),
    hold: fc.oneof(
      fc.constant({ ms: null }),
      ms.map((held) => ({ ms: held })),
    ),
    retriesUsed: fc.nat(3),
    heldMs: ms,
    leftMs: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), ms),
  });
  fc.assert(
    fc.property(
      anyRefusal,
      fc.boolean(),
      fc.double({ min: 0, max: justBelowOne, noNaN: true }),
      (given, isHeld, random) => {
        const { hold, ...rest } = given;
        const failed: FailedAttempt = isHeld ? { ...rest, hold } : rest;
        const { kind, usesRetry, delayMs, holdMs, closeMs } = decide(failed, policy, () => random);
        expect(holdMs === null || closeMs === null).toBe(true);
        if (kind === 'give up') return;
        expect(failed.failure.retryable).toBe(true);
        expect(delayMs + (holdMs ?? 0)).toBeLessThan(failed.leftMs);
        if (usesRetry) expect(failed.retriesUsed).toBeLessThan(policy.retries);
        else expect(failed.heldMs + (holdMs ?? 0)).toBeLessThanOrEqual(policy.retryAfterMaxMs);
      },
    ),
  );
});
