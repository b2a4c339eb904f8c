import { randomBytes } from 'node:crypto';
import { extname } from 'node:path';
import { inFilePath } from '../input/escapes.ts';
import { type FormPart, formBody } from '../input/form.ts';
import type { RequestDefaults } from '../input/request-defaults.ts';
import { compileTemplate } from '../input/template.ts';
import { privateIfSecret } from './private-body.ts';
import type { Templates } from './templates.ts';
import { UsageError } from './values.ts';

export type Form = { readonly contentType: string; readonly body: NonNullable<RequestDefaults['body']> };

/** What -F makes: `name=value`, `name=@file`, `name=<file`, with `;type=` and `;filename=` behind, as curl has them. */
export function formOf(given: readonly string[], templates: Templates): Form {
  const compile = (text: string) => templates.compile('--form', (options) => compileTemplate(text, options));
  const compilePath = (text: string) =>
    templates.compile('--form', (options) => compileTemplate(text, { ...options, escapeAt: inFilePath }));
  const partOf = (text: string): FormPart => {
    const { name, mark, value, type, filename } = readPart(text);
    return {
      name: compile(name),
      source: mark === '' ? 'text' : mark === '@' ? 'upload' : 'file',
      value: mark === '' ? compile(value) : compilePath(value),
      type: type ?? (mark === '@' ? typeOf(value) : null),
      filename: filename === null ? null : compile(filename),
    };
  };
  const boundary = `sluice-${randomBytes(18).toString('hex')}`;
  const body = privateIfSecret(templates, () => formBody(given.map(partOf), boundary));
  return { contentType: `multipart/form-data; boundary=${boundary}`, body };
}

type Written = { name: string; mark: '' | '@' | '<'; value: string; type: string | null; filename: string | null };

function readPart(text: string): Written {
  const equals = text.indexOf('=');
  if (equals < 1) throw new UsageError('--form: expected NAME=VALUE, NAME=@FILE or NAME=<FILE');
  const name = text.slice(0, equals);
  const rest = text.slice(equals + 1);
  const mark = rest.startsWith('@') ? '@' : rest.startsWith('<') ? '<' : '';
  const words = wordsOf(mark === '' ? rest : rest.slice(1));
  const [value = '', ...attributes] = words;
  if (mark !== '' && value === '') throw new UsageError(`--form: ${name}: no file is named`);
  if (mark !== '' && value === '-') throw new UsageError(`--form: ${name}: stdin is for the input; give a file`);
  let type: string | null = null;
  let filename: string | null = null;
  let plain = value;
  for (const attribute of attributes) {
    const [, key = '', content = ''] = /^\s*(type|filename)=(.*)$/s.exec(attribute) ?? [];
    if (key === 'type') type = checkType(content.trim());
    else if (key === 'filename') filename = content;
    // A value may hold semicolons; the name of a file must quote them.
    else if (mark === '') plain += `;${attribute}`;
    else throw new UsageError(`--form: ${name}: expected ;type= or ;filename= behind the file, got \`${attribute}\``);
  }
  return { name, mark, value: plain, type, filename };
}

/** Split at semicolons, but for those in double quotes, which are taken off. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/(?:^|;)((?:[^;"]*"(?:[^"\\]|\\.)*")*[^;]*)/g)].map(([, word = '']) =>
    word.replace(/^((?:\s*\w+=)?)"((?:[^"\\]|\\.)*)"\s*$/s, (_whole, key: string, quoted: string) => {
      return key + quoted.replace(/\\(["\\])/g, '$1');
    }),
  );
}

function checkType(type: string): string {
  if (/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;.*)?$/.test(type) && !/[\r\n]/.test(type)) return type;
  throw new UsageError(`--form: expected a media type such as image/png, got \`${type}\``);
}

/** As curl guesses them. */
const types: Readonly<Record<string, string>> = {
  '.gif': 'image/gif',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.pdf': 'application/pdf',
  '.xml': 'application/xml',
  '.json': 'application/json',
  '.csv': 'text/csv',
};

function typeOf(file: string): string {
  return types[extname(file).toLowerCase()] ?? 'application/octet-stream';
}
