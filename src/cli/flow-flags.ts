import * as Flags from '@oclif/core/flags';
import type { FailureLimit } from '../flow/failure-limit.ts';
import type { Rate } from '../record/rate.ts';
import { type LaneLimit, parseLaneLimit } from './lane-limits.ts';
import { parseRetryOn } from './statuses.ts';
import { parseCount, parseDuration, parseRate, parseShare, UsageError } from './values.ts';

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
  'host-concurrency': positive({
    helpValue: 'N',
    summary: 'Attempts in flight at once, for each lane (host). Default: no limit.',
  }),
  'host-rate': rate({ helpValue: '10/s', summary: 'Attempts started, for each lane (host). Default: no limit.' }),
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
    summary: 'Stop the run at the Nth failed row, or at N% of them (from the 100th row on), exit 3. Default: none.',
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

function parseFailureLimit(text: string): FailureLimit {
  if (!text.trim().endsWith('%')) return { count: parseCount(text, { min: 1 }) };
  const share = parseShare(text);
  if (share === 0) throw new UsageError(`expected more than 0%, got \`${text}\``);
  return { share };
}
