import { parseUrl } from '../record/request.ts';

/**
 * A path on its base: the base's own path comes first, but what both have is there once. `/v1/chat` is
 * `https://h/v1/chat` on `https://h` as on `https://h/v1`, and `/openai/v1/chat` on `https://h/openai/v1`.
 */
export function joinBase(base: URL, path: string): URL {
  // Parsed on the origin first: a path is checked like any URL, and one such as `//host` is refused or stays what it is.
  const url = parseUrl(path, base);
  if (path.startsWith('//')) return url;
  const front = segmentsOf(base.pathname);
  const behind = segmentsOf(url.pathname);
  let shared = Math.min(front.length, behind.length);
  while (shared > 0 && front.slice(-shared).join('/') !== behind.slice(0, shared).join('/')) shared -= 1;
  const kept = front.slice(0, front.length - shared);
  if (kept.length > 0) url.pathname = `/${kept.join('/')}${url.pathname}`;
  return url;
}

function segmentsOf(pathname: string): string[] {
  return pathname.split('/').filter((segment) => segment !== '');
}
