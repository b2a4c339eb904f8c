// Reads rows slowly and looks at each: node reader.ts PAUSE_MS STALL_AT_ROW STALL_MS
// Waits PAUSE_MS after each chunk, and once, after that row, STALL_MS. Prints its verdict as one line of JSON.
import { setTimeout as sleep } from 'node:timers/promises';

/** `broken` are lines that are no whole row; `distinct` counts the places in the input that were answered. */
export type Verdict = { rows: number; ok: number; distinct: number; broken: number };

if (import.meta.main) {
  const [pauseMs = 0, stallAtRow = 0, stallMs = 0] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await judge(process.stdin, pauseMs, { stallAtRow, stallMs })));
}

async function judge(
  chunks: AsyncIterable<unknown>,
  pauseMs: number,
  { stallAtRow, stallMs }: { stallAtRow: number; stallMs: number },
): Promise<Verdict> {
  const verdict: Verdict = { rows: 0, ok: 0, distinct: 0, broken: 0 };
  const seen = new Set<unknown>();
  const decoder = new TextDecoder();
  let rest = '';
  let isStalled = false;
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) count(line, verdict, seen);
    await sleep(pauseMs);
    if (isStalled || verdict.rows < stallAtRow) continue;
    isStalled = true;
    await sleep(stallMs);
  }
  if (rest !== '') verdict.broken += 1;
  return { ...verdict, distinct: seen.size };
}

function count(line: string, verdict: Verdict, seen: Set<unknown>): void {
  verdict.rows += 1;
  try {
    const row = JSON.parse(line) as { index?: unknown; ok?: unknown };
    seen.add(row.index);
    if (row.ok === true) verdict.ok += 1;
  } catch {
    verdict.broken += 1;
  }
}
