import { hash } from 'node:crypto';
import { exactJson } from '../record/json.ts';
import type { HttpRequest } from '../record/request.ts';
import { isSecretHeader } from '../record/secrets.ts';

/**
 * What a job without an id is known by in a later run: a hash of method, URL, body and the line's own headers but for
 * credentials. Jobs that are the same to the letter share it.
 */
export function keyOf(request: HttpRequest, own: readonly (readonly [string, unknown])[]): string {
  const headers = own.filter(([name]) => !isSecretHeader(name));
  const { method, origin, path } = request;
  const content = contentOf(request);
  return hash('sha256', exactJson([method, origin + path, content, headers]), 'base64url').slice(0, 22);
}

/** What two requests have in common that are the same to the letter: all of it. */
export function twinOf(request: HttpRequest): string {
  const { method, origin, path, headers } = request;
  return hash('sha256', exactJson([method, origin, path, headers, contentOf(request)]), 'base64url');
}

function contentOf({ body, stream }: HttpRequest): string | readonly string[] | null {
  if (stream) return stream.parts;
  return typeof body === 'string' || body === null ? body : Buffer.from(body).toString('base64');
}

/** The same for a line of which no request could be made. */
export function keyOfLine(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22);
}
