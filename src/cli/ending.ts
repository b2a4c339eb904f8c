import type { RunEnd } from '../flow/run-options.ts';
import type { Spent } from '../flow/spending.ts';
import type { TallySnapshot } from '../output/tally.ts';
import { plain } from '../output/terminal.ts';
import { Failure } from '../record/failure.ts';
import { withoutCredentials } from '../record/request.ts';
import { type Mask, masked } from '../record/secrets.ts';
import { dieBy, type InterruptSignal } from './interrupts.ts';

/** What a session ended with, as far as the verdict needs it. */
export type SessionEnd = {
  end: RunEnd;
  signal: InterruptSignal | null;
  /** Why rows could not be written, or null. */
  outputError: NodeJS.ErrnoException | null;
  /** The reader of stdout left before any signal came. */
  hasLostReaderFirst: boolean;
};

export type Exit = { code: 0 | 1 | 3 | 4 | 124 } | { signal: InterruptSignal };

/** The table of endings. Rows that were lost beat all else; then the first cause; then whether rows failed. */
export function exitOf({ end, signal, outputError, hasLostReaderFirst }: SessionEnd): Exit {
  if (outputError && outputError.code !== 'EPIPE') return { code: 4 };
  if (end.kind === 'failures' || end.kind === 'budget') return { code: 3 };
  if (end.kind === 'deadline') return { code: 124 };
  if (outputError && hasLostReaderFirst) return { code: 0 };
  if (signal) return { signal };
  return { code: end.failed > 0 ? 1 : 0 };
}

/** Sets the exit code, or dies by the signal: everything has been written by then. */
export async function endProcess(exit: Exit, outputError: NodeJS.ErrnoException | null): Promise<void> {
  if (outputError && outputError.code !== 'EPIPE') {
    await say(plain(`sluice: ${lossOf(outputError)}`));
  }
  if ('code' in exit) {
    process.exitCode = exit.code;
    return;
  }
  await say('');
  dieBy(exit.signal);
}

/** An output that could not be closed has said it all; any other was lost while the run went on. */
function lossOf(error: NodeJS.ErrnoException): string {
  return error instanceof Failure ? error.message : `rows could not be written: ${error.message}; the run was stopped`;
}

/** Resolves when stderr has taken the line, or is closed: after this the process may be gone. */
async function say(line: string): Promise<void> {
  const text = line === '' ? '' : `${line}\n`;
  await new Promise<void>((resolve) => process.stderr.write(text, () => resolve()));
}

/** The last line after an interrupt: what became of the lines, and how to go on. */
export function interruptNote({ isAllRead }: RunEnd, { ok, failed, cancelled }: TallySnapshot, hint: string): string {
  const rest = isAllRead ? 'all input was read' : 'the rest of the input was not read';
  const counts = `${ok} done, ${failed} failed, ${cancelled} cancelled (read, not finished); ${rest}`;
  const isNothingLeft = isAllRead && failed === 0 && cancelled === 0;
  return `sluice: interrupted: ${counts}${isNothingLeft ? ', and nothing is left to do' : `. ${hint}`}`;
}

/** The last line where the budget of tokens ended the run. */
export function budgetNote({ spent, next }: Spent, hint: string): string {
  if (spent === 0) {
    return `sluice: stopped: nothing is spent, and the next prompt may take ${next} tokens with its answer: more than --budget-tokens allows`;
  }
  return `sluice: stopped: the budget is used up (--budget-tokens): ${spent} tokens are spent, and the next prompt may take ${next}. ${hint}`;
}

export type ResumeHint = {
  argv: readonly string[];
  /** Rows went to a file, which knows what is done. */
  hasFile: boolean;
  /** A row holds all that it takes to do it again. */
  feedsBack: boolean;
  /** Lines came from stdin, and have to come from there again. */
  readsStdin: boolean;
  mask: Mask | null;
};

/** How to go on with a run: the command, where a file of rows knows what is done; else what to feed back by hand. */
export function resumeHint(command: string, { argv, hasFile, feedsBack, readsStdin, mask }: ResumeHint): string {
  if (!hasFile && !feedsBack) {
    return 'To resume: -o FILE, whose --resume does what is not done; rows alone need --include input for that';
  }
  if (!hasFile) {
    return `To resume: jq -c 'select(.ok == false)' ROWS | sluice ${command}, and the lines after the last index; with -o FILE, --resume does both`;
  }
  const kept = argv.filter((word) => !['--overwrite', '--resume', '--retry-failed'].includes(word));
  const shown = kept.map((word) => withoutCredentials(mask ? mask(word) : word));
  const isMasked = shown.some((word, at) => word !== kept[at]);
  const line = ['sluice', command, ...shown.map(shellQuoted), '--resume'].join(' ');
  const notes = [
    readsStdin ? ', with the same input on stdin' : '',
    isMasked ? `, with its credentials for ${masked}` : '',
  ];
  return `To resume${notes.join('')}: ${line}`;
}

function shellQuoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
