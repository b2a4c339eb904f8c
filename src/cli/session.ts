import type { TokenOptions } from '../flow/allowance.ts';
import type { Attempt, FlowEvent } from '../flow/attempt.ts';
import { run } from '../flow/run.ts';
import type { RunEnd, RunView } from '../flow/run-options.ts';
import type { SharingOptions } from '../flow/sharing.ts';
import { createProgress, type Progress } from '../output/progress.ts';
import type { Shaped } from '../output/shape.ts';
import { renderSummary } from '../output/summary.ts';
import { createTally, type Measured, type TallySnapshot } from '../output/tally.ts';
import { plain } from '../output/terminal.ts';
import { Failure } from '../record/failure.ts';
import type { Result } from '../record/job.ts';
import { budgetNote, endProcess, exitOf, interruptNote } from './ending.ts';
import type { FlowSettings } from './flow-settings.ts';
import { listenForInterrupts } from './interrupts.ts';
import { unusedNotes } from './lane-limits.ts';
import type { OutputFile } from './output-file.ts';
import { changeNote, remaining, resumeNote } from './resume.ts';
import { createRowOutput, type View, type ViewTarget } from './row-output.ts';
import type { TalkSettings } from './talk-flags.ts';
import type { Workload } from './workload.ts';

/** How the jobs of one command are done, and told. */
export type Calling<Payload, Value, State> = {
  attempt: Attempt<Payload, Value, State>;
  /** One call for all jobs that would make the same; null where each makes its own. */
  share?: SharingOptions<Payload, Value> | null;
  /** A result as its row, without the line end. */
  render: (result: Result<Payload, Value>) => string;
  /** What stdout shows in place of rows, or null. */
  shape: ((result: Result<Payload, Value>) => Shaped<Payload, Value>) | null;
  /** The status, size and tokens of a value, for the summary and the window, in which what is saved takes no room. */
  measure: (value: Value | null) => Measured & { readonly isSaved?: boolean };
  /** An event of the run as a line for people, credentials masked; the status is that of an attempt's answer. */
  tell: (event: FlowEvent<Payload, State>, status: number | null) => string;
  /** What limits the tokens that calls take. */
  tokens?: TokenOptions<Payload>;
  keepsLog: boolean;
  /** Makes what stdout shows instead of rows; a file gets those all the same. */
  openView?: ((target: ViewTarget) => View<Payload, Value>) | null;
};

export type SessionOptions<Payload, Value, State> = Workload<Payload> &
  Calling<Payload, Value, State> & {
    flow: FlowSettings;
    talk: TalkSettings;
    /** The file that rows go to, or null for stdout. */
    output: OutputFile | null;
    /** How to go on with this run, for people, credentials masked. */
    resumeHint: string;
    /** Lets go of the input, also where it waits for a line. */
    stopInput: () => void;
    /** Closes whatever the attempts have open. */
    close: () => Promise<void>;
  };

/**
 * Everything between flags and exit code that is the same for all commands: runs the jobs, writes the rows, talks on
 * stderr, listens for Ctrl-C, and ends the process as DESIGN's table of endings says.
 */
