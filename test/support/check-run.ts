import { parseRow, type Row } from './row.ts';

type Seen = { stdout: Buffer; stderr: string; exitCode: number | null; signal: NodeJS.Signals | null };

/** What must be true of every run, whatever it is about; throws otherwise. */
export function checkRun(
  seen: Seen,
  { isRows, isWhole }: { isRows: boolean; isWhole: boolean },
): { stdout: string; lines: string[]; rows: Row[] } {
  const { stderr, exitCode } = seen;
  const context = `\nexit ${exitCode ?? seen.signal}, stderr: ${stderr.slice(0, 4000)}`;
  if (/\(node:\d+\) /.test(stderr)) throw new Error(`a process warning${context}`);
  if (exitCode === 70 || /this is a bug in sluice/.test(stderr)) throw new Error(`it calls itself broken${context}`);

  const stdout = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(seen.stdout);
  if (!isRows) return { stdout, lines: stdout.split('\n'), rows: [] };
  const lines = stdout.split('\n');
  const rest = lines.pop();
  if (isWhole && rest !== '') throw new Error(`stdout ends inside a row: ${rest?.slice(0, 200)}${context}`);
  const rows = lines.map(parseRow);
  checkCharacters(stdout);
  if (isWhole) checkVerdict(rows, seen, context);
  if (isWhole) checkIndexes(rows, context);
  return { stdout, lines, rows };
}

/** Raw C1 characters drive a terminal as ESC does: rows write them as escapes. */
function checkCharacters(stdout: string): void {
  for (let at = 0; at < stdout.length; at++) {
    const code = stdout.charCodeAt(at);
    const isControl = (code < 0x20 && code !== 0x0a) || (code >= 0x7f && code <= 0x9f);
    if (isControl)
      throw new Error(`a raw control character ${code} on stdout: ${stdout.slice(Math.max(0, at - 80), at)}`);
  }
}

/** Promise 7: `ok` is exactly what the exit code counts. */
function checkVerdict(rows: Row[], { exitCode, signal }: Seen, context: string): void {
  if (signal !== null) return;
  const failed = rows.filter((row) => !row.ok).length;
  if (exitCode === 0 && failed > 0) throw new Error(`exit 0 though ${failed} rows are not ok${context}`);
  if (exitCode === 1 && failed === 0) throw new Error(`exit 1 though every row is ok${context}`);
  if (exitCode === 2 && rows.length > 0)
    throw new Error(`exit 2 says that nothing was done, but there are rows${context}`);
}

/** Promise 1: one row per line read, so the indexes are 0, 1, 2 … without a gap or a double. */
function checkIndexes(rows: Row[], context: string): void {
  const indexes = rows.map((row) => row.index).sort((a, b) => a - b);
  for (const [expected, index] of indexes.entries()) {
    if (index !== expected) throw new Error(`row ${expected} is missing or ${index} is double${context}`);
  }
}
