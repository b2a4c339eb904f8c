import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { FailureCode, FailurePhase } from '../../src/record/failure.ts';

/** A result row of `fetch`, as its reader sees it. */
export type Row = {
  index: number;
  id: string | null;
  ok: boolean;
  url: string | null;
  method: string;
  status: number | null;
  attempts: number;
  duration_ms: number | null;
  final_url: string | null;
  redirects: number;
  headers?: Record<string, string | string[]> | null;
  body?: unknown;
  body_base64?: string;
  bytes: number | null;
  timestamp: string;
  timings?: Record<'queued_ms' | 'limited_ms' | 'total_ms', number> & Record<'connect_ms' | 'ttfb_ms', number | null>;
  attempt_log?: { attempt: number; lane: string; duration_ms: number; error: RowError | null }[];
  input?: unknown;
  request?: { method: string; url: string; headers: Record<string, string>; body: string | null };
  error: RowError | null;
};

/** A result row of `prompt`. */
export type PromptRow = Pick<
  Row,
  'index' | 'id' | 'ok' | 'status' | 'attempts' | 'duration_ms' | 'timestamp' | 'error'
> &
  Pick<Row, 'headers' | 'timings' | 'attempt_log' | 'input'> & {
    provider: string;
    model: string;
    text: string | null;
    json?: unknown;
    tool_calls?: unknown[];
    finish_reason: string | null;
    usage: { input_tokens: number | null; output_tokens: number | null } | null;
    ttft_ms: number | null;
  };

/** A row of `--dry-run`. */
export type DryRow = Pick<Row, 'index' | 'id' | 'ok' | 'url' | 'method' | 'body' | 'body_base64' | 'error'> & {
  dry_run: true;
  form?: string[];
  headers: Record<string, string> | null;
};

export type RowError = {
  code: FailureCode;
  message: string;
  phase: FailurePhase | null;
  retryable: boolean;
  cause: { code: string | null; message: string } | null;
};

type RowSchema = { properties: Record<string, unknown> };

const ajv = new Ajv2020({ allErrors: true, strictTypes: false, strictRequired: false });
const fetchRow = rowsOf<Row>('row.schema.json');
const promptRow = rowsOf<PromptRow>('prompt-row.schema.json');
const dryRow = rowsOf<DryRow>('dry-row.schema.json');

function rowsOf<T>(name: string) {
  const url = new URL(`../../src/record/${name}`, import.meta.url);
  const schema = JSON.parse(readFileSync(url, 'utf8')) as RowSchema;
  return { name, fieldOrder: Object.keys(schema.properties), isRow: ajv.compile<T>(schema) };
}

/**
 * One line of output as a row, of `--dry-run` where it says so, of `prompt` where it names a provider, else of `fetch`. Throws unless it is exactly
 * what its schema says, its fields in the schema's order.
 */
export function parseRow(line: string): Row {
  const value = JSON.parse(line) as object;
  const { name, fieldOrder, isRow } = kindOf(value);
  if (!isRow(value)) {
    throw new Error(`not a row by ${name}: ${describe(isRow.errors ?? [])}\n${line.slice(0, 2000)}`);
  }
  const fields = Object.keys(value);
  const expected = fieldOrder.filter((field) => field in value);
  if (fields.join() !== expected.join()) throw new Error(`fields out of order: ${fields.join()}`);
  return value as Row;
}

function kindOf(value: object) {
  if ('dry_run' in value) return dryRow;
  return isPromptRow(value) ? promptRow : fetchRow;
}

/** Rows that `parseRow` has checked, as those of `--dry-run`. */
export function dryRows(rows: readonly Row[]): DryRow[] {
  return rows.map((row: object) => {
    if (!('dry_run' in row)) throw new Error('a row of a real run');
    return row as DryRow;
  });
}

/** Rows that `parseRow` has checked, as those of `prompt`. */
export function promptRows(rows: readonly Row[]): PromptRow[] {
  return rows.map((row: object) => {
    if (!isPromptRow(row)) throw new Error('a row of another command');
    return row as PromptRow;
  });
}

function isPromptRow(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'provider' in value;
}

function describe(errors: ErrorObject[]): string {
  return errors
    .map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
    .join('; ');
}
