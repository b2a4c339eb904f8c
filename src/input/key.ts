import { hash } from 'node:crypto';
import { exactJson } from '../record/json.ts';
import type { HttpRequest } from '../record/request.ts';
import { isSecretHeader } from '../record/secrets.ts';
import type { InputRecord } from './records.ts';
import { fieldOf } from './records.ts';

/**
 * What a job without an id is known by in a later run: a hash of method, URL, body and the record's own headers but for
 * credentials. Jobs that are the same to the letter share it.
 */
export function keyOf({ method, url, body }: HttpRequest, record: InputRecord | null): string {
  const given = (record && fieldOf(record, 'headers')) ?? {};
  const headers = Object.entries(given).filter(([name]) => !isSecretHeader(name));
  const content = typeof body === 'string' || body === null ? body : Buffer.from(body).toString('base64');
  return hash('sha256', exactJson([method, url, content, headers]), 'base64url').slice(0, 22);
}

/** The same for a line of which no request could be made. */
export function keyOfLine(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22);
}
