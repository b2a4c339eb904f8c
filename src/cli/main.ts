import { run } from '@oclif/core/run';
import { UsageError } from './values.ts';

type OclifError = Error & { oclif?: { exit?: number } };

/** Runs the command line. Settles when everything is written; the verdict is in `process.exitCode`. */
export async function main(argv: string[], root: string): Promise<void> {
  try {
    await run(argv, root);
  } catch (error) {
    explain(error as OclifError);
  }
}

/** One line for wrong usage (exit 2), the stack for what should not happen (exit 70, EX_SOFTWARE). */
function explain(error: OclifError): void {
  const isUsage = error instanceof UsageError || error.oclif !== undefined;
  if (isUsage) {
    const [line] = error.message.split('\nSee more help');
    process.stderr.write(`sluice: ${line}\n`);
    process.exitCode = 2;
    return;
  }
  process.stderr.write(`sluice: this is a bug in sluice, please report it\n${error.stack ?? error.message}\n`);
  process.exitCode = 70;
}
