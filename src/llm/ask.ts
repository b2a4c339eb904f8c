import { withoutLoneSurrogates } from '../record/json.ts';
import { addressOf, type HttpRequest } from '../record/request.ts';
import type { ModelSettings } from './codec.ts';
import type { Server } from './errors.ts';
import { fieldsOf } from './json-fields.ts';

export type Header = readonly [name: string, value: string];

/** One POST of JSON. */
export function createAsk(url: URL, { headers }: ModelSettings, own: readonly Header[]) {
  const all = [...headers, ['content-type', 'application/json'] as const, ...own].flat();
  return (body: unknown): HttpRequest => {
    const json = withoutLoneSurrogates(JSON.stringify(body));
    return { ...addressOf(url), url: url.href, method: 'POST', headers: all, body: json };
  };
}

/** The base URL with a path below its own, once where that is given whole: documentation often shows the whole URL. */
export function below(baseUrl: URL, path: string): URL {
  const url = new URL(baseUrl);
  const base = url.pathname.replace(/\/+$/, '');
  url.pathname = base.endsWith(path) ? base : `${base}${path}`;
  return url;
}

/** The same for APIs whose base URLs are written with and without the version at the end. */
export function belowVersion(baseUrl: URL, version: string, path: string): URL {
  return below(baseUrl, /\/v\d\w*\/*$/.test(baseUrl.pathname) ? path : `/${version}${path}`);
}

export function serverOf({ baseUrl, key }: ModelSettings, { wantsVersion = false } = {}): Server {
  return {
    host: addressOf(baseUrl).host,
    keyVariable: key?.variable ?? null,
    basePath: wantsVersion ? baseUrl.pathname : null,
  };
}

export function bearer({ key }: ModelSettings): Header[] {
  return key ? [['authorization', `Bearer ${key.value}`]] : [];
}

/** The parameters have the last word; one that is an object, as one of ours is, only in the fields that it names. */
export function withParams(body: Record<string, unknown>, { params }: ModelSettings): Record<string, unknown> {
  const merged = { ...body };
  for (const [name, value] of Object.entries(params)) {
    const ours = fieldsOf(merged[name]);
    const theirs = fieldsOf(value);
    merged[name] = ours && theirs ? { ...ours, ...theirs } : value;
  }
  return merged;
}

/** The fields that have a value. */
export function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
}
