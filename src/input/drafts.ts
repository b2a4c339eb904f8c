import { compactJson } from '../record/compact-json.ts';
import { Failure } from '../record/failure.ts';
import { exactJson, rawText } from '../record/json.ts';
import { checkHeader } from '../record/request.ts';
import { masked } from '../record/secrets.ts';
import { rawField } from './raw-field.ts';
import { fieldOf, type InputRecord, objectIn, textOf } from './records.ts';
import type { Headers } from './request-defaults.ts';

/** What a line says of its request, before the command line's part is added and the whole is checked. */
export type Draft = {
  readonly url: string;
  readonly method: string | null;
  readonly headers: Headers;
  readonly body: string | null;
};

/** What `-d` and its like say of a body that names no type. */
export const formType = 'application/x-www-form-urlencoded';

/** A record with `url`, and `method`, `headers`, `body` where they differ from the command line's. `text` is how it is written, as far as that is known. */
export function draftOf(record: InputRecord, common: Headers, text = ''): Draft {
  if (fieldOf(record, 'dry_run') === true) {
    throw new Failure(
      'input',
      'a row of --dry-run cannot be sent: its credentials are masked; give the line that it shows',
    );
  }
  const url = textOf(record, 'url');
  if (url === null) throw new Failure('input', 'the record has no `url`');
  const body = bodyOf(fieldOf(record, 'body'), text);
  const headers = headersOf(fieldOf(record, 'headers'));
  const own: Headers =
    body.isJson && !saysType(headers, common) ? [...headers, ['content-type', 'application/json']] : headers;
  return { url, method: textOf(record, 'method'), headers: own, body: body.content };
}

/**
 * A row that is to be done again. Only one that included its request can bring a body and headers: its own are the
 * response's. What was masked in it is left to the command line.
 */
export function draftOfRow(
  row: InputRecord,
  { headers, hasBody, text = '' }: { headers: Headers; hasBody: boolean; text?: string },
): Draft {
  const shown = textOf(row, 'url');
  if (shown === null) throw new Failure('input', 'the row has no `url`, so it cannot be done again');
  const hadCredentials = shown.includes(`://${masked}@`);
  if (hadCredentials && !headers.some(([name]) => name === 'authorization')) {
    throw new Failure(
      'input',
      'the row cannot be done again: its URL had credentials, which rows never hold (give them with -u)',
    );
  }
  const url = hadCredentials ? shown.replace(`${masked}@`, '') : shown;
  const request = objectIn(fieldOf(row, 'request'));
  if (request) {
    const isForm = fieldOf(request, 'form') !== undefined;
    if (isForm && !hasBody) {
      throw new Failure(
        'input',
        'the row cannot be done again: its body was a form, which rows do not hold (give -F again)',
      );
    }
    const draft = draftOf({ ...request, url }, headers, rawField(text, 'request') ?? '');
    const kept = draft.headers.filter(([name, value]) => {
      return !value.includes(masked) && !(isForm && name === 'content-type');
    });
    return { ...draft, headers: kept };
  }
  const method = textOf(row, 'method');
  const mayHaveBody = method !== null && !/^(GET|HEAD|DELETE|OPTIONS)$/i.test(method);
  if (mayHaveBody && !hasBody) {
    throw new Failure(
      'input',
      `the row cannot be done again: a row does not hold the body of its ${method} unless it was written with --include request`,
    );
  }
  return { url, method, headers: [], body: null };
}

/** Somebody names a type for the record's body. That of the command line's form data is for the form data. */
function saysType(own: Headers, common: Headers): boolean {
  const isType = ([name]: Headers[number]) => name === 'content-type';
  return own.some(isType) || common.some((header) => isType(header) && header[1] !== formType);
}

function bodyOf(body: unknown, text: string): { content: string | null; isJson: boolean } {
  if (body === undefined) return { content: null, isJson: false };
  if (typeof body === 'string') return { content: body, isJson: false };
  const written = rawField(text, 'body');
  return { content: (written === null ? null : compactJson(written)) ?? exactJson(body), isJson: true };
}

function headersOf(headers: unknown): [string, string][] {
  if (headers === undefined) return [];
  const fields = objectIn(headers);
  if (!fields) throw new Failure('input', "the record's `headers` must be an object");
  return Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, string] => {
      const text = rawText(one) ?? one;
      if (typeof text === 'object')
        throw new Failure('input', `the record's header \`${name.slice(0, 100)}\` must be a string`);
      const plain = String(text).trim();
      return [checkHeader(name, plain), plain];
    }),
  );
}
