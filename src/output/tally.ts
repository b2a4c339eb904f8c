import { createHistogram } from 'node:perf_hooks';
import { type FailureCode, isRunsEnd } from '../record/failure.ts';
import type { Usage } from '../record/prompt.ts';

/** What the tally needs to know of a settled row. */
export type Settled = {
  readonly ok: boolean;
  /** Null when ok. */
  readonly code: FailureCode | null;
  /** Null when no response came. */
  readonly status: number | null;
  /** The last attempt's time; null without one. */
  readonly durationMs: number | null;
  readonly attempts: number;
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
  add(row: Settled): void;
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
  let failed = 0;
  let cancelled = 0;
  let attempts = 0;
  let retries = 0;
  let bytes = 0;
  let inputTokens = 0;
  let outputTokens = 0;
  let timed = 0;
  let maxMs = 0;

  function add(row: Settled): void {
    if (row.ok) ok += 1;
    else if (isRunsEnd(row.code)) cancelled += 1;
    else failed += 1;
    const byCode = isRunsEnd(row.code) ? cancelledByCode : failedByCode;
    if (row.code !== null) byCode.set(row.code, (byCode.get(row.code) ?? 0) + 1);
    if (row.status !== null) statuses.set(row.status, (statuses.get(row.status) ?? 0) + 1);
    attempts += row.attempts;
    if (row.attempts > 1) retries += row.attempts - 1;
    bytes += row.bytes ?? 0;
    if (row.usage) {
      inputTokens += row.usage.inputTokens ?? 0;
      outputTokens += row.usage.outputTokens ?? 0;
    }
    if (row.durationMs === null) return;
    timed += 1;
    if (row.durationMs > maxMs) maxMs = row.durationMs;
    histogram.record(Math.min(longestUs, Math.max(1, Math.round(row.durationMs * 1000))));
  }

  /** A percentile is the upper edge of its bucket, which may lie above the largest value in it. */
  function percentileMs(percentile: number): number {
    return Math.min(maxMs, histogram.percentile(percentile) / 1000);
  }

  function snapshot(): TallySnapshot {
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
