import { existsSync } from 'node:fs';
import type { Interfaces } from '@oclif/core';
import { run } from '@oclif/core/run';
import { type CommandClasses, createPlugin } from './plugin.ts';
import { type KnownCommands, type UsageFault, usageLine } from './usage-errors.ts';
import { UsageError } from './values.ts';

type OclifError = UsageFault & { oclif?: { exit?: number } };

/** The package's folder, and what it can do. */
export type Program = { readonly root: string; readonly commands: CommandClasses };

/** Runs the command line. Settles when everything is written; the verdict is in `process.exitCode`. */
export async function main(argv: string[], { root, commands }: Program): Promise<void> {
  process.once('exit', tellUnfinished);
  const plugin = createPlugin(root, commands);
  try {
    await run(argv, { root, plugins: new Map([[plugin.name, plugin]]) });
  } catch (error) {
    // Its first line may have been read for its header: whoever writes it could keep us waiting.
    process.stdin.destroy();
    explain(error as OclifError, () => usageLine(error as OclifError, argv, commandsOf(plugin)));
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

function commandsOf({ commands }: Interfaces.Plugin): KnownCommands {
  return Object.fromEntries(commands.map((command) => [command.id, command])) as KnownCommands;
}
