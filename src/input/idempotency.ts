import { hash } from 'node:crypto';
import type { HttpRequest } from '../record/request.ts';

/** The header that tells a server that it has seen a request before (draft-ietf-httpapi-idempotency-key-header). */
const headerName = 'idempotency-key';

/** Counts the jobs of a run that are the same to the letter, in the order of reading. */
export type Counter = { next(contentKey: string): number };

/** For each different job the hash of its call is kept, some 100 bytes. */
export function createCounter(): Counter {
  const seen = new Map<string, number>();
  return {
    next(contentKey) {
      const nth = (seen.get(contentKey) ?? 0) + 1;
      seen.set(contentKey, nth);
      return nth;
    },
  };
}

/**
 * What a job is known by in a later run, where it has no id: the hash of its call, and which of those that are the same
 * to the letter it is. Without the latter the next run could take one for the other, and send a key again that has been
 * used up.
 */
export function countedKey(contentKey: string, counter: Counter): string {
  const nth = counter.next(contentKey);
  return nth === 1 ? contentKey : `${contentKey}.${nth}`;
}

/** A job's idempotency key: of its id and of what is called, so that it is the same in each attempt and in every later run. */
export function idempotencyKeyOf(id: string | null, key: string): string {
  return hash('sha256', JSON.stringify([id, key]), 'base64url').slice(0, 32);
}

/** The request with its key. One that the user or the record gives stays. */
export function withIdempotencyKey(request: HttpRequest, key: string): HttpRequest {
  const { headers } = request;
  const hasOwn = headers.some((name, at) => at % 2 === 0 && name === headerName);
  return hasOwn ? request : { ...request, headers: [...headers, headerName, key] };
}
