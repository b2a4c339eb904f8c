import { FailureCount, type FailureLimit } from '../flow/failure-limit.ts';
import type { RunEnd } from '../flow/run.ts';
import type { Shaped } from '../output/shape.ts';
import { createRowWriter, type RowWriter } from '../output/writer.ts';
import { Failure } from '../record/failure.ts';
import type { Result } from '../record/job.ts';
import type { OutputFile } from './output-file.ts';

export type RowOutputOptions<Payload, Value> = {
  render: (result: Result<Payload, Value>) => string;
  /** Null: rows go out as they are. */
  shape: object | null;
  /** The file that gets the whole rows, or null: they go to stdout. */
  output: OutputFile | null;
  failureLimit: FailureLimit | null;
  /** Hears once that rows are lost. */
  lose: (error: NodeJS.ErrnoException) => void;
  /** A line for people. */
  tell: (line: string) => void;
};

/** Where rows go: whole ones to a file or to stdout, shaped ones to stdout, beside the file if there is one. */
export type RowOutput<Payload, Value> = {
  readonly usesStdout: boolean;
  /** A promise means that the reader is behind. */
  write(result: Result<Payload, Value>): void | Promise<void>;
  writeShaped(shaped: Shaped<Payload, Value>): void | Promise<void>;
  /** Aborted when rows that the query has failed make too many. */
  readonly stopped: AbortSignal;
  /** How a run ended, with those rows counted. */
  judge(end: RunEnd): RunEnd;
  end(): Promise<void>;
};

export function createRowOutput<Payload, Value>(options: RowOutputOptions<Payload, Value>): RowOutput<Payload, Value> {
  const { render, shape, output, lose, tell } = options;
  const file = output?.createWriter(lose) ?? null;
  // A reader that leaves ends the run, but not where a file has all rows.
  const stdout = file && !shape ? null : createRowWriter(process.stdout, file ? () => {} : lose);
  const whole = file ?? (stdout as RowWriter);
  const count = new FailureCount(options.failureLimit);
  const stop = new AbortController();

  return {
    usesStdout: stdout !== null,
    stopped: stop.signal,
    write: (result) => whole.write(render(result)),
    writeShaped({ result, row, printed, told }) {
      count.add(result.failure);
      if (result.failure?.code === 'query' && count.isOver({ isEnd: false })) {
        stop.abort(new Failure('cancelled', `the run was stopped after ${count.failed} failed`));
      }
      if (told !== null) tell(`sluice: ${told}`);
      const stored = file?.write(row);
      const shown = printed === null ? undefined : stdout?.write(printed);
      return stored && shown ? Promise.all([stored, shown]).then(() => {}) : (stored ?? shown);
    },
    judge(end) {
      if (!shape) return end;
      const isOver = count.isOver({ isEnd: true }) && (end.kind === 'completed' || stop.signal.aborted);
      return { ...end, failed: count.failed, kind: isOver ? 'failures' : end.kind };
    },
    async end() {
      await Promise.all([file?.end(), stdout?.end()]);
    },
  };
}
