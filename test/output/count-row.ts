import { createTally, type Measured, type Tally, type Verdict } from '../../src/output/tally.ts';

/** All that the tally knows of a row. */
export type Row = Verdict & Measured;

export const okRow: Row = { failure: null, status: 200, durationMs: 12.5, attempts: 1, bytes: 512 };

/** A tally that is told of rows as a whole. */
export function tallyOfRows(options?: Parameters<typeof createTally>[0]): {
  add(row: Row): void;
  snapshot: Tally['snapshot'];
} {
  const tally = createTally(options);
  return { add: (row) => tally.add(row, row), snapshot: () => tally.snapshot() };
}
