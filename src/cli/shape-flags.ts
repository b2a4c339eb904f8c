import * as Flags from '@oclif/core/flags';
import type { Query } from '../output/query.ts';
import { Failure } from '../record/failure.ts';
import { UsageError } from './values.ts';

const helpGroup = 'ROW';

/** What stdout shows of the rows: the same in every command that writes them. */
export const shapeFlags = {
  query: Flags.string({
    helpGroup,
    helpValue: 'EXPR',
    summary: 'Print this of each row that is ok (JMESPath, such as body.id); a failed row is a line on stderr.',
  }),
  raw: Flags.boolean({
    helpGroup,
    summary: "With --query: strings bare, a list's elements one a line, null as an empty line.",
  }),
  merge: Flags.string({
    helpGroup,
    helpValue: 'FIELD',
    summary: 'Print the record that came in, with its row under FIELD; of a line that is no record, {"line": …}.',
  }),
};

export type ShapeFlags = { query?: string | undefined; raw: boolean; merge?: string | undefined };

export type ShapeSettings = { query: Query | null; isRaw: boolean; mergeField: string | null };

/** How stdout is shaped, or null where it has the rows as they are. */
export async function shapeSettings({ query, raw, merge }: ShapeFlags): Promise<ShapeSettings | null> {
  if (raw && query === undefined) throw new UsageError('--raw: it needs --query, whose values it prints');
  if (merge === '') throw new UsageError('--merge: expected the name of a field, got an empty one');
  if (query === undefined && merge === undefined) return null;
  return {
    query: query === undefined ? null : await queryOf(query),
    isRaw: raw,
    mergeField: merge ?? null,
  };
}

async function queryOf(expression: string): Promise<Query> {
  const { compileQuery } = await import('../output/query.ts');
  try {
    return await compileQuery(expression);
  } catch (error) {
    throw error instanceof Failure ? new UsageError(`--query: ${error.message}`) : error;
  }
}
