import { Failure } from '../record/failure.ts';
import { fieldOf, type InputRecord, isResultRow } from './records.ts';

/** A row of an earlier stage that has failed. */
export function isFailedRow(record: InputRecord): boolean {
  return isResultRow(record) && fieldOf(record, 'ok') !== true;
}

/** A row that failed is passed on as failed, `upstream`: there is nothing to do for it. Any other record passes. */
export function checkUpstream(record: InputRecord): void {
  if (!isFailedRow(record)) return;
  const error = fieldOf(record, 'error');
  const { code, message } = (typeof error === 'object' ? error : {}) as { code?: unknown; message?: unknown };
  const told = typeof message === 'string' ? message : 'it does not say why';
  const name = typeof code === 'string' ? code : null;
  const cause = Object.assign(new Error(told), name === null ? {} : { code: name });
  throw new Failure('upstream', `the row given as input had failed${name ? ` (${name})` : ''}: ${told}`, { cause });
}
