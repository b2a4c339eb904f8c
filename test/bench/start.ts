import { sluiceArgv } from './contenders.ts';
import { median, medianRatio } from './figures.ts';
import { measure } from './measure.ts';
import type { Scenario } from './scenario.ts';

/** What it takes to begin: nothing at all, a version, one call; in turn, many times, since each is short. */
export const start: Scenario = async ({ server, rounds, tell }) => {
  const programs = [
    { name: 'node -e 0', argv: [process.execPath, '-e', '0'], wallMs: [] as number[] },
    { name: 'sluice --version', argv: [...sluiceArgv, '--version'], wallMs: [] as number[] },
    { name: 'sluice fetch URL', argv: [...sluiceArgv, 'fetch', `${server.origin}/one`], wallMs: [] as number[] },
  ] as const;
  const [base] = programs;
  tell(`${rounds * 10} starts of each`);
  for (let round = 0; round < rounds * 10; round += 1) {
    for (const { name, argv, wallMs } of programs) {
      const cost = await measure({ argv, lineFormat: '%.0f', lines: 1, limitMs: 20_000 });
      if (cost.exitCode !== 0) throw new Error(`${name} ended with ${cost.exitCode}\n${cost.stderrText}`);
      wallMs.push(cost.wallMs);
    }
  }
  return {
    figures: programs.slice(1).map(({ name, wallMs }) => ({
      name: `${name}: wall / node -e 0`,
      value: medianRatio(wallMs, base.wallMs),
      worse: 'higher' as const,
    })),
    table: [
      ['', 'median ms', 'fastest ms', 'ratio'],
      ...programs.map(({ name, wallMs }) => [
        name,
        median(wallMs).toFixed(0),
        Math.min(...wallMs).toFixed(0),
        medianRatio(wallMs, base.wallMs).toFixed(2),
      ]),
    ],
    raw: programs.map(({ name, wallMs }) => ({ name, wall_ms: wallMs })),
  };
};
