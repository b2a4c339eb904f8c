import { sluiceArgv } from './contenders.ts';
import type { Figure } from './figures.ts';
import { measure } from './measure.ts';
import type { Scenario, Setting } from './scenario.ts';
import type { StatsReport } from './stats.ts';

/** What a counting server sees of `-r`: enough of it, and never more in any second or any tenth. */
export const rate: Scenario = async (setting) => {
  const table = [['', 'starts', 'achieved', 'densest 1 s', 'densest 100 ms']];
  const figures: Figure[] = [];
  const raw: object[] = [];
  for (const perSecond of [10, 100, 1000, 5000]) {
    const name = `-r ${perSecond}/s`;
    setting.tell(`${name} for 10 s`);
    const report = await runAgainst(setting, ['-c', '50', '-r', `${perSecond}/s`], '/item/%.0f', perSecond * 10);
    const achieved = achievedShare(report, perSecond);
    figures.push({ name: `${name}: achieved / asked`, value: achieved, worse: 'lower' });
    figures.push({
      name: `${name}: densest second / asked`,
      value: report.densest_1000ms / perSecond,
      worse: 'higher',
    });
    table.push([
      name,
      String(report.requests),
      `${(achieved * 100).toFixed(1)}%`,
      String(report.densest_1000ms),
      String(report.densest_100ms),
    ]);
    raw.push({ name, ...report });
  }
  return { figures, table, raw };
};

/** Calls of 100 ms: how near the run comes to the ideal time, start-up aside. */
export const latency: Scenario = async (setting) => {
  const [calls, concurrency, delayMs] = [400, 20, 100];
  const idealMs = (calls / concurrency) * delayMs;
  setting.tell(`${calls} calls of ${delayMs} ms, ${concurrency} at once`);
  const report = await runAgainst(setting, ['-c', String(concurrency)], `/delay/${delayMs}?%.0f`, calls);
  const ratio = report.span_ms / idealMs;
  return {
    figures: [
      { name: `${calls} calls of ${delayMs} ms at -c ${concurrency}: time / ideal`, value: ratio, worse: 'higher' },
    ],
    table: [
      ['', 'ms', 'ideal ms', 'ratio', 'most at once'],
      ['sluice', report.span_ms.toFixed(0), idealMs.toFixed(0), ratio.toFixed(3), String(report.max_active)],
    ],
    raw: [report],
  };
};

/** The gaps between starts are one fewer than the starts. */
export function achievedShare({ requests, starts_ms }: StatsReport, perSecond: number): number {
  return ((requests - 1) / starts_ms) * (1000 / perSecond);
}

/** Runs `sluice fetch` over so many URLs of that path, and gives what the server saw. Throws unless all rows came. */
export async function runAgainst(
  { server }: Pick<Setting, 'server'>,
  flags: readonly string[],
  path: string,
  calls: number,
): Promise<StatsReport> {
  await server.reset();
  const argv = [...sluiceArgv, 'fetch', ...flags];
  const cost = await measure({ argv, lineFormat: `${server.origin}${path}`, lines: calls, limitMs: 120_000 });
  if (cost.exitCode !== 0 || Number(cost.readerText) !== calls) {
    throw new Error(`sluice gave ${cost.readerText} of ${calls} rows, exit ${cost.exitCode}\n${cost.stderrText}`);
  }
  return await server.report();
}