export async function runSession<Payload, Value, State>(options: SessionOptions<Payload, Value, State>): Promise<void> {
  const { flow, talk, render, shape, measure, tell, output } = options;
  const startedMs = performance.now();
  const interrupts = listenForInterrupts({ graceMs: flow.graceMs });
  const lost = new AbortController();
  let outputError: NodeJS.ErrnoException | null = null;
  let hasLostReaderFirst = false;
  // oclif has put a listener there that throws everything but EPIPE; a full disk is for the table of endings.
  process.stdout.removeAllListeners('error').on('error', () => {});
  const lose = (error: NodeJS.ErrnoException) => {
    hasLostReaderFirst = interrupts.received() === null;
    outputError = error;
    lost.abort(new Failure('cancelled', 'the rows cannot be written any more', { cause: error }));
  };
  const { openView = null } = options;
  const tally = createTally({ hasUsage: options.tokens !== undefined });
  let look: (() => RunView) | null = null;
  const progress = startProgress(talk, () => ({
    ...statusOf(look, tally.snapshot()),
    elapsedMs: performance.now() - startedMs,
  }));
  const clear = talk.progress === 'terminal' && process.stdout.isTTY ? () => progress.clear() : null;
  const log = (line: string) => progress.log(line);
  const rows = createRowOutput({ render, shape, openView, output, lose, clear, log });
  if (output?.checkpoint && !talk.isQuiet) progress.log(resumeNote(output.path, output.checkpoint));

  let end: RunEnd;
  try {
    end = await run<Payload, Value, State, Result<Payload, Value> | Shaped<Payload, Value>>({
      source: remaining(options.jobs, options),
      attempt: options.attempt,
      laneOf: options.laneOf,
      share: options.share ?? null,
      ...(shape ? { conclude: shape } : {}),
      emit: (row) => {
        const result = 'result' in row ? row.result : row;
        tally.add(result, measure(result.value));
        return 'result' in row ? rows.writeShaped(row) : rows.write(row);
      },
      weigh: ({ value }) => weightOf(measure(value)),
      ...flow,
      tokens: options.tokens ?? null,
      coldMs: 50,
      drain: interrupts.drain,
      signal: AbortSignal.any([interrupts.abort, lost.signal]),
      keepsLog: options.keepsLog,
      observe: talk.isVerbose
        ? (event) => progress.log(tell(event, event.kind === 'attempt' ? measure(event.value).status : null))
        : null,
      watch: (lookAtRun) => {
        look = lookAtRun;
      },
    });
  } finally {
    options.stopInput();
    await rows.end();
    try {
      await output?.close({ isWhole: outputError === null });
    } catch (error) {
      outputError ??= error as Failure;
    }
    progress.stop();
    await options.close();
    interrupts.release();
  }

  const signal = interrupts.received();
  const summary = await renderSummary(tally.snapshot(), {
    format: talk.summary,
    elapsedMs: performance.now() - startedMs,
    color: talk.color,
  });
  if (summary) process.stderr.write(summary);
  // Not without -v: a config file may well have limits for hosts that are not called every time.
  for (const note of talk.isVerbose ? unusedNotes(flow.unusedLimits()) : []) process.stderr.write(`${plain(note)}\n`);
  const changed = output?.checkpoint ? changeNote(output.path, output.checkpoint) : null;
  if (changed) process.stderr.write(`${changed}\n`);
  if (signal && !hasLostReaderFirst && !talk.isQuiet) {
    process.stderr.write(`${interruptNote(end, tally.snapshot(), options.resumeHint)}\n`);
  }
  if (end.spent && !talk.isQuiet) process.stderr.write(`${budgetNote(end.spent, options.resumeHint)}\n`);
  await endProcess(exitOf({ end, signal, outputError, hasLostReaderFirst }), outputError);
}

function weightOf({ bytes, isSaved = false }: { bytes: number | null; isSaved?: boolean }): number {
  return isSaved ? 0 : (bytes ?? 0);
}

type Snapshot = Parameters<typeof createProgress>[0]['snapshot'];

function startProgress({ progress, color }: TalkSettings, snapshot: Snapshot): Progress {
  const stream = process.stderr;
  if (progress) return createProgress({ stream, isTerminal: progress === 'terminal', color, snapshot });
  return { log: (line) => void stream.write(`${plain(line)}\n`), clear: () => {}, stop: () => {} };
}

function statusOf(
  look: (() => RunView) | null,
  { done, failed }: TallySnapshot,
): Omit<ReturnType<Snapshot>, 'elapsedMs'> {
  const view = look?.() ?? { read: 0, isAllRead: false, running: 0, heldBy: null };
  const { read, running, heldBy, isAllRead } = view;
  return { read, done, failed, inFlight: running, total: isAllRead ? read : null, heldBy };
}
