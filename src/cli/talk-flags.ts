import * as Flags from '@oclif/core/flags';
import type { SummaryFormat } from '../output/summary.ts';

const helpGroup = 'TALK';

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
