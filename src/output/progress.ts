import type { Writable } from 'node:stream';
import type { Ora } from 'ora';
import { createStatusLine, type RunStatus } from './status-line.ts';
import { plain } from './terminal.ts';

/** Where people read: stderr, or what stands for it in a test. */
export type TalkStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export type ProgressOptions = {
  readonly stream: TalkStream;
  /**
   * A terminal gets a line that is redrawn, anything else (`--progress` in a log) a plain line now and then; so does
   * a terminal that tells no width.
   */
  readonly isTerminal: boolean;
  /** Default: 100 where the line is redrawn, else 5000. */
  readonly everyMs?: number;
  /** False where NO_COLOR or the like asks for it. */
  readonly color?: boolean;
  /** Asked once for each drawing. */
  readonly snapshot: () => RunStatus;
};

export type Progress = {
  /** Writes one line of plain text above the progress line, or after `stop`. Control characters are taken out. */
  log(line: string): void;
  /** Takes the progress line away until the next drawing: for who is about to write rows to the same terminal. */
  clear(): void;
  /** Takes the progress line away for good and leaves nothing running. From then on stderr's errors are the caller's. */
  stop(): void;
};

/** Lines are dropped, and the drop is told, while a reader who does not read leaves so many bytes waiting. */
const maxWaitingBytes = 1024 * 1024;

/**
 * Shows how a run stands, from the first `everyMs` on. It never throws, also when stderr is closed, and it never
 * keeps the process alive. ora is loaded with the first drawing on a terminal, so a short run never pays for it.
 */
export function createProgress({
  stream,
  isTerminal,
  everyMs = isTerminal && hasWidth(stream) ? 100 : 5000,
  color = true,
  snapshot,
}: ProgressOptions): Progress {
  const statusLine = createStatusLine();
  const isRedrawn = isTerminal && hasWidth(stream);
  let spinner: Ora | null = null;
  let isLoading = false;
  let isStopped = false;
  let isBroken = false;
  let dropped = 0;

  const timer = setInterval(draw, everyMs);
  timer.unref();
  stream.once('error', giveUp);

  function draw(): void {
    if (isRedrawn) drawSpinner();
    else if (!stream.writableNeedDrain) write(`sluice: ${statusLine(snapshot())}\n`);
  }

  function drawSpinner(): void {
    if (spinner === null) {
      startLoading();
      return;
    }
    // A line that wraps could not be cleared after the window has been resized. ora adds two columns.
    const columns = Math.max(20, stream.columns ?? 80);
    spinner.text = statusLine(snapshot()).slice(0, columns - 3);
    render();
  }

  function startLoading(): void {
    if (isLoading) return;
    isLoading = true;
    // A progress line that cannot be drawn is no reason to stop a run.
    loadSpinner().then((loaded) => {
      if (isStopped || isBroken) return;
      spinner = loaded;
      drawSpinner();
    }, giveUp);
  }

  /**
   * ora only draws here, the timer is ours: its `start()` would patch the `write` of stdout and stderr and hook
   * the process's signals to bring the cursor back.
   */
  async function loadSpinner(): Promise<Ora> {
    const { default: ora } = await import('ora');
    const style = color ? 'cyan' : false;
    return ora({ stream, isEnabled: true, discardStdin: false, hideCursor: false, color: style });
  }

  function log(line: string): void {
    if (stream.writableLength > maxWaitingBytes) {
      dropped += 1;
      return;
    }
    clear();
    if (dropped > 0) write(`sluice: ${dropped} lines not shown, nobody was reading them\n`);
    dropped = 0;
    write(`${plain(line)}\n`);
    render();
  }

  function clear(): void {
    attempt(() => spinner?.clear());
  }

  function render(): void {
    if (hasWidth(stream)) attempt(() => spinner?.render());
  }

  function write(text: string): void {
    attempt(() => stream.write(text));
  }

  /** A terminal is written to synchronously, and one that went away throws. */
  function attempt(write: () => unknown): void {
    if (isBroken || !stream.writable) return;
    try {
      write();
    } catch {
      giveUp();
    }
  }

  function giveUp(): void {
    isBroken = true;
    clearInterval(timer);
  }

  function stop(): void {
    if (isStopped) return;
    isStopped = true;
    clearInterval(timer);
    attempt(() => spinner?.stop());
    spinner = null;
    // An error of the writes so far may be told after their callbacks: the listener leaves only when all went well.
    if (isBroken || !stream.writable) return;
    attempt(() =>
      stream.write('', (error) => {
        if (!error) stream.off('error', giveUp);
      }),
    );
  }

  return { log, clear, stop };
}

/** A terminal made by a script or a container may have 0 columns: ora would clear infinitely many lines. */
function hasWidth(stream: TalkStream): boolean {
  return (stream.columns ?? 80) > 0;
}
