import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '@oclif/core/run';
import { type KnownCommands, type UsageFault, usageLine } from './usage-errors.ts';
import { UsageError } from './values.ts';

type OclifError = UsageFault & { oclif?: { exit?: number } };

/** Runs the command line. Settles when everything is written; the verdict is in `process.exitCode`. */
export async function main(argv: string[], root: string): Promise<void> {
  process.once('exit', tellUnfinished);
  try {
    await run(argv, root);
  } catch (error) {
    explain(error as OclifError, () => usageLine(error as OclifError, argv, knownCommands(root)));
  }
  process.off('exit', tellUnfinished);
  await letGoOfLookups();
}

/**
 * A name that is still being looked up cannot be called off, and keeps the process for as long as the name servers are
 * silent: 10 s, and `process.exit` waits too, for the thread. Another program in its place does not. All rows are written.
 */
async function letGoOfLookups(): Promise<void> {
  const isWaiting = process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap');
  if (!isWaiting || !process.execve || !existsSync('/bin/sh')) return;
  await Promise.all([process.stdout, process.stderr].map(flushed));
  process.execve('/bin/sh', ['sh', '-c', `exit ${process.exitCode ?? 0}`]);
}

/** Resolves when the stream has taken all, or is closed. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) resolve();
    else stream.write('', () => resolve());
  });
}

/** Node.js ends quietly when nothing is left that could wake it, even if something is still awaited. That is no success. */
function tellUnfinished(): void {
  process.stderr.write('sluice: this is a bug in sluice, please report it: it ended before its work was done\n');
  process.exitCode = 70;
}

/** One line for wrong usage (exit 2), the stack for what should not happen (exit 70, EX_SOFTWARE). */
function explain(error: OclifError, lineOf: () => string): void {
  if (error instanceof UsageError || error.oclif !== undefined) {
    process.stderr.write(`sluice: ${lineOf()}\n`);
    process.exitCode = 2;
    return;
  }
  process.stderr.write(`sluice: this is a bug in sluice, please report it\n${error.stack ?? error.message}\n`);
  process.exitCode = 70;
}

/** Read only when there is something to explain. */
function knownCommands(root: string): KnownCommands {
  try {
    const manifest = readFileSync(join(root, '../oclif.manifest.json'), 'utf8');
    return (JSON.parse(manifest) as { commands: KnownCommands }).commands;
  } catch {
    return {}; // the message is what matters
  }
}
