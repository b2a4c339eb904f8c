import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants, platform } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Writable } from 'node:stream';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { checkRun } from './check-run.ts';
import { nodePath, programPath, temporaryFolder } from './places.ts';
import { parseRow, type Row } from './row.ts';

export type RunOptions = {
  /** Beside PATH and HOME, which are always set; nothing else is inherited. */
  env?: Record<string, string>;
  /** Default: a new folder, gone after the test. */
  cwd?: string;
  /** False for runs whose stdout is no rows: help, versions. */
  isRows?: boolean;
  /** False when rows may be missing from stdout because the test closed it or killed the program. */
  isWhole?: boolean;
  /** After so long the program counts as hanging: it is killed and the test fails. */
  hangsAfterMs?: number;
};

/** What a run came to. */
export type Ended = {
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** stdout's lines as they are: digits survive here that JSON.parse would lose. */
  readonly lines: readonly string[];
  /** In order of output, each checked against the schema. */
  readonly rows: readonly Row[];
  /** The row of that input line; throws when there is none. */
  row(index: number): Row;
  /** By performance.now(). */
  readonly endedAt: number;
};

/** Runs the built program to its end. `input` is all of stdin; without it stdin is empty. */
export function sluice(args: string[], options: RunOptions & { input?: string | Uint8Array } = {}): Promise<Ended> {
  const { input = '', ...others } = options;
  const running = start(args, others);
  running.stdin.end(input);
  return running.ended;
}

/** A script for bash in which `sluice` is the built program: for real pipes, redirections and exit codes. */
export function shell(script: string, options: RunOptions & { input?: string } = {}): Promise<Ended> {
  const { input = '', ...others } = options;
  const prelude = `sluice() { '${nodePath}' '${programPath}' "$@"; }\n`;
  const running = launch('bash', ['-c', prelude + script], { ...others, isGroup: true });
  running.stdin.end(input);
  return running.ended;
}

/** A run that goes on while the test acts on it. */
export type Running = {
  readonly pid: number;
  /** Open until the test ends it. */
  readonly stdin: Writable;
  /** The next row in order of output; waits for it, and throws when the run ends without. */
  nextRow(): Promise<Row>;
  /** The same for a line that may be no row. */
  nextLine(): Promise<string>;
  /** What stderr has said so far. */
  stderrSoFar(): string;
  /** Resolves as soon as stderr matches. */
  says(pattern: RegExp): Promise<void>;
  /** Sends a signal and waits until the program has taken it: two in a row would otherwise become one. */
  signal(name: NodeJS.Signals): Promise<void>;
  closeStdout(): void;
  closeStderr(): void;
  /** Starts reading stdout, for a run that was started with `isRead: false`; waits so long between two reads. */
  read(paceMs?: number): void;
  readonly ended: Promise<Ended>;
};

/** Starts the built program with pipes on all three streams. */
export function start(args: string[], options: RunOptions & { isRead?: boolean } = {}): Running {
  return launch(nodePath, [programPath, ...args], options);
}

type LaunchOptions = RunOptions & { isRead?: boolean; isGroup?: boolean };

