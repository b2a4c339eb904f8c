import { hash } from 'node:crypto';
import type { HttpRequest } from '../record/request.ts';

/** The header that tells a server that it has seen a request before (draft-ietf-httpapi-idempotency-key-header). */
const headerName = 'idempotency-key';

/** The idempotency keys of a run's jobs, asked for in the order of reading. */
export type Keys = {
  /** `contentKey` is what the job's call is known by. */
  next(id: string | null, contentKey: string): string;
};

/**
 * A key is made of the job's id and of what is called, so a job has the same in each attempt and in every later run.
 * Jobs without an id that are the same to the letter are counted: each is to be done, and has a key of its own. For that
 * the keys of jobs without an id are kept, some 100 bytes each.
 */
export function createKeys(): Keys {
  const seen = new Map<string, number>();
  return {
    next(id, contentKey) {
      if (id !== null) return keyFrom(['id', id, contentKey]);
      const nth = (seen.get(contentKey) ?? 0) + 1;
      seen.set(contentKey, nth);
      return keyFrom(['nth', String(nth), contentKey]);
    },
  };
}

/** The request with its key. One that the user or the record gives stays. */
export function withIdempotencyKey(request: HttpRequest, key: string): HttpRequest {
  const { headers } = request;
  const hasOwn = headers.some((name, at) => at % 2 === 0 && name === headerName);
  return hasOwn ? request : { ...request, headers: [...headers, headerName, key] };
}

function keyFrom(parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 32);
}
