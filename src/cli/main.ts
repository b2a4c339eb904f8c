import { existsSync } from 'node:fs';
import { run } from '@oclif/core/run';
import { plain } from '../output/terminal.ts';
import { nearest } from './nearest.ts';
import { UsageError } from './values.ts';

type OclifError = Error & {
  oclif?: { exit?: number };
  /** Flags that do not exist, and those that do. */
  flags?: readonly string[];
  parse?: { input?: { flags?: Readonly<Record<string, unknown>> } };
};

const commands = ['fetch', 'prompt', 'mock'];

/** Runs the command line. Settles when everything is written; the verdict is in `process.exitCode`. */
export async function main(argv: string[], root: string): Promise<void> {
  process.once('exit', tellUnfinished);
  try {
    await run(argv, root);
  } catch (error) {
    explain(error as OclifError);
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
function explain(error: OclifError): void {
  const isUsage = error instanceof UsageError || error.oclif !== undefined;
  if (isUsage) {
    process.stderr.write(`sluice: ${oneLine(error.message)}${hintFor(error)}\n`);
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

/** What was most likely meant by a flag or command that does not exist. */
function hintFor({ message, flags, parse }: OclifError): string {
  const known = Object.keys(parse?.input?.flags ?? {}).map((name) => `--${name}`);
  const [wrong] = flags ?? [];
  const flag = wrong ? nearest(wrong, known) : null;
  if (flag) return ` (did you mean ${flag}?)`;
  const [, command] = /^command (\S+) not found/.exec(message) ?? [];
  if (command === undefined) return '';
  if (/^https?:/.test(command)) return ' (did you mean sluice fetch URL?)';
  const meant = nearest(command, commands);
  return meant ? ` (did you mean ${meant}?)` : ' (see sluice --help)';
}