function launch(file: string, args: string[], options: LaunchOptions): Running {
  const { env = {}, cwd = temporaryFolder(), isRows = true, isWhole = true } = options;
  const { isRead = true, isGroup = false, hangsAfterMs = 15_000 } = options;
  const fullEnv = { PATH: process.env.PATH ?? '', HOME: cwd, ...env };
  const child = spawn(file, args, { cwd, env: fullEnv, stdio: 'pipe', detached: isGroup });
  const pid = child.pid ?? 0;
  function kill(): void {
    const isOver = child.exitCode !== null || child.signalCode !== null;
    if (isOver || child.pid === undefined) return;
    process.kill(isGroup ? -child.pid : child.pid, 'SIGKILL');
  }
  let isHanging = false;
  const killer = setTimeout(() => {
    isHanging = true;
    kill();
  }, hangsAfterMs);
  onTestFinished(kill);
  // A program that ends early leaves our writes unread: that is for the test to see in its rows, not an error here.
  child.stdin.on('error', () => {});
  child.stdout.on('error', () => {});
  child.stderr.on('error', () => {});

  const stdoutChunks: Buffer[] = [];
  const queue: string[] = [];
  const watchers = new Set<() => void>();
  let stderr = '';
  let unfinished = '';
  let isOver = false;
  let isReading = false;

  const notify = (): void => {
    for (const watcher of watchers) watcher();
  };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    notify();
  });
  const decoder = new TextDecoder();
  function take(chunk: Buffer): void {
    stdoutChunks.push(chunk);
    const pieces = (unfinished + decoder.decode(chunk, { stream: true })).split('\n');
    unfinished = pieces.pop() ?? '';
    queue.push(...pieces); // parsed when asked for: a server that measures may share this thread
    notify();
  }
  let stdoutRead: Promise<void> = Promise.resolve();
  function read(paceMs = 0): void {
    if (isReading) return;
    isReading = true;
    stdoutRead = readAll(paceMs);
  }
  async function readAll(paceMs: number): Promise<void> {
    try {
      for await (const chunk of child.stdout) {
        take(chunk as Buffer);
        if (paceMs > 0) await delay(paceMs);
      }
    } catch {
      // closed by the test
    }
  }
  if (isRead) read();

  function until<Value>(find: () => Value | undefined, what: string): Promise<Value> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const value = find();
        if (value === undefined && !isOver) return;
        watchers.delete(check);
        if (value !== undefined) resolve(value);
        else reject(new Error(`the run ended before ${what}; stderr: ${stderr}`));
      };
      watchers.add(check);
      check();
    });
  }

  const closed = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => resolve([exitCode, signal]));
  });
  async function end(): Promise<Ended> {
    const [exitCode, signal] = await closed;
    const endedAt = performance.now();
    clearTimeout(killer);
    await stdoutRead;
    isOver = true;
    notify();
    if (isHanging) throw new Error(`still running after ${hangsAfterMs} ms: ${args.join(' ')}\nstderr: ${stderr}`);
    const seen = { stdout: Buffer.concat(stdoutChunks), stderr, exitCode, signal };
    const { stdout, lines, rows } = checkRun(seen, { isRows, isWhole });
    function row(index: number): Row {
      const found = rows.find((candidate) => candidate.index === index);
      if (found === undefined) throw new Error(`no row ${index} among ${rows.length}; stderr: ${stderr}`);
      return found;
    }
    return { stdout, stderr, exitCode, signal, lines, rows, row, endedAt };
  }
  const ended = end();
  ended.catch(() => {}); // a test that never asks how it ended has failed already

  const nextLine = () => until(() => queue.shift(), 'its next line');
  return {
    pid,
    stdin: child.stdin,
    nextRow: async () => parseRow(await nextLine()),
    nextLine,
    stderrSoFar: () => stderr,
    says: async (pattern) => {
      await until(() => (pattern.test(stderr) ? true : undefined), `it said ${pattern}`);
    },
    async signal(name) {
      child.kill(name);
      await taken(pid, name, () => child.exitCode !== null || child.signalCode !== null);
    },
    closeStdout: () => child.stdout.destroy(),
    closeStderr: () => child.stderr.destroy(),
    read,
    ended,
  };
}

/** Resolves when the signal is no longer pending for the process, or the process is over. */
async function taken(pid: number, name: NodeJS.Signals, isOver: () => boolean): Promise<void> {
  if (platform() !== 'linux') {
    await delay(100); // no /proc to look into
    return;
  }
  const bit = 1n << BigInt(constants.signals[name] - 1);
  while (!isOver() && (pendingSignals(pid) & bit) !== 0n) await nextTurn();
}

function pendingSignals(pid: number): bigint {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const masks = [...status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)];
    return masks.reduce((all, [, mask]) => all | BigInt(`0x${mask}`), 0n);
  } catch {
    return 0n;
  }
}
