import { join } from 'node:path';
import type { BenchServer } from '../bench/bench-server.ts';
import { sluiceArgv } from '../bench/contenders.ts';
import { medianRatio } from '../bench/figures.ts';
import { type Cost, measure, type Work } from '../bench/measure.ts';
import type { Finding } from './finding.ts';
import { manyHosts } from './hosts.ts';
import { kills } from './kills.ts';
import { nginx } from './nginx.ts';
import type { Verdict } from './reader.ts';

/** One promise at full size. */
export type Check = {
  readonly name: string;
  readonly run: (server: BenchServer) => Promise<Finding>;
  /** A figure that the machine's other work can spoil is taken a second time: that tells a stall from a fault. */
  readonly isShaken: boolean;
};

export const checks: readonly Check[] = [
  { name: 'CPU of 200,000 GETs at most 2.2 times the bare loop (the aim is 1.4)', run: cpu, isShaken: true },
  { name: 'memory of a long list at most 60 MB above the bare loop', run: memory, isShaken: true },
  { name: '200,000 rows to a slow reader arrive whole', run: slowReader, isShaken: false },
  { name: 'kill -9 twelve times in a run of 3,000, then once to the end', run: kills, isShaken: false },
  { name: 'many hosts: memory flat, within 1024 open files', run: manyHosts, isShaken: true },
  { name: 'nginx with limit_req 10r/s and limit_conn 4 as judge', run: nginx, isShaken: true },
  { name: 'concurrency is full and never above', run: concurrency, isShaken: true },
  ...[50, 300, 1000].map((perSecond) => ({
    name: `rate ${perSecond}/s is reached and never above`,
    run: (server: BenchServer) => rate(server, perSecond),
    isShaken: true,
  })),
];

const bareArgv = [process.execPath, join(import.meta.dirname, '../bench/bare.js')];
const fetchArgv = [...sluiceArgv, 'fetch', '--summary', 'none'];

async function cpu(server: BenchServer): Promise<Finding> {
  const work = { lineFormat: `${server.origin}/item/%.0f`, lines: 200_000, limitMs: 120_000 };
  const [bare, sluice]: [number[], number[]] = [[], []];
  for (let round = 0; round < 2; round += 1) {
    bare.push((await allRows({ ...work, argv: [...bareArgv, '50'] })).cpuMs);
    sluice.push((await allRows({ ...work, argv: [...fetchArgv, '-c', '50'] })).cpuMs);
  }
  const ratio = medianRatio(sluice, bare);
  return { ok: ratio <= 2.2, figures: `${ratio.toFixed(2)} times; ${seconds(sluice)} s against ${seconds(bare)} s` };
}

async function memory(server: BenchServer): Promise<Finding> {
  const lineFormat = `${server.origin}/item/%.0f`;
  const trial = await allRows({ argv: [...bareArgv, '50'], lineFormat, lines: 20_000, limitMs: 60_000 });
  // On a slow machine half the list has to do: the whole run is to end within four minutes.
  const lines = trial.wallMs > 1500 ? 300_000 : 600_000;
  const work = { lineFormat, lines, limitMs: 150_000 };
  const bare = await allRows({ ...work, argv: [...bareArgv, '50'] });
  const sluice = await allRows({ ...work, argv: [...fetchArgv, '-c', '50'] });
  if (bare.peakMb === null || sluice.peakMb === null) return { ok: true, figures: 'not known here: no /proc' };
  const above = sluice.peakMb - bare.peakMb;
  const peaks = `${sluice.peakMb.toFixed(0)} MB against ${bare.peakMb.toFixed(0)} MB`;
  return { ok: above <= 60, figures: `${above.toFixed(0)} MB above with ${lines} lines; ${peaks}` };
}

/**
 * The reader takes 64 kB now and then, and near the end nothing at all for 12 s: longer than oclif waits for stdout
 * before it ends the process.
 */
async function slowReader(server: BenchServer): Promise<Finding> {
  const lines = 200_000;
  const reader = [process.execPath, join(import.meta.dirname, 'reader.ts'), '10', String(lines - 1500), '12000'];
  const lineFormat = `${server.origin}/item/%.0f`;
  const cost = await measure({ argv: [...fetchArgv, '-c', '50'], lineFormat, lines, reader, limitMs: 150_000 });
  const verdict = JSON.parse(cost.readerText) as Verdict;
  const ok = cost.exitCode === 0 && verdict.ok === lines && verdict.distinct === lines && verdict.broken === 0;
  return { ok, figures: `${JSON.stringify(verdict)}, exit ${cost.exitCode}` };
}

async function concurrency(server: BenchServer): Promise<Finding> {
  const [calls, slots, delayMs] = [2000, 20, 100];
  await server.reset();
  const lineFormat = `${server.origin}/delay/${delayMs}?%.0f`;
  await allRows({ argv: [...fetchArgv, '-c', String(slots)], lineFormat, lines: calls, limitMs: 60_000 });
  const { max_active, span_ms, requests } = await server.report();
  const ratio = span_ms / ((calls / slots) * delayMs);
  return {
    ok: requests === calls && max_active === slots && ratio <= 1.15,
    figures: `${requests} calls, at most ${max_active} of ${slots} at once, ${ratio.toFixed(3)} times the ideal time`,
  };
}

async function rate(server: BenchServer, perSecond: number): Promise<Finding> {
  const calls = perSecond * 15;
  await server.reset();
  const argv = [...fetchArgv, '-c', '50', '-r', `${perSecond}/s`];
  await allRows({ argv, lineFormat: `${server.origin}/item/%.0f`, lines: calls, limitMs: 60_000 });
  const { requests, starts_ms, densest_1000ms, densest_100ms } = await server.report();
  const achieved = ((requests - 1) / starts_ms) * (1000 / perSecond);
  const isInTime = densest_1000ms <= perSecond * 1.01 + 1 && densest_100ms <= perSecond * 0.2 + 2;
  return {
    ok: requests === calls && achieved >= 0.98 && isInTime,
    figures: `${(achieved * 100).toFixed(1)}% reached, at most ${densest_1000ms} in 1 s, ${densest_100ms} in 100 ms`,
  };
}

/** Throws unless there is a row for each line, all ok, and nothing that Node would warn of. */
async function allRows(work: Work): Promise<Cost> {
  const cost = await measure(work);
  const isWhole = cost.exitCode === 0 && Number(cost.readerText) === work.lines;
  if (!isWhole || cost.stderrText.includes('Warning')) {
    throw new Error(`${cost.readerText} rows of ${work.lines}, exit ${cost.exitCode}, stderr: ${cost.stderrText}`);
  }
  return cost;
}

function seconds(values: readonly number[]): string {
  return values.map((ms) => (ms / 1000).toFixed(1)).join(', ');
}
