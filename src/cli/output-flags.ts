import * as Flags from '@oclif/core/flags';
import type { SummaryFormat } from '../output/summary.ts';
import type { OutputMode } from './output-file.ts';
import { UsageError } from './values.ts';

const helpGroup = 'TALK';

/** Where rows go. */
export const outputFlags = {
  output: Flags.string({
    char: 'o',
    helpGroup: 'ROW',
    helpValue: 'FILE',
    summary: 'Write rows to FILE instead of stdout. It is the checkpoint that --resume goes on from.',
  }),
  resume: Flags.boolean({
    helpGroup: 'ROW',
    summary: 'Go on with FILE: rows that are ok stay, the rest is done. Give the same input again, in any order.',
  }),
  'retry-failed': Flags.boolean({
    helpGroup: 'ROW',
    summary: 'Like --resume, but do only what failed in FILE: lines that it does not know are left out.',
  }),
  overwrite: Flags.boolean({ helpGroup: 'ROW', summary: 'Begin FILE anew.' }),
};

export type OutputFlags = {
  output?: string | undefined;
  resume: boolean;
  'retry-failed': boolean;
  overwrite: boolean;
};

/** The file that rows go to and how it is opened, or null for stdout. */
export function outputSettings(flags: OutputFlags): { path: string; mode: OutputMode } | null {
  const modes = (['resume', 'retry-failed', 'overwrite'] as const).filter((mode) => flags[mode]);
  const [mode = 'new', other] = modes;
  if (other) throw new UsageError(`--${mode} and --${other} contradict each other: give one of them`);
  if (flags.output === undefined || flags.output === '-') {
    if (mode === 'new') return null;
    throw new UsageError(`--${mode}: it needs a file of rows, given with -o`);
  }
  return { path: flags.output, mode };
}

/** What people see on stderr: the same in every command that calls something. */
export const talkFlags = {
  progress: Flags.boolean({
    allowNo: true,
    helpGroup,
    summary: 'The progress line on stderr. Default: when stderr is a terminal.',
  }),
  summary: Flags.option({
    options: ['auto', 'table', 'json', 'markdown', 'none'] as const,
    default: 'auto',
    helpGroup,
    summary: 'Summary on stderr at the end. Default auto: a table when stderr is a terminal.',
  })(),
  quiet: Flags.boolean({ char: 'q', helpGroup, summary: 'No progress, no summary, no notes.' }),
  verbose: Flags.boolean({ char: 'v', helpGroup, summary: 'Tell each attempt, hop, retry and hold on stderr.' }),
};

export type TalkFlags = {
  progress?: boolean | undefined;
  summary: 'auto' | SummaryFormat;
  quiet: boolean;
  verbose: boolean;
};

export type TalkSettings = {
  /** Redrawn on a terminal, a plain line now and then elsewhere; null is none. */
  progress: 'terminal' | 'plain' | null;
  summary: SummaryFormat;
  isQuiet: boolean;
  isVerbose: boolean;
  color: boolean;
};

export function talkSettings(
  flags: TalkFlags,
  { isTerminal, env }: { isTerminal: boolean; env: NodeJS.ProcessEnv },
): TalkSettings {
  const wantsProgress = !flags.quiet && (flags.progress ?? isTerminal);
  const auto = isTerminal && !flags.quiet ? 'table' : 'none';
  return {
    progress: wantsProgress ? (isTerminal ? 'terminal' : 'plain') : null,
    summary: flags.summary === 'auto' ? auto : flags.summary,
    isQuiet: flags.quiet,
    isVerbose: flags.verbose,
    // https://no-color.org: any value that is not empty.
    color: isTerminal && !env.NO_COLOR && env.TERM !== 'dumb',
  };
}
