import { readFileSync } from 'node:fs';
import { parseRow, type Row } from './row.ts';

/** The rows of a file that `-o` wrote, each checked against the schema; throws unless every line is whole. */
export function rowsIn(path: string): Row[] {
  const text = readFileSync(path, 'utf8');
  if (text !== '' && !text.endsWith('\n')) throw new Error(`${path} ends inside a row: ${text.slice(-200)}`);
  return text.split('\n').slice(0, -1).map(parseRow);
}
