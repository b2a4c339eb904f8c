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

export type RowError = {
  code: FailureCode;
  message: string;
  phase: FailurePhase | null;
  retryable: boolean;
  cause: { code: string | null; message: string } | null;
};

type RowSchema = { properties: Record<string, unknown> };

const schemaUrl = new URL('../../src/record/row.schema.json', import.meta.url);
const schema = JSON.parse(readFileSync(schemaUrl, 'utf8')) as RowSchema;
const fieldOrder = Object.keys(schema.properties);
const isRow = new Ajv2020({ allErrors: true, strictTypes: false, strictRequired: false }).compile<Row>(schema);

/** One line of output as a row. Throws unless it is exactly what the schema says, its fields in the schema's order. */
export function parseRow(line: string): Row {
  const value: unknown = JSON.parse(line);
  if (!isRow(value)) {
    throw new Error(`not a row by row.schema.json: ${describe(isRow.errors ?? [])}\n${line.slice(0, 2000)}`);
  }
  const fields = Object.keys(value);
  const expected = fieldOrder.filter((field) => field in value);
  if (fields.join() !== expected.join()) throw new Error(`fields out of order: ${fields.join()}`);
  return value;
}

function describe(errors: ErrorObject[]): string {
  return errors
    .map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
    .join('; ');
}
