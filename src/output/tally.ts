import { createHistogram } from 'node:perf_hooks';
import { type FailureCode, isRunsEnd } from '../record/failure.ts';
import type { Usage } from '../record/prompt.ts';

/** How a row came out. */
export type Verdict = {
  readonly failure: { readonly code: FailureCode } | null;
  /** The last attempt's time; null without one. */
  readonly durationMs: number | null;
  readonly attempts: number;
};

/** What came of its call. */
export type Measured = {
  /** Null when no response came. */
  readonly status: number | null;
  readonly bytes: number | null;
  /** What a model's answer took; null where nobody says. */
  readonly usage?: Usage | null;
};

/** Latency of the rows' last attempts, in milliseconds; within 0.1% of the true value, `max` exactly. */
export type Latency = { readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number };

/** The counts at one moment; later rows do not change it. */
export type TallySnapshot = {
  readonly done: number;
  readonly ok: number;
  /** Failed of themselves: those that the run's end cut off are in `cancelled`. */
  readonly failed: number;
  /** Not finished because the run was over: stopped, or at its deadline. */
  readonly cancelled: number;
  /** The failed ones; the most frequent first. */
  readonly failedByCode: ReadonlyMap<FailureCode, number>;
  /** The cancelled ones: `cancelled` or `deadline`. */
  readonly cancelledByCode: ReadonlyMap<FailureCode, number>;
  /** By status, ascending. Rows without a response are in none. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly attempts: number;
  /** Attempts beyond the first of each row. */
  readonly retries: number;
  readonly bytes: number;
  /** Tokens of all rows together, as far as providers say; null where the rows are no models' answers. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | null;
  /** Null before the first row that had an attempt. */
  readonly latency: Latency | null;
};

export type Tally = {
  /** Counts one row. Stands in the hot path: about 0.1 us, and no memory that grows with the rows. */
  add(verdict: Verdict, measured: Measured): void;
  snapshot(): TallySnapshot;
};

/** The histogram counts whole microseconds, of which it keeps three digits, from 1 us to 12 days. */
const longestUs = 2 ** 40;

/** Counts every settled row of a run, ok or not: what the summary tells, and the exit code agrees with. */
export function createTally({ hasUsage = false }: { hasUsage?: boolean } = {}): Tally {
  const histogram = createHistogram({ lowest: 1, highest: longestUs, figures: 3 });
  const failedByCode = new Map<FailureCode, number>();
  const statuses = new Map<number, number>();
  const cancelledByCode = new Map<FailureCode, number>();
  let ok = 0;
  let attempts = 0;
  let retries = 0;
  let bytes = 0;
  let inputTokens = 0;
  let outputTokens = 0;
  let timed = 0;
  let maxMs = 0;

  function add({ failure, durationMs, attempts: made }: Verdict, measured: Measured): void {
    if (failure === null) ok += 1;
    else count(isRunsEnd(failure.code) ? cancelledByCode : failedByCode, failure.code);
    if (measured.status !== null) count(statuses, measured.status);
    attempts += made;
    if (made > 1) retries += made - 1;
    bytes += measured.bytes ?? 0;
    if (measured.usage) {
      inputTokens += measured.usage.inputTokens ?? 0;
      outputTokens += measured.usage.outputTokens ?? 0;
    }
    if (durationMs === null) return;
    timed += 1;
    if (durationMs > maxMs) maxMs = durationMs;
    histogram.record(Math.min(longestUs, Math.max(1, Math.round(durationMs * 1000))));
  }

  /** A percentile is the upper edge of its bucket, which may lie above the largest value in it. */
  function percentileMs(percentile: number): number {
    return Math.min(maxMs, histogram.percentile(percentile) / 1000);
  }

  function snapshot(): TallySnapshot {
    const failed = sum(failedByCode);
    const cancelled = sum(cancelledByCode);
    return {
      done: ok + failed + cancelled,
      ok,
      failed,
      cancelled,
      failedByCode: new Map([...failedByCode].sort(([, a], [, b]) => b - a)),
      cancelledByCode: new Map(cancelledByCode),
      statuses: new Map([...statuses].sort(([a], [b]) => a - b)),
      attempts,
      retries,
      bytes,
      usage: hasUsage ? { inputTokens, outputTokens } : null,
      latency: timed === 0 ? null : { p50: percentileMs(50), p90: percentileMs(90), p99: percentileMs(99), max: maxMs },
    };
  }

  return { add, snapshot };
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sum(counts: ReadonlyMap<unknown, number>): number {
  return [...counts.values()].reduce((total, one) => total + one, 0);
}
