import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Failure } from '../record/failure.ts';
import { readFault } from '../record/file-fault.ts';
import type { StreamedBody } from '../record/request.ts';
import type { Content } from './request-defaults.ts';
import type { Template, TemplateScope } from './template.ts';

/** One part of a form as the command line has it. */
export type FormPart = {
  readonly name: Template;
  /** A text, a file with its name, or a file's content as a text. */
  readonly source: 'text' | 'upload' | 'file';
  /** The text, or the file's path. */
  readonly value: Template;
  readonly type: string | null;
  /** In place of the file's own name. */
  readonly filename: Template | null;
};

/** One part as it is sent. */
type Part = { readonly head: string; readonly text: string | null; readonly path: string | null };

/** A multipart/form-data body (RFC 7578) for each line. Files are read when they are sent, again for each attempt, and never whole. */
export function formBody(parts: readonly FormPart[], boundary: string): (scope: TemplateScope) => Content {
  return (scope) => {
    const made = parts.map((part) => partOf(part, scope, boundary));
    const stream = { parts: made.map(({ shown }) => shown), open: () => open(made, boundary) };
    return { body: null, stream };
  };
}

function partOf(part: FormPart, scope: TemplateScope, boundary: string): Part & { shown: string } {
  const { source, type } = part;
  const name = part.name.render(scope);
  const value = part.value.render(scope);
  const isFile = source !== 'text';
  const filename = part.filename?.render(scope) ?? (source === 'upload' ? basename(value) : null);
  const disposition = `form-data; name="${quoted(name)}"${filename === null ? '' : `; filename="${quoted(filename)}"`}`;
  const head = `--${boundary}\r\nContent-Disposition: ${disposition}\r\n${type === null ? '' : `Content-Type: ${type}\r\n`}\r\n`;
  const mark = { text: '', upload: '@', file: '<' }[source];
  const about = [type === null ? '' : `;type=${type}`, part.filename ? `;filename=${filename}` : ''].join('');
  return {
    head,
    text: isFile ? null : value,
    path: isFile ? value : null,
    shown: `${name}=${mark}${value}${about}`,
  };
}

/** As browsers write names: what would end the quotes or the line is percent-encoded. */
function quoted(text: string): string {
  return text.replace(/["\r\n]/g, (character) => ({ '"': '%22', '\r': '%0D', '\n': '%0A' })[character] ?? character);
}

async function open(parts: readonly Part[], boundary: string): ReturnType<StreamedBody['open']> {
  const end = `--${boundary}--\r\n`;
  let length: number | null = Buffer.byteLength(end);
  for (const { head, text, path } of parts) {
    const size: number | null = path === null ? Buffer.byteLength(text ?? '') : await sizeOf(path);
    length = length === null || size === null ? null : length + Buffer.byteLength(head) + size + 2;
  }
  return { length, chunks: chunksOf(parts, end) };
}

async function* chunksOf(parts: readonly Part[], end: string): AsyncGenerator<Uint8Array> {
  for (const { head, text, path } of parts) {
    yield Buffer.from(head + (text ?? ''));
    if (path !== null) yield* fileChunks(path);
    yield Buffer.from('\r\n');
  }
  yield Buffer.from(end);
}

/** In bytes; null for what has no size, such as a pipe. */
async function sizeOf(path: string): Promise<number | null> {
  try {
    const about = await stat(path);
    if (about.isDirectory()) throw new Failure('input', `cannot read ${path.slice(0, 200)}: it is a directory`);
    return about.isFile() ? about.size : null;
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function* fileChunks(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const reason = readFault(error as NodeJS.ErrnoException);
  return new Failure('input', `cannot read ${path.slice(0, 200)}: ${reason}`, { cause: error });
}
