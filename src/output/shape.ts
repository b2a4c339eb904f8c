import { Failure } from '../record/failure.ts';
import type { Result } from '../record/job.ts';
import { escapeUnsafe, exactJson, parseExactJson } from '../record/json.ts';
import { createMask } from '../record/secrets.ts';
import type { Query } from './query.ts';
import { inputOf } from './row-fields.ts';
import { disarmed } from './terminal.ts';

export type ShapeOptions<Payload, Value> = {
  /** A result as its row. */
  render: (result: Result<Payload, Value>) => string;
  /** What is printed of a row that is ok; null is the row. */
  query: Query | null;
  /** Print strings bare, and a list's elements one a line. */
  isRaw: boolean;
  /** A terminal obeys what it is shown: bare strings lose their control characters. */
  isTerminal?: boolean;
  /** Print the input's record, with the row in this field; null is the row alone. */
  mergeField: string | null;
  /** Values that must not appear. */
  secrets: readonly string[];
};

/** What becomes of a result where rows are shaped. */
export type Shaped<Payload, Value> = {
  /** With the query's verdict. */
  readonly result: Result<Payload, Value>;
  /** The same verdict: null is ok. */
  readonly failure: Failure | null;
  /** The whole row, for files. */
  readonly row: string;
  /** For stdout: one or more lines without the last line end; null is nothing at all. */
  readonly printed: string | null;
  /** For stderr, in place of a row that failed. */
  readonly told: string | null;
};

type Shapable = { readonly input: string | null; readonly secrets?: readonly string[] };

/**
 * Shapes results for stdout: first `mergeField`, then the query. A failed row is told instead of queried, and one that
 * the query does not fit is a failed row.
 */
export function createShape<Payload extends Shapable, Value>(
  options: ShapeOptions<Payload, Value>,
): (result: Result<Payload, Value>) => Shaped<Payload, Value> {
  const { render, query, isRaw, isTerminal = false, mergeField, secrets } = options;
  const commonMask = createMask(secrets);

  return (result) => {
    const { input, secrets: own = [] } = result.job.payload;
    const mask = own.length > 0 ? createMask([...secrets, ...own]) : commonMask;
    const row = render(result);
    if (result.failure && query) return { ...verdictOf(result), row, printed: null, told: tellFailure(result, mask) };
    const whole = mergeField === null ? row : merged(inputOf(input, mask), mergeField, row);
    if (!query) return { ...verdictOf(result), row, printed: whole, told: null };
    try {
      const printed = printedOf(query(whole), isRaw);
      return { ...verdictOf(result), row, printed: printed && isTerminal ? disarmed(printed) : printed, told: null };
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      const failed = { ...result, failure };
      return { ...verdictOf(failed), row: render(failed), printed: null, told: tellFailure(failed, mask) };
    }
  };
}

function verdictOf<Payload, Value>(result: Result<Payload, Value>): Pick<Shaped<Payload, Value>, 'result' | 'failure'> {
  return { result, failure: result.failure };
}

/** `#12 ada http: h answered 404 Not Found`: hostile in part, for a stderr that prints it plainly. */
function tellFailure({ job, failure }: Result<unknown, unknown>, mask: ReturnType<typeof createMask>): string {
  const id = job.id === null ? '' : ` ${job.id}`;
  const line = `#${job.index}${id} ${failure?.code}: ${failure?.message}`;
  return mask ? mask(line) : line;
}

function printedOf(value: unknown, isRaw: boolean): string | null {
  if (!isRaw) return escapeUnsafe(exactJson(value ?? null));
  if (!Array.isArray(value)) return bare(value);
  return value.length === 0 ? null : value.map(bare).join('\n');
}

/** Null is an empty line: there are then as many lines as rows. */
function bare(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : escapeUnsafe(exactJson(value));
}

/** The record with the row in a field, each other field as it was written. A line that is no record is its `line`. */
export function merged(input: string, field: string, row: string): string {
  const record = input.startsWith('{') ? input : `{"line":${input}}`;
  const name = JSON.stringify(field);
  const fields = fieldsWithout(field, record);
  return escapeUnsafe(`{${fields}${fields === '' ? '' : ','}${name}:${row}}`);
}

/** The text between the braces. The record is read only where it may have that field already: its row takes the place. */
function fieldsWithout(field: string, record: string): string {
  const mayHave = record.includes(JSON.stringify(field)) || record.includes('\\');
  const value = mayHave ? (parseExactJson(record) as Record<string, unknown>) : null;
  if (!value || !Object.hasOwn(value, field)) return record.slice(1, -1).trim();
  return exactJson(Object.fromEntries(Object.entries(value).filter(([name]) => name !== field))).slice(1, -1);
}
