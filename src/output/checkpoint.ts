import { Failure } from '../record/failure.ts';
import { isBatchLine } from './batch.ts';

/** What a run needs to know of an earlier one, read from the rows that it wrote. */
export type Checkpoint = {
  /** Rows kept: their jobs are done. */
  readonly kept: number;
  /** Rows of failed jobs. */
  readonly failed: number;
  /** Rows that name no job: written without -o and without ids. Their jobs are done again. */
  readonly unknown: number;
  /** A last line that was cut short. */
  readonly isTorn: boolean;
  /** Whether this job is done. Jobs that are the same to the letter are counted: each row stands for one of them. */
  take(job: Known): boolean;
  /** Whether this job had failed. If so, it is taken to be done again now. */
  takeFailed(job: Known): boolean;
  /** Whether this line of the earlier run is a failed row whose job has been done again since. */
  isReplaced(line: string): boolean;
  /**
   * A test for the earlier run's lines, asked in their order: whether a line is torn, or a failed row with a later one
   * of the same job behind it, as a killed run leaves them.
   */
  createStaleTest(): (line: string) => boolean;
  /** Jobs done with another configuration than now, of those looked at so far. */
  readonly changed: number;
};

/** What a job and its row have in common. */
export type Known = { readonly id: string | null; readonly key?: string | undefined; readonly signature: string };

/** How the lines of an output file are read. */
export type RowReading = {
  /** What of a row depends on the configuration, in short. */
  signatureOf: (row: Row) => string;
  /** What a line says of its job where it is no row: its `id` and whether it is `ok`. May throw a Failure `output`. */
  rowOf?: ((line: Row) => Row) | undefined;
};

export type CheckpointOptions = RowReading & {
  /** The earlier run's lines, whole or cut short. */
  lines: AsyncIterable<Iterable<string>>;
  /** Takes each line of a finished job. */
  keep: (line: string) => void | Promise<void>;
};

type Row = Readonly<Record<string, unknown>>;

/** A change of configuration shows in the first so many rows, or not at all. */
const signaturesKept = 1000;

/**
 * Sorts an earlier run's rows: those of finished jobs stay, the rest is dropped and done again. Throws a Failure `output`
 * for a file of another format, whose lines would all be dropped.
 */
export async function readCheckpoint(options: CheckpointOptions): Promise<Checkpoint> {
  const { lines, keep, signatureOf, rowOf = rowItself } = options;
  const parseRow = (line: string) => {
    const row = parseLine(line);
    return row && rowOf(row);
  };
  const done = new Map<string, number>();
  const failedJobs = new Map<string, number>();
  const redone = new Set<string>();
  const signatures = new Map<string, string>();
  let kept = 0;
  let failed = 0;
  let unknown = 0;
  let changed = 0;
  let isTorn = false;
  for await (const batch of lines) {
    for (const line of batch) {
      const row = parseRow(line);
      isTorn = row === null;
      if (row === null) continue;
      const name = nameOfRow(row);
      if (name === null) {
        unknown += 1;
      } else if (row.ok === true) {
        kept += 1;
        done.set(name, (done.get(name) ?? 0) + 1);
        if (signatures.size < signaturesKept) signatures.set(name, signatureOf(row));
        await keep(line);
      } else {
        failed += 1;
        failedJobs.set(name, (failedJobs.get(name) ?? 0) + 1);
      }
    }
  }
  return {
    kept,
    failed,
    unknown,
    isTorn,
    take(job) {
      const name = nameOf(job);
      const count = name === null ? undefined : done.get(name);
      if (name === null || count === undefined) return false;
      if (count === 1) done.delete(name);
      else done.set(name, count - 1);
      const before = signatures.get(name);
      if (before !== undefined && before !== job.signature) changed += 1;
      return true;
    },
    takeFailed(job) {
      const name = nameOf(job);
      if (name === null || !failedJobs.has(name)) return false;
      redone.add(name);
      return true;
    },
    createStaleTest() {
      const doneNames = new Set(done.keys());
      const left = new Map(failedJobs);
      return (line) => {
        const row = parseRow(line);
        const name = row && nameOfRow(row);
        if (row === null) return true;
        if (row.ok === true || name === null) return false;
        const behind = (left.get(name) ?? 1) - 1;
        left.set(name, behind);
        return behind > 0 || doneNames.has(name);
      };
    },
    isReplaced(line) {
      const row = parseRow(line);
      const name = row && row.ok !== true ? nameOfRow(row) : null;
      return name !== null && redone.has(name);
    },
    get changed() {
      return changed;
    },
  };
}

function rowItself(row: Row): Row {
  if (!isBatchLine(row)) return row;
  throw new Failure('output', 'it holds Batch lines: go on with it with --output-format openai-batch');
}

function nameOf({ id, key }: Omit<Known, 'signature'>): string | null {
  // An empty id tells no job from another.
  if (id) return `i${id}`;
  return key === undefined ? null : `k${key}`;
}

function nameOfRow(row: Row): string | null {
  return nameOf({ id: textOf(row.id), key: textOf(row.key) ?? undefined });
}

/** As ids of jobs are: without half a surrogate pair. */
function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value.toWellFormed() : null;
}

function parseLine(line: string): Row | null {
  try {
    const row: unknown = JSON.parse(line);
    return typeof row === 'object' && row !== null ? (row as Row) : null;
  } catch {
    return null;
  }
}
