import { run } from '@oclif/core/run';
import { plain } from '../output/terminal.ts';
import { UsageError } from './values.ts';

type OclifError = Error & { oclif?: { exit?: number } };

/** Runs the command line. Settles when everything is written; the verdict is in `process.exitCode`. */
export async function main(argv: string[], root: string): Promise<void> {
  process.once('exit', tellUnfinished);
  try {
    await run(argv, root);
  } catch (error) {
    explain(error as OclifError);
  }
  process.off('exit', tellUnfinished);
}

/** Node.js ends quietly when nothing is left that could wake it, even if something is still awaited. That is no success. */
function tellUnfinished(): void {
  process.stderr.write('sluice: this is a bug in sluice, please report it: it ended before its work was done\n');
  process.exitCode = 70;
}

/** One line for wrong usage (exit 2), the stack for what should not happen (exit 70, EX_SOFTWARE). */
function explain(error: OclifError): void {
  const isUsage = error instanceof UsageError || error.oclif !== undefined;
  if (isUsage) {
    process.stderr.write(`sluice: ${oneLine(error.message)}\n`);
    process.exitCode = 2;
    return;
  }
  process.stderr.write(`sluice: this is a bug in sluice, please report it\n${error.stack ?? error.message}\n`);
  process.exitCode = 70;
}

/** oclif's messages on one line, the flag in front: `Parsing --rate \n\texpected …` becomes `--rate: expected …`. */
function oneLine(message: string): string {
  const [text = ''] = message.split('\nSee more help');
  return plain(text.replace(/^Parsing (--\S+)\s+(?:\1: )?/, '$1: ').replace(/\s*\n\s*/g, ' '));
}
