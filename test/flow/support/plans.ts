import fc from 'fast-check';

/** What a call comes to. */
export type Fate = 'done' | 'failed' | 'retry' | 'told to wait' | 'told to wait long' | 'refused' | 'hop' | 'throw';

/** What happens in one run, but for the order in which it happens: that is the scheduler's. */
export type Plan = {
  /** Each job's lane; null is a line that is no job. */
  readonly jobs: readonly (string | null)[];
  readonly batchSize: number;
  readonly sourceBreaks: boolean;
  /** What the calls come to, in turn, over and over. */
  readonly fates: readonly Fate[];
  readonly hopLanes: readonly string[];
  /** Whether calls end at once when they are cancelled, or only when their time comes. */
  readonly obeys: boolean;
  readonly writes: readonly ('at once' | 'later' | 'throw' | 'reject')[];
  readonly isOrdered: boolean;
  readonly concurrency: number;
  readonly laneConcurrency: number | null;
  readonly rate: { count: number; windowMs: number } | null;
  readonly laneRate: { count: number; windowMs: number } | null;
  readonly burst: number;
  readonly window: { jobs: number; bytes: number };
  readonly retries: number;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  readonly failureLimit: { count: number } | { share: number } | null;
  readonly drains: boolean;
  readonly aborts: boolean;
};

const lanes = ['a', 'b', 'c'];
const fates: Fate[] = ['done', 'failed', 'retry', 'told to wait', 'told to wait long', 'refused', 'hop', 'throw'];
const rate = fc.record({ count: fc.integer({ min: 1, max: 20 }), windowMs: fc.constantFrom(100, 1000) });
const perhaps = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const oneIn = (count: number) => fc.nat(count - 1).map((number) => number === 0);

export const anyPlan: fc.Arbitrary<Plan> = fc.record({
  jobs: fc.array(
    fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...lanes) }, { weight: 1, arbitrary: fc.constant(null) }),
    {
      maxLength: 9,
    },
  ),
  batchSize: fc.integer({ min: 1, max: 4 }),
  sourceBreaks: oneIn(12),
  fates: fc.array(fc.constantFrom(...fates), { minLength: 1, maxLength: 12 }),
  hopLanes: fc.array(fc.constantFrom(...lanes), { minLength: 1, maxLength: 4 }),
  obeys: fc.boolean(),
  writes: fc.array(
    fc.oneof(
      { weight: 40, arbitrary: fc.constantFrom('at once' as const, 'later' as const) },
      { weight: 1, arbitrary: fc.constantFrom('throw' as const, 'reject' as const) },
    ),
    { minLength: 1, maxLength: 9 },
  ),
  isOrdered: fc.boolean(),
  concurrency: fc.integer({ min: 1, max: 4 }),
  laneConcurrency: perhaps(fc.integer({ min: 1, max: 2 })),
  rate: perhaps(rate),
  laneRate: perhaps(rate),
  burst: fc.integer({ min: 1, max: 3 }),
  window: fc.record({ jobs: fc.integer({ min: 1, max: 6 }), bytes: fc.integer({ min: 1, max: 60 }) }),
  retries: fc.nat(2),
  timeoutMs: fc.constantFrom(0, 40),
  deadlineMs: fc.constantFrom(0, 0, 0, 300, 3000),
  failureLimit: fc.constantFrom(null, null, null, { count: 1 }, { count: 3 }, { share: 0.5 }),
  drains: oneIn(4),
  aborts: oneIn(4),
});
