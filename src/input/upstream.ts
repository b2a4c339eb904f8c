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

/** What failed first: a row that has come through several stages has that beneath. */
function firstFailure(row: InputRecord): { code?: unknown; message?: unknown } {
  const error = objectIn(fieldOf(row, 'error')) ?? {};
  if (fieldOf(error, 'code') !== 'upstream') return error;
  return objectIn(fieldOf(error, 'cause')) ?? error;
}

/** A row that failed is passed on as failed, `upstream`: there is nothing to do for it. Any other record passes. */
export function checkUpstream(record: InputRecord): void {
  const row = failedRowIn(record);
  if (!row) return;
  const { code, message } = firstFailure(row);
  const told = typeof message === 'string' ? message : 'it does not say why';
  const name = typeof code === 'string' ? code : null;
  const cause = Object.assign(new Error(told), name === null ? {} : { code: name });
  throw new Failure('upstream', `the row given as input had failed${name ? ` (${name})` : ''}: ${told}`, { cause });
}
