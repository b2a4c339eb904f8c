import * as Flags from '@oclif/core/flags';
import type { OutputMode } from './output-file.ts';
import { UsageError } from './values.ts';

const helpGroup = 'ROW';

/** Where rows go. */
export const outputFlags = {
  output: Flags.string({
    char: 'o',
    helpGroup,
    helpValue: 'FILE',
    summary: 'Write rows to FILE instead of stdout. It is the checkpoint that --resume goes on from.',
  }),
  resume: Flags.boolean({
    helpGroup,
    summary: 'Go on with FILE: rows that are ok stay, the rest is done. Give the same input again, in any order.',
  }),
  'retry-failed': Flags.boolean({
    helpGroup,
    summary: 'Like --resume, but do only what failed in FILE: lines that it does not know are left out.',
  }),
  overwrite: Flags.boolean({ helpGroup, summary: 'Begin FILE anew; with --output-dir, also take the place of files.' }),
};

export type OutputFlags = {
  output?: string | undefined;
  resume: boolean;
  'retry-failed': boolean;
  overwrite: boolean;
  'output-dir'?: string | undefined;
};

/** The file that rows go to and how it is opened, or null for stdout. */
export function outputSettings(flags: OutputFlags): { path: string; mode: OutputMode } | null {
  const modes = (['resume', 'retry-failed', 'overwrite'] as const).filter((mode) => flags[mode]);
  const [mode = 'new', other] = modes;
  if (other) throw new UsageError(`--${mode} and --${other} contradict each other: give one of them`);
  if (flags.output === undefined || flags.output === '-') {
    // Files may be overwritten though rows go to stdout.
    if (mode === 'new' || (mode === 'overwrite' && flags['output-dir'] !== undefined)) return null;
    throw new UsageError(`--${mode}: it needs a file of rows, given with -o`);
  }
  return { path: flags.output, mode };
}
