import type { Contender } from './contenders.ts';
import { type Figure, median, medianRatio } from './figures.ts';
import { type Cost, measure } from './measure.ts';
import type { Scenario, ScenarioResult, Setting } from './scenario.ts';

/** Many small answers, as fast as each program goes, in turn: A B C, A B C, … */
export const steady: Scenario = async (setting) => {
  const { bare, sluice, others } = setting.contenders;
  return await compare(setting, [bare, sluice, ...others], setting.requests);
};

/** A list three times as long: what grows with the lines shows here. */
export const memory: Scenario = async (setting) => {
  const { bare, sluice } = setting.contenders;
  return await compare(setting, [bare, sluice], setting.requests * 3);
};

type Measured = { readonly contender: Contender; readonly requests: number; readonly costs: Cost[] };

async function compare(setting: Setting, contenders: readonly Contender[], requests: number): Promise<ScenarioResult> {
  const measured: Measured[] = contenders.map((contender) => ({
    contender,
    requests: Math.max(1, Math.round(requests * contender.share)),
    costs: [],
  }));
  for (let round = 1; round <= setting.rounds; round += 1) {
    for (const { contender, requests, costs } of measured) {
      setting.tell(`round ${round}/${setting.rounds}: ${contender.name}, ${requests} requests`);
      costs.push(await measureRequests(setting, contender, requests));
    }
  }
  const [base, ...rest] = measured;
  if (base === undefined) throw new Error('nothing to compare with');
  return { figures: figuresOf(base, rest, requests), table: tableOf(base, measured), raw: measured.map(rawOf) };
}

/** Throws unless there is a line out for each line in: a program that loses rows has no figures. */
export async function measureRequests(setting: Setting, contender: Contender, requests: number): Promise<Cost> {
  const cost = await measure({
    argv: contender.argv(setting.concurrency),
    lineFormat: contender.lineFormat(`${setting.server.origin}/item/%.0f`),
    lines: requests,
    limitMs: 60_000 + requests * 2,
  });
  if (cost.exitCode !== 0 || Number(cost.readerText) !== requests) {
    throw new Error(
      `${contender.name} gave ${cost.readerText} of ${requests} rows, exit ${cost.exitCode}\n${cost.stderrText}`,
    );
  }
  return cost;
}

function figuresOf(base: Measured, rest: readonly Measured[], requests: number): Figure[] {
  const figures: Figure[] = [];
  for (const one of rest) {
    const worse = one.contender.name === 'sluice' ? 'higher' : 'none';
    const name = `${one.contender.name}, ${requests} lines`;
    figures.push({ name: `${name}: CPU / bare loop`, value: medianRatio(cpuEach(one), cpuEach(base)), worse });
    if (one.contender.share < 1) continue;
    figures.push({ name: `${name}: wall / bare loop`, value: medianRatio(wallEach(one), wallEach(base)), worse });
    const peakMb = median(peaks(one)) - median(peaks(base));
    // A difference has no ratio to keep: the promise is in the soak run, at most 60 MB.
    figures.push({ name: `${name}: peak memory - bare loop, MB`, value: peakMb, worse: 'none' });
  }
  return figures;
}

function tableOf(base: Measured, measured: readonly Measured[]): string[][] {
  const head = ['', 'requests', 'CPU us each', 'CPU ratio', 'wall us each', 'wall ratio', 'peak MB'];
  const rows = measured.map((one) => [
    one.contender.name,
    String(one.requests),
    median(cpuEach(one)).toFixed(1),
    medianRatio(cpuEach(one), cpuEach(base)).toFixed(2),
    median(wallEach(one)).toFixed(1),
    medianRatio(wallEach(one), wallEach(base)).toFixed(2),
    peaks(one).length === 0 ? '-' : median(peaks(one)).toFixed(0),
  ]);
  return [head, ...rows];
}

function cpuEach({ costs, requests }: Measured): number[] {
  return costs.map(({ cpuMs }) => (cpuMs * 1000) / requests);
}

function wallEach({ costs, requests }: Measured): number[] {
  return costs.map(({ wallMs }) => (wallMs * 1000) / requests);
}

/** xargs's own memory says nothing about that of its many children. */
function peaks({ contender, costs }: Measured): number[] {
  return contender.name.startsWith('xargs')
    ? []
    : costs.map(({ peakMb }) => peakMb).filter((peakMb) => peakMb !== null);
}

function rawOf({ contender, requests, costs }: Measured): object {
  return {
    name: contender.name,
    version: contender.version,
    requests,
    wall_ms: costs.map(({ wallMs }) => wallMs),
    cpu_ms: costs.map(({ cpuMs }) => Math.round(cpuMs)),
    peak_mb: costs.map(({ peakMb }) => peakMb && Math.round(peakMb)),
  };
}
