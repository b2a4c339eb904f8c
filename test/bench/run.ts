// Measures sluice against the least that could do its work, and against what people use instead.
//
//   node test/bench/run.ts [steady memory start save rate latency] [--requests 200000] [--concurrency 50] [--rounds 3]
//                          [--keep] [--check FILE|FACTOR]
//
// --keep writes the raw results to test/bench/results. --check FILE fails when a figure is worse than in a kept
// result by more than a quarter; --check 1.6 fails when sluice takes more than so many times the CPU of the bare loop.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startBenchServer } from './bench-server.ts';
import { findContenders } from './contenders.ts';
import { type Figure, findRegressions, renderTable } from './figures.ts';
import { describeMachine } from './machine.ts';
import { latency, rate } from './pressure.ts';
import { save } from './save.ts';
import type { Scenario, ScenarioResult } from './scenario.ts';
import { start } from './start.ts';
import { memory, steady } from './throughput.ts';

const scenarios: Readonly<Record<string, Scenario>> = { steady, memory, start, save, rate, latency };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    requests: { type: 'string', default: '200000' },
    concurrency: { type: 'string', default: '50' },
    rounds: { type: 'string', default: '3' },
    keep: { type: 'boolean', default: false },
    check: { type: 'string' },
  },
});
const parameters = {
  requests: wholeNumber('--requests', values.requests),
  concurrency: wholeNumber('--concurrency', values.concurrency),
  rounds: wholeNumber('--rounds', values.rounds),
};

const results = await runScenarios(positionals.length > 0 ? positionals : Object.keys(scenarios));
if (values.keep) keep(results);
if (values.check !== undefined) check(values.check, results);

async function runScenarios(names: readonly string[]): Promise<Record<string, ScenarioResult>> {
  const contenders = findContenders();
  const server = await startBenchServer();
  const results: Record<string, ScenarioResult> = {};
  try {
    for (const name of names) {
      const scenario = scenarios[name];
      if (scenario === undefined) throw new Error(`no scenario \`${name}\`: ${Object.keys(scenarios).join(', ')}`);
      const tell = (line: string) => console.error(`${name}: ${line}`);
      const result = await scenario({ server, contenders, ...parameters, tell });
      console.log(`\n${name}\n${renderTable(result.table)}`);
      results[name] = result;
    }
  } finally {
    await server.stop();
    contenders.dispose();
  }
  return results;
}

/** Only with --keep: a result belongs into the project when it is meant to be compared with. */
function keep(results: Record<string, ScenarioResult>): void {
  const date = new Date().toISOString();
  const folder = join(import.meta.dirname, 'results');
  const file = join(folder, `${date.slice(0, 16).replace('T', '-').replace(':', '')}.json`);
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify({ date, machine: describeMachine(), parameters, results }, null, 1);
  writeFileSync(file, `${text}\n`);
  console.error(`kept in ${file}`);
}

function check(limit: string, results: Record<string, ScenarioResult>): void {
  const figures = figuresOf(results);
  const factor = Number(limit);
  const complaints = Number.isNaN(factor) ? findRegressions(figures, readKept(limit)) : aboveFactor(figures, factor);
  for (const complaint of complaints) console.error(`worse: ${complaint}`);
  if (complaints.length > 0) process.exitCode = 1;
}

function aboveFactor(figures: readonly Figure[], factor: number): string[] {
  const ratios = figures.filter(({ name }) => name.startsWith('sluice') && name.endsWith('CPU / bare loop'));
  if (ratios.length === 0) return ['nothing to check: --check FACTOR needs the scenario steady or memory'];
  return ratios
    .filter(({ value }) => value > factor)
    .map(({ name, value }) => `${name}: ${value.toFixed(2)}, at most ${factor}`);
}

function readKept(file: string): Figure[] {
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { results: Record<string, ScenarioResult> };
  return figuresOf(kept.results);
}

function figuresOf(results: Record<string, ScenarioResult>): Figure[] {
  return Object.values(results).flatMap(({ figures }) => figures);
}

function wholeNumber(flag: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${flag}: expected a whole number, got \`${text}\``);
  return number;
}
