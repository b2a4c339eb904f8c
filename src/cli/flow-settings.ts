import type { FailureLimit } from '../flow/failure-limit.ts';
import type { LaneLimits } from '../flow/lane-options.ts';
import type { RetryPolicy } from '../flow/retry.ts';
import type { Rate } from '../record/rate.ts';
import { createLimits, type LaneLimit } from './lane-limits.ts';
import { UsageError } from './values.ts';

/** What the flow flags hold once parsed. */
export type FlowFlags = {
  concurrency: number;
  rate?: Rate | undefined;
  burst: number;
  'host-concurrency'?: number | undefined;
  'host-rate'?: Rate | undefined;
  limit?: LaneLimit[] | undefined;
  timeout: number;
  'connect-timeout': number;
  deadline: number;
  retries: number;
  'retry-delay': number;
  'retry-max-delay': number;
  'retry-after-max': number;
  'fail-fast': boolean;
  'max-failures'?: FailureLimit | undefined;
  ordered: boolean;
  window: number;
  grace: number;
};

/** How a run is held and when it gives up. Durations in milliseconds. */
export type FlowSettings = {
  concurrency: number;
  rate: Rate | null;
  burst: number;
  limitsOf: (lane: string) => LaneLimits;
  /** Those of `--limit` that no lane has come under. */
  unusedLimits: () => readonly string[];
  isOrdered: boolean;
  timeoutMs: number;
  /** Name, connection and TLS; never longer than an attempt. 0 is no limit. */
  connectTimeoutMs: number;
  deadlineMs: number;
  retry: RetryPolicy;
  failureLimit: FailureLimit | null;
  window: { jobs: number; bytes: number };
  graceMs: number;
};

/** Results that may wait to be written, in memory. */
const windowBytes = 64 * 1024 ** 2;

export function flowSettings(flags: FlowFlags): FlowSettings {
  if (flags['fail-fast'] && flags['max-failures']) {
    throw new UsageError('--fail-fast and --max-failures say the same in two ways: give one of them');
  }
  const hasRate = flags.rate || flags['host-rate'] || flags.limit?.some(({ rate }) => rate);
  if (flags.burst > 1 && !hasRate) throw new UsageError('--burst: there is no rate that it could relax');
  const { limitsOf, unused } = createLimits(flags.limit ?? [], {
    concurrency: flags['host-concurrency'] ?? null,
    rate: flags['host-rate'] ?? null,
  });
  return {
    concurrency: flags.concurrency,
    rate: flags.rate ?? null,
    burst: flags.burst,
    limitsOf,
    unusedLimits: unused,
    isOrdered: flags.ordered,
    timeoutMs: flags.timeout,
    connectTimeoutMs: shorter(flags['connect-timeout'], flags.timeout),
    deadlineMs: flags.deadline,
    retry: {
      retries: flags.retries,
      delayMs: flags['retry-delay'],
      maxDelayMs: flags['retry-max-delay'],
      retryAfterMaxMs: flags['retry-after-max'],
    },
    failureLimit: flags['fail-fast'] ? { count: 1 } : (flags['max-failures'] ?? null),
    window: { jobs: flags.window, bytes: windowBytes },
    graceMs: flags.grace,
  };
}

/** Of two clocks, where 0 is none. */
function shorter(oneMs: number, otherMs: number): number {
  return oneMs === 0 || otherMs === 0 ? oneMs || otherMs : Math.min(oneMs, otherMs);
}
