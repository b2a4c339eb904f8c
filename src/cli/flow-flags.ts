import * as Flags from '@oclif/core/flags';
import type { LaneLimits } from '../flow/lane.ts';
import type { RetryPolicy } from '../flow/retry.ts';
import type { FailureLimit } from '../flow/run.ts';
import { compileTemplate, type Template } from '../input/template.ts';
import { createLimitsOf, type LaneLimit, parseLaneLimit } from './lane-limits.ts';
import { sayable } from './request-flags.ts';
import { parseRetryOn } from './statuses.ts';
import { parseCount, parseDuration, parseRate, parseShare, type Rate, UsageError } from './values.ts';

const helpGroup = 'FLOW';
// Each parses with one of the parsers of values.ts; oclif puts the flag's name before their messages.
const duration = Flags.custom<number>({ parse: async (text) => parseDuration(text), helpGroup });
const count = Flags.custom<number>({ parse: async (text) => parseCount(text), helpGroup });
const positive = Flags.custom<number>({ parse: async (text) => parseCount(text, { min: 1 }), helpGroup });
const rate = Flags.custom<Rate>({ parse: async (text) => parseRate(text), helpGroup });
const laneLimit = Flags.custom<LaneLimit>({ parse: async (text) => parseLaneLimit(text), helpGroup });
const retryOn = Flags.custom<ReturnType<typeof parseRetryOn>>({ parse: async (text) => parseRetryOn(text), helpGroup });
const failureLimit = Flags.custom<FailureLimit>({ parse: async (text) => parseFailureLimit(text), helpGroup });

/** The pressure flags: the same in every command that calls something. */
export const flowFlags = {
  concurrency: positive({
    char: 'c',
    default: 10,
    helpValue: 'N',
    summary: 'Attempts in flight at once, whole run.',
  }),
  rate: rate({
    char: 'r',
    helpValue: '50/s',
    summary: 'Attempts started, whole run, retries included: 50/s, 600/m, 5/15s. Paced. Default: no limit.',
  }),
  burst: positive({ default: 1, helpValue: 'N', summary: 'Starts that may come at once within the rate.' }),
  'host-concurrency': positive({ helpValue: 'N', summary: 'Attempts in flight at once, for each lane (host).' }),
  'host-rate': rate({ helpValue: '10/s', summary: 'Attempts started, for each lane (host).' }),
  limit: laneLimit({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "'PATTERN=c=8,50/s'",
    summary:
      'Limits of the lanes that match, such as *.example.com; what it leaves out falls back to --host-*. Repeatable; the first match counts.',
  }),
  lane: Flags.string({
    helpGroup,
    helpValue: 'TEMPLATE',
    summary: 'What shares limits, such as {{account}}, a field of the record. Default: the host.',
  }),
  timeout: duration({
    // A download takes as long as it takes.
    default: async ({ flags }) => (savesBodies(flags) ? 0 : 30_000),
    defaultHelp: async () => '30s',
    helpValue: '30s',
    summary: 'One attempt, from its slot to its last byte; 0 is none.',
  }),
  'connect-timeout': duration({
    default: 10_000,
    defaultHelp: async () => '10s',
    helpValue: '10s',
    summary: 'Name, connection and TLS together.',
  }),
  'idle-timeout': duration({
    default: async ({ flags }) => (savesBodies(flags) ? 30_000 : 0),
    defaultHelp: async () => 'none',
    helpValue: '5s',
    summary: 'Longest silence between two bytes.',
  }),
  deadline: duration({
    default: 0,
    defaultHelp: async () => 'none',
    helpValue: '10m',
    summary: 'The whole run; what is not done by then is a row `deadline`, exit 124.',
  }),
  retries: count({ default: 2, helpValue: 'N', summary: 'Extra attempts after failures that may pass.' }),
  'retry-on': retryOn({
    helpValue: 'LIST',
    summary:
      'What is worth another attempt instead of the usual: failure codes and statuses, such as timeout,reset,429,5xx.',
  }),
  'retry-delay': duration({
    default: 500,
    defaultHelp: async () => '500ms',
    helpValue: '500ms',
    summary: 'First back-off; it doubles each time, with full jitter.',
  }),
  'retry-max-delay': duration({
    default: 30_000,
    defaultHelp: async () => '30s',
    helpValue: '30s',
    summary: 'Longest back-off.',
  }),
  'retry-after-max': duration({
    default: 300_000,
    defaultHelp: async () => '5m',
    helpValue: '5m',
    summary: 'A server that asks for a longer wait fails the row instead.',
  }),
  'retry-unsafe': Flags.boolean({
    helpGroup,
    summary: 'Also repeat POST and PATCH that the server may have acted on already.',
  }),
  'fail-fast': Flags.boolean({ helpGroup, summary: 'Stop the run at the first failed row, exit 3.' }),
  'max-failures': failureLimit({
    helpValue: 'N|N%',
    summary: 'Stop the run at the Nth failed row, or at N% of them (from the 100th row on), exit 3.',
  }),
  ordered: Flags.boolean({
    helpGroup,
    summary: 'Rows in input order. Those that are early wait, up to the window; then reading waits.',
  }),
  window: positive({
    default: 1000,
    helpValue: 'N',
    summary: 'Lines that may be read ahead: read, and their rows not yet written.',
  }),
  grace: duration({
    default: 5_000,
    defaultHelp: async () => '5s',
    helpValue: '5s',
    summary: 'How long a first Ctrl-C lets running attempts finish.',
  }),
};

function savesBodies(flags: object): boolean {
  return 'output-dir' in flags;
}

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
  return {
    concurrency: flags.concurrency,
    rate: flags.rate ?? null,
    burst: flags.burst,
    limitsOf: createLimitsOf(flags.limit ?? [], {
      concurrency: flags['host-concurrency'] ?? null,
      rate: flags['host-rate'] ?? null,
    }),
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

function parseFailureLimit(text: string): FailureLimit {
  if (!text.trim().endsWith('%')) return { count: parseCount(text, { min: 1 }) };
  const share = parseShare(text);
  if (share === 0) throw new UsageError(`expected more than 0%, got \`${text}\``);
  return { share };
}

/** What names the lanes of jobs, or null where it is their host. */
export function laneTemplate({ lane }: { lane?: string | undefined }, env: NodeJS.ProcessEnv): Template | null {
  return lane === undefined ? null : sayable('--lane', () => compileTemplate(lane, { env }));
}

/** Of two clocks, where 0 is none. */
function shorter(oneMs: number, otherMs: number): number {
  return oneMs === 0 || otherMs === 0 ? oneMs || otherMs : Math.min(oneMs, otherMs);
}
