import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sluiceArgv } from './contenders.ts';
import { median, medianRatio } from './figures.ts';
import { type Cost, measure } from './measure.ts';
import type { Scenario } from './scenario.ts';

const bytes = 1024 ** 3;

/** One body of 1 GiB into a file, by each in turn. The file is removed in between: to overwrite one is another matter. */
export const save: Scenario = async ({ server, rounds, tell }) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-save-'));
  const url = `${server.origin}/bytes/${bytes}`;
  const file = join(folder, 'body');
  const intoFolder = ['--output-dir', folder, '--name', 'body', '--max-body', '2GB', '--summary', 'none'];
  const programs = [
    { name: 'curl -o', argv: ['curl', '-q', '-s', '-o', file, url], costs: [] as Cost[] },
    { name: 'sluice --output-dir', argv: [...sluiceArgv, 'fetch', ...intoFolder, url], costs: [] as Cost[] },
  ] as const;
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const { name, argv, costs } of programs) {
        tell(`round ${round}/${rounds}: ${name}, 1 GiB`);
        const cost = await measure({ argv, lineFormat: '%.0f', lines: 1, limitMs: 120_000 });
        const saved = statSync(file, { throwIfNoEntry: false })?.size;
        if (cost.exitCode !== 0 || saved !== bytes) {
          throw new Error(`${name} ended with ${cost.exitCode}, ${saved} bytes saved\n${cost.stderrText}`);
        }
        rmSync(file);
        costs.push(cost);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const wallMs = ({ costs }: { costs: readonly Cost[] }) => costs.map((cost) => cost.wallMs);
  const cpuMs = ({ costs }: { costs: readonly Cost[] }) => costs.map((cost) => cost.cpuMs);
  const peaks = ({ costs }: { costs: readonly Cost[] }) => costs.map(({ peakMb }) => peakMb ?? Number.NaN);
  const [curl, sluice] = programs;
  return {
    figures: [
      { name: 'sluice, 1 GiB: rate / curl', value: medianRatio(wallMs(curl), wallMs(sluice)), worse: 'lower' },
      { name: 'sluice, 1 GiB: CPU / curl', value: medianRatio(cpuMs(sluice), cpuMs(curl)), worse: 'higher' },
      { name: 'sluice, 1 GiB: peak memory, MB', value: median(peaks(sluice)), worse: 'higher' },
    ],
    table: [
      ['', 'wall ms', 'rate / curl', 'CPU ms', 'CPU / curl', 'peak MB'],
      ...programs.map((program) => [
        program.name,
        median(wallMs(program)).toFixed(0),
        medianRatio(wallMs(curl), wallMs(program)).toFixed(2),
        median(cpuMs(program)).toFixed(0),
        medianRatio(cpuMs(program), cpuMs(curl)).toFixed(2),
        median(peaks(program)).toFixed(0),
      ]),
    ],
    raw: programs.map((program) => ({ name: program.name, wall_ms: wallMs(program), cpu_ms: cpuMs(program) })),
  };
};
