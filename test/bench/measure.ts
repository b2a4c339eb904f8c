import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';

export type Work = {
  /** The program and its arguments. It reads lines and writes lines. */
  readonly argv: readonly string[];
  /** The lines on its stdin, as a format for `seq -f`, numbered from 0. */
  readonly lineFormat: string;
  readonly lines: number;
  /** Reads the program's stdout and says on its own what came. Default: `wc -l`. */
  readonly reader?: readonly string[];
  /** Everything is killed after so long, and the measurement throws. */
  readonly limitMs: number;
};

/** What one run of a program cost; the feeder and the reader are not counted. */
export type Cost = {
  readonly wallMs: number;
  /** User and system time of the process and of all children that it waited for. */
  readonly cpuMs: number;
  /** Peak resident memory of the process alone; null where /proc does not tell, or the run was too short to ask. */
  readonly peakMb: number | null;
  readonly exitCode: number;
  /** What the reader said. */
  readonly readerText: string;
  /** The end of what the program said on stderr. */
  readonly stderrText: string;
};

/**
 * `lines | program | reader` with the program's times from bash's `time`, which knows milliseconds and, unlike
 * GNU time, is everywhere. Descriptors: 3 takes the times, 4 the process id, 5 is the real stderr.
 */
const pipeline = `
format=$1 last=$2 readers=$3; shift 3
reader=("\${@:1:readers}"); shift "$readers"
TIMEFORMAT='%3R %3U %3S'
exec 5>&2
seq -f "$format" 0 "$last" |
  { time sh -c 'echo $$ >&4; exec 4>&-; exec "$@"' sh "$@" 2>&5 3>&-; } 2>&3 |
  "\${reader[@]}" 3>&- 4>&-
echo "exit \${PIPESTATUS[1]}" >&3
`;

/** Runs the program once, and cleans up whatever happens. */
export async function measure({ argv, lineFormat, lines, reader = ['wc', '-l'], limitMs }: Work): Promise<Cost> {
  const positional = [lineFormat, String(lines - 1), String(reader.length), ...reader, ...argv];
  const shell = spawn('bash', ['-c', pipeline, 'bash', ...positional], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    detached: true, // A process group of its own, so that all of it can be killed.
  });
  const [, stdout, stderr, times, processIds] = shell.stdio as unknown as Pipes;
  const memory = watchMemory(processIds);
  const overtime = setTimeout(() => killGroup(shell.pid), limitMs);
  try {
    const [readerText, stderrText, timesText, signal] = await Promise.all([
      textOf(stdout),
      textOf(stderr, { keep: 10_000 }),
      textOf(times),
      new Promise<NodeJS.Signals | null>((resolve, reject) => {
        shell.once('error', reject);
        shell.once('close', (_code, closedBy) => resolve(closedBy));
      }),
    ]);
    if (signal !== null) throw new Error(`not done after ${limitMs} ms: ${argv.join(' ')}\n${stderrText}`);
    return { ...readTimes(timesText), peakMb: memory.peakMb(), readerText: readerText.trim(), stderrText };
  } finally {
    clearTimeout(overtime);
    memory.stop();
    if (shell.exitCode === null && shell.signalCode === null) killGroup(shell.pid);
  }
}

type Pipes = [stdin: null, stdout: Readable, stderr: Readable, times: Readable, processIds: Readable];

/** `1.234 0.900 0.100` and `exit 0`, each on its line. */
function readTimes(text: string): Pick<Cost, 'wallMs' | 'cpuMs' | 'exitCode'> {
  const [, real, user, system] = /^([\d.]+) ([\d.]+) ([\d.]+)$/m.exec(text) ?? [];
  const [, exitCode] = /^exit (\d+)$/m.exec(text) ?? [];
  if (system === undefined || exitCode === undefined) throw new Error(`bash told no times: ${text}`);
  return { wallMs: Number(real) * 1000, cpuMs: (Number(user) + Number(system)) * 1000, exitCode: Number(exitCode) };
}

/**
 * Linux keeps each process's high-water mark; asking now and then until it ends misses only what it grows in its
 * last milliseconds. (ru_maxrss would start from the size of whoever started the program.)
 */
function watchMemory(processIds: Readable) {
  let peakKb = 0;
  let timer: NodeJS.Timeout | undefined;
  processIds.setEncoding('utf8').once('data', (processId: string) => {
    const path = `/proc/${processId.trim()}/status`;
    timer = setInterval(() => {
      peakKb = Math.max(peakKb, readHighWaterKb(path));
    }, 10);
  });
  return { peakMb: () => (peakKb === 0 ? null : peakKb / 1024), stop: () => clearInterval(timer) };
}

function readHighWaterKb(path: string): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(path, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0; // It has ended.
  }
}

async function textOf(stream: Readable, { keep = 1_000_000 } = {}): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text = (text + String(chunk)).slice(-keep);
  return text;
}

function killGroup(processId: number | undefined): void {
  if (processId === undefined) return;
  try {
    process.kill(-processId, 'SIGKILL');
  } catch {
    // It has ended, and its children too.
  }
}
