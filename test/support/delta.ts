import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type PromptRow, parseRow, promptRows } from './row.ts';

/** A piece of an answer, as its reader sees it. */
export type DeltaRow = { type: 'delta'; index: number; id: string | null; attempt: number; text: string };

const schemaOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../src/record/${name}`, import.meta.url), 'utf8')) as {
    properties: Record<string, unknown>;
  };
const ajv = new Ajv2020({ allErrors: true, strictTypes: false });
ajv.addSchema(schemaOf('row.schema.json'), 'row.schema.json');
const deltaSchema = schemaOf('prompt-delta.schema.json');
const isDelta = ajv.compile<DeltaRow>({ ...deltaSchema, $id: 'prompt-delta.schema.json' });

/** What `prompt --stream` wrote, each row checked against its schema: deltas, results, and the order of both. */
export function streamRows(stdout: string): {
  deltas: DeltaRow[];
  results: (PromptRow & { type?: string })[];
  order: string[];
} {
  const deltas: DeltaRow[] = [];
  const results: PromptRow[] = [];
  const order: string[] = [];
  for (const line of stdout.split('\n').slice(0, -1)) {
    const row = JSON.parse(line) as { type: string; index: number };
    order.push(`${row.type} ${row.index}`);
    if (row.type !== 'delta') results.push(...promptRows([parseRow(line)]));
    else if (isDelta(row) && Object.keys(row).join() === Object.keys(deltaSchema.properties).join()) deltas.push(row);
    else throw new Error(`not a delta: ${line.slice(0, 500)} ${JSON.stringify(isDelta.errors)}`);
  }
  return { deltas, results, order };
}
