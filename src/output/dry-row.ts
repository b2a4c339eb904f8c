import { Buffer, isUtf8 } from 'node:buffer';
import { compactJson } from '../record/compact-json.ts';
import type { Failure } from '../record/failure.ts';
import { escapeUnsafe } from '../record/json.ts';
import type { HttpRequest } from '../record/request.ts';
import { createMask, type Mask } from '../record/secrets.ts';
import { error, fieldsOf, inputOf, sentHeaders, string } from './row-fields.ts';

/** What would be sent for a line. */
export type DryCall = {
  /** For lines that fail: as their row shows them. */
  readonly url: string | null;
  readonly method: string;
  /** Null only with a failure. */
  readonly request: HttpRequest | null;
  /** Values of this line alone that must not appear. */
  readonly secrets: readonly string[];
};

/** A line and what would be sent for it. */
export type DryJob = DryCall & {
  readonly index: number;
  readonly id: string | null;
  /** Why nothing would be sent, or null. */
  readonly failure: Failure | null;
};

/** The headers whose values nobody has to hide. All others may hold a credential, whatever their names. */
const harmless: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-encoding',
  'content-language',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'pragma',
  'prefer',
  'range',
  'user-agent',
]);

/**
 * Writes what would be sent for a line: one line of JSON without the line end, fields in the order of
 * dry-row.schema.json. `secrets` are masked everywhere, in the body too, which here is ours.
 */
export function createDryRow(secrets: readonly string[]): (job: DryJob) => string {
  const commonMask = createMask(secrets);
  // A run has few lists of headers and often one body for all lines: each is rendered once as long as it stays the same.
  let last: { headers: HttpRequest['headers']; text: string; mask: Mask | null; shown: Shown } | null = null;
  let lastBody: { body: HttpRequest['body']; shown: Shown; text: string } | null = null;

  function shownOf({ headers }: HttpRequest, mask: Mask | null): Shown {
    if (last && last.headers === headers && last.mask === mask) return last.shown;
    // Records with a type of their own have lists of their own, which say the same. No value holds a line end.
    const text = headers.join('\n');
    const shown = last?.text === text && last.mask === mask ? last.shown : shownHeaders(headers, mask);
    last = { headers, text, mask, shown };
    return shown;
  }

  function bodyText({ body, stream }: HttpRequest, shown: Shown, mask: Mask | null): string {
    if (stream) return `,"body":null,"form":[${stream.parts.map((part) => string(part, mask)).join()}]`;
    if (body === null) return ',"body":null';
    if (lastBody?.body !== body || lastBody.shown !== shown)
      lastBody = { body, shown, text: bodyOf(body, shown, mask) };
    return lastBody.text;
  }

  return ({ index, id, failure, url, method, request, secrets: own }) => {
    const mask = own.length > 0 ? createMask([...secrets, ...own]) : commonMask;
    const head = `{"index":${index},"id":${string(id, mask)},"ok":${failure === null},"dry_run":true`;
    if (failure || !request) {
      const shown = `"url":${string(url, mask)},"method":${string(method, mask)},"headers":null,"body":null`;
      return escapeUnsafe(`${head},${shown},"error":${error(failure, mask)}}`);
    }
    const sentTo = string(request.origin + request.path, mask);
    const shown = shownOf(request, mask);
    const call = `"url":${sentTo},"method":${string(request.method, mask)},"headers":${shown.text}`;
    return escapeUnsafe(`${head},${call}${bodyText(request, shown, mask)},"error":null}`);
  };
}

type Shown = { readonly text: string; readonly isJson: boolean };

const jsonType = /^application\/(?:[^;]+\+)?json\s*(?:;|$)/i;

function shownHeaders(headers: HttpRequest['headers'], mask: Mask | null): Shown {
  const sent = sentHeaders(headers, (name) => !harmless.has(name));
  return { text: fieldsOf(sent, mask), isJson: jsonType.test(sent.get('content-type') ?? '') };
}

function bodyOf(body: string | Uint8Array, { isJson }: Shown, mask: Mask | null): string {
  const text = typeof body === 'string' ? body : isUtf8(body) ? Buffer.from(body).toString('utf8') : null;
  if (text === null) return `,"body_base64":"${Buffer.from(body).toString('base64')}"`;
  const raw = isJson ? compactJson(text) : null;
  return `,"body":${raw === null ? string(text, mask) : jsonOf(raw, mask)}`;
}

/** JSON may write a letter in ways that no mask knows; all other escapes are the usual ones, which it does. */
const oddEscape = /\\[u/]/;

/** JSON as it would be sent. It is taken apart only where a secret may hide in it. */
function jsonOf(raw: string, mask: Mask | null): string {
  if (mask === null || (!oddEscape.test(raw) && mask(raw) === raw)) return raw;
  return inputOf(raw, mask);
}
