// node torture.ts: the built program while the system fails it. One line a check; exit 0 when all passed.
// System calls fail one after the other (strace inject), the process is killed, stopped and continued at any moment.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

type Row = { index: number; ok: boolean; duration_ms: number | null };
type Run = { code: number | null; signal: string | null; stdout: string; isHanging: boolean };
type Finding = { ok: boolean; figures: string };

const root = join(import.meta.dirname, '../..');
const sluice = [join(root, 'node_modules/node/bin/node'), join(root, 'bin/run.js'), 'fetch', '--summary', 'none'];
const folder = mkdtempSync(join(tmpdir(), 'sluice-torture-'));
const times: number[] = [];
const server = createServer((_request, response) => {
  times.push(performance.now());
  response.end('ok');
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
const urls = (count: number) => Array.from({ length: count }, (_value, at) => `http://127.0.0.1:${port}/${at}`);

const lineCount = 5;
/** Calls of one run, and with which error which of them fail. Reads and writes are those of the whole process, not of sockets alone. */
const injected: readonly [call: string, errors: readonly string[]][] = [
  ['socket', ['EMFILE', 'ENFILE', 'ENOBUFS']],
  ['connect', ['ECONNREFUSED', 'EADDRNOTAVAIL', 'ETIMEDOUT', 'ENETUNREACH']],
  ['getsockopt', ['ECONNRESET']],
  ['read', ['ECONNRESET', 'EIO']],
  ['write', ['ECONNRESET', 'ENOSPC']],
];
/** So many places are tried where a call is made more often. */
const places = 14;

const checks: readonly [name: string, run: () => Promise<Finding>][] = [
  ...injected.flatMap(([call, errors]) =>
    errors.map((error): [string, () => Promise<Finding>] => [
      `the k-th ${call} fails with ${error}`,
      () => inject(call, error),
    ]),
  ),
  ['kill -9 at any moment leaves whole lines, but for the last', kills],
  ['STOP and CONT: no burst, no negative duration', stops],
];

let failed = 0;
for (const [name, run] of checks) {
  const { ok, figures } = await run().catch((error: unknown) => ({ ok: false, figures: String(error) }));
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${figures}`);
  if (!ok) failed += 1;
}
rmSync(folder, { recursive: true });
server.closeAllConnections();
server.close();
console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/**
 * For each k that is tried the run ends by itself. Where it gives its verdict (0 or 1), there is a row for each line, and the
 * verdict fits; where Node.js itself could not start or go on, it says so by another ending.
 */
async function inject(call: string, error: string): Promise<Finding> {
  if (!hasStrace()) return { ok: true, figures: '!!!! NOT TRIED: strace is not installed, or may not trace here' };
  const total = await callsOf(call);
  const step = Math.max(1, Math.ceil(total / places));
  const wrong: string[] = [];
  let tried = 0;
  let verdicts = 0;
  for (let k = total; k >= 1; k -= step) {
    const flags = [
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      `trace=${call}`,
      '-e',
      `inject=${call}:error=${error}:when=${k}`,
    ];
    const run = await runOf(['strace', ...flags, ...sluice, '-c', '2', '--retry-delay', '1ms', ...urls(lineCount)]);
    tried += 1;
    const problem = problemOf(run);
    if (problem) wrong.push(`k=${k}: ${problem}`);
    if (run.code === 0 || run.code === 1) verdicts += 1;
  }
  return { ok: wrong.length === 0, figures: wrong.join('; ') || `${tried} of ${total} places, ${verdicts} verdicts` };
}

function problemOf({ code, signal, stdout, isHanging }: Run): string | null {
  if (isHanging) return 'it hangs';
  const lines = stdout.split('\n');
  const rest = lines.pop();
  let rows: Row[];
  try {
    rows = lines.map((line) => JSON.parse(line) as Row);
  } catch {
    return `a broken line, exit ${code ?? signal}`;
  }
  if (code !== 0 && code !== 1) return null;
  // Before the program has begun, Node.js ends with 1 as well.
  if (code === 1 && rows.length === 0) return null;
  if (rest !== '' || rows.length !== lineCount) return `${rows.length} rows, exit ${code}`;
  const isOk = rows.every(({ ok }) => ok);
  return isOk === (code === 0) ? null : `exit ${code}, but the rows say ${isOk ? 'ok' : 'failed'}`;
}

async function kills(): Promise<Finding> {
  let rows = 0;
  for (let kill = 0; kill < 12; kill += 1) {
    const run = await runOf([...sluice, '-r', '200/s', ...urls(400)], { killAfterMs: 150 + Math.random() * 600 });
    const lines = run.stdout.split('\n').slice(0, -1);
    for (const line of lines) JSON.parse(line);
    rows += lines.length;
  }
  return { ok: true, figures: `${rows} rows of 12 runs, all whole` };
}

async function stops(): Promise<Finding> {
  times.length = 0;
  const [perSecond, count, stopMs] = [20, 60, 1500];
  const [program = '', ...argv] = [...sluice, '-r', `${perSecond}/s`, ...urls(count)];
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  const text = child.stdout.setEncoding('utf8').toArray() as Promise<string[]>;
  while (times.length < count / 3) await delay(5);
  child.kill('SIGSTOP');
  await delay(stopMs);
  child.kill('SIGCONT');
  const [rows] = await Promise.all([text, once(child, 'exit')]);
  const parsed = rows
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
  const densest = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length));
  const negative = parsed.filter(({ duration_ms: ms }) => ms !== null && ms < 0).length;
  const ok = parsed.length === count && negative === 0 && densest <= perSecond * 1.01 + 1;
  return { ok, figures: `${parsed.length} rows, at most ${densest} calls in a second, ${negative} negative durations` };
}

/** stdout is a file: Node.js takes a pipe that it cannot examine for nothing at all, and says so to nobody. */
async function runOf(command: readonly string[], { killAfterMs = 0 } = {}): Promise<Run> {
  const [program = '', ...argv] = command;
  const output = join(folder, 'stdout');
  const file = openSync(output, 'w');
  const child = spawn(program, argv, { stdio: ['ignore', file, 'ignore'], detached: true });
  closeSync(file);
  let isHanging = false;
  const kill = () => process.kill(-(child.pid ?? 0), 'SIGKILL');
  const watchdog = setTimeout(() => {
    isHanging = true;
    kill();
  }, 30_000);
  const killer = killAfterMs > 0 ? setTimeout(kill, killAfterMs) : undefined;
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(watchdog);
  clearTimeout(killer);
  return { code, signal, stdout: readFileSync(output, 'utf8'), isHanging };
}

async function callsOf(call: string): Promise<number> {
  const log = join(folder, 'calls');
  await runOf(['strace', '-f', '-qq', '-o', log, '-e', `trace=${call}`, ...sluice, '-c', '2', ...urls(lineCount)]);
  return Math.max(1, readFileSync(log, 'utf8').split('\n').length - 1);
}

function hasStrace(): boolean {
  try {
    execFileSync('strace', ['-qq', '-o', '/dev/null', '-e', 'inject=getppid:error=EPERM', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
