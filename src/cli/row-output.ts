import type { Shaped } from '../output/shape.ts';
import { createRowWriter, type TextWriter } from '../output/writer.ts';
import type { Result } from '../record/job.ts';
import type { OutputFile } from './output-file.ts';

/** What stdout shows of each result in place of its row. A promise means that its reader is behind. */
export type View<Payload, Value> = (result: Result<Payload, Value>, row: string) => void | Promise<void>;

/** Where a view writes: rows and text to stdout, and lines for people. */
export type ViewTarget = { readonly stdout: TextWriter; readonly log: (line: string) => void };

export type RowOutputOptions<Payload, Value> = {
  render: (result: Result<Payload, Value>) => string;
  /** Null: rows go out as they are. */
  shape: object | null;
  /** What stdout shows where it is neither rows nor shaped ones. */
  openView: ((target: ViewTarget) => View<Payload, Value>) | null;
  /** The file that gets the whole rows, or null: they go to stdout. */
  output: OutputFile | null;
  /** Hears once that rows are lost. */
  lose: (error: NodeJS.ErrnoException) => void;
  /** Makes room on a terminal whose last line is the progress line's; null where there is none. */
  clear: (() => void) | null;
  /** A line for people. */
  log: (line: string) => void;
};

/** Where rows go: whole ones to a file or to stdout, shaped ones and views to stdout, beside the file if there is one. */
export type RowOutput<Payload, Value> = {
  /** A promise means that the reader is behind. */
  write(result: Result<Payload, Value>): void | Promise<void>;
  writeShaped(shaped: Shaped<Payload, Value>): void | Promise<void>;
  end(): Promise<void>;
};

export function createRowOutput<Payload, Value>(options: RowOutputOptions<Payload, Value>): RowOutput<Payload, Value> {
  const { render, shape, openView, output, lose, clear, log } = options;
  const file = output?.createWriter(lose) ?? null;
  // A reader that leaves ends the run, but not where a file has all rows.
  const direct = file && !shape && !openView ? null : createRowWriter(process.stdout, file ? () => {} : lose);
  const stdout = direct && clear ? clearing(direct, clear) : direct;
  const view = stdout && openView ? openView({ stdout, log }) : null;

  return {
    write(result) {
      const row = render(result);
      const stored = file?.write(row);
      return both(stored, view ? view(result, row) : stdout?.write(row));
    },
    writeShaped({ row, printed, told }) {
      if (told !== null) log(`sluice: ${told}`);
      const stored = file?.write(row);
      return both(stored, printed === null ? undefined : stdout?.write(printed));
    },
    async end() {
      await Promise.all([file?.end(), stdout?.end()]);
    },
  };
}

function both(stored: void | Promise<void>, shown: void | Promise<void>): void | Promise<void> {
  return stored && shown ? Promise.all([stored, shown]).then(() => {}) : (stored ?? shown);
}

function clearing(writer: TextWriter, clear: () => void): TextWriter {
  return {
    write(row) {
      clear();
      return writer.write(row);
    },
    print(text) {
      clear();
      return writer.print(text);
    },
    flush: () => writer.flush(),
    end: () => writer.end(),
  };
}
