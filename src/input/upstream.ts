import { Failure } from '../record/failure.ts';
import { fieldOf, type InputRecord, isResultRow, objectIn } from './records.ts';

/** Whether a record is a row of an earlier stage that has failed, or has such a row in one of its fields (`--merge`). */
export function isFailedRow(record: InputRecord): boolean {
  return failedRowIn(record) !== null;
}

function failedRowIn(record: InputRecord): InputRecord | null {
  if (isResultRow(record)) return hasFailed(record) ? record : null;
  return (
    Object.values(record)
      .map(objectIn)
      .find((field) => field && isResultRow(field) && hasFailed(field)) ?? null
  );
}

function hasFailed(row: InputRecord): boolean {
  return fieldOf(row, 'ok') !== true;
}

/** A row that failed is passed on as failed, `upstream`: there is nothing to do for it. Any other record passes. */
export function checkUpstream(record: InputRecord): void {
  const row = failedRowIn(record);
  if (!row) return;
  const error = fieldOf(row, 'error');
  const { code, message } = (typeof error === 'object' ? error : {}) as { code?: unknown; message?: unknown };
  const told = typeof message === 'string' ? message : 'it does not say why';
  const name = typeof code === 'string' ? code : null;
  const cause = Object.assign(new Error(told), name === null ? {} : { code: name });
  throw new Failure('upstream', `the row given as input had failed${name ? ` (${name})` : ''}: ${told}`, { cause });
}
