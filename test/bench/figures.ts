/** One number that a scenario is about; the same name in every result, so that results can be compared. */
export type Figure = {
  readonly name: string;
  readonly value: number;
  /** Which way is worse. `none` is only told. */
  readonly worse: 'higher' | 'lower' | 'none';
};

/** The middle one; the mean of the two in the middle of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? Number.NaN;
  return (low + high) / 2;
}

/**
 * The median of the ratios of neighbours: each value against the base's in the same round, so that a machine that
 * is slower for a while slows both.
 */
export function medianRatio(values: readonly number[], bases: readonly number[]): number {
  return median(values.map((value, round) => value / (bases[round] ?? Number.NaN)));
}

/** How much worse than before is still noise. */
const tolerance = 1.25;

/** One line for each figure that is worse than the kept one by more than a quarter. */
export function findRegressions(figures: readonly Figure[], kept: readonly Figure[]): string[] {
  const before = new Map(kept.map(({ name, value }) => [name, value]));
  return figures.flatMap(({ name, value, worse }) => {
    const was = before.get(name);
    if (was === undefined || worse === 'none') return [];
    const isWorse = worse === 'higher' ? value > was * tolerance : value < was / tolerance;
    return isWorse ? [`${name}: ${value.toFixed(3)}, was ${was.toFixed(3)}`] : [];
  });
}

/** Rows of text under a head, numbers to the right. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((text, column) => pad(text, widths[column] ?? 0, column)).join('  ')).join('\n');
}

function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}
