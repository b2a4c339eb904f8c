import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchServer } from '../bench/bench-server.ts';
import { sluiceArgv } from '../bench/contenders.ts';
import type { Finding } from './finding.ts';

type KnownRow = { id: string | null; ok: boolean };

/**
 * Killed twelve times in a run of 3,000, the input in another order each time, then once to the end: every id once and
 * ok, and no call made twice but those in flight at a kill.
 */
export async function kills(server: BenchServer): Promise<Finding> {
  const [jobs, count, concurrency] = [3000, 12, 20];
  const ids = Array.from({ length: jobs }, (_value, at) => `job-${at}`);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-soak-'));
  const [input, output] = [join(folder, 'in.ndjson'), join(folder, 'out.ndjson')];
  await server.reset();

  function begin(): ChildProcess {
    const lines = shuffled(ids).map((id) => `${JSON.stringify({ id, url: `${server.origin}/delay/20?${id}` })}\n`);
    writeFileSync(input, lines.join(''));
    const flags = ['-i', input, '-o', output, '--resume', '-c', String(concurrency), '--summary', 'none'];
    const [program = '', ...argv] = [...sluiceArgv, 'fetch', ...flags];
    return spawn(program, argv, { stdio: 'ignore' });
  }

  try {
    for (let kill = 0; kill < count; kill++) {
      const { requests } = await server.report();
      const child = begin();
      const wanted = requests + 100 + Math.floor(Math.random() * 120);
      while (child.exitCode === null && (await server.report()).requests < wanted) await delay(1);
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    const last = begin();
    const [exitCode] = await once(last, 'exit');
    const { requests } = await server.report();
    const rows = readFileSync(output, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as KnownRow);
    const distinct = new Set(rows.filter(({ ok }) => ok).map(({ id }) => id)).size;
    const again = requests - jobs;
    return {
      ok: exitCode === 0 && rows.length === jobs && distinct === jobs && again <= count * concurrency,
      figures: `${rows.length} rows, ${distinct} ids ok, exit ${exitCode}; ${again} calls made again, at most ${count} × ${concurrency} were in flight`,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function shuffled(ids: readonly string[]): string[] {
  return ids
    .map((id) => ({ id, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ id }) => id);
}
