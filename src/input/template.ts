import { Failure } from '../record/failure.ts';
import { exactJson, rawText } from '../record/json.ts';
import type { InputRecord } from './records.ts';
import { type Field, partsOf } from './template-parts.ts';

/** What the names of a template stand for, in one line of input. */
export type TemplateScope = {
  /** The place among the lines read, from 0. */
  readonly index: number;
  /** The line as it is written; of a table's row the same. */
  readonly line: string;
  /** Its fields come before `line` and `index`; null when the line is no record. */
  readonly record: InputRecord | null;
};

/** Makes a value's text fit for the place it stands in; throws a Failure when it cannot stand there. */
export type Escape = (text: string) => string;

export type Template = {
  /**
   * The text with each `{{name}}` replaced by the line's value: strings as they are, numbers as they were written,
   * objects and lists as JSON. All but `{{name|raw}}` are escaped. Throws a Failure `template` for a field that is
   * missing or null, which names it and says what there is.
   */
  render(scope: TemplateScope): string;
  /** Whether every line gives the same text. */
  readonly isFixed: boolean;
  /** The fields of a record that it asks for, the outermost names only. */
  readonly fields: readonly string[];
  /** What it takes from the environment: no output may show that. */
  readonly secrets: readonly string[];
};

export type TemplateOptions = {
  /** What `{{env.NAME}}` stands for; null where a template may not ask: those that come with the input. */
  env: Readonly<Record<string, string | undefined>> | null;
  /** What the command line gives names to. It has the last word: no record may change what was typed there. */
  variables?: ReadonlyMap<string, string>;
  /** What becomes of the text between the names. */
  text?: (text: string) => string;
  /** How values are escaped at this place, given the template's text before it (names in it as NUL) and behind it. */
  escapeAt?: (name: string, before: string, behind: string) => Escape;
};

type Part = string | { readonly field: Field; readonly escaped: Escape };

/** Reads a template once, for every line. Throws a Failure `template` when it is not one: that is found before anything is sent. */
export function compileTemplate(source: string, options: TemplateOptions): Template {
  const { env, variables, text = asItIs, escapeAt } = options;
  const given = partsOf(source);
  const secrets: string[] = [];
  const parts: Part[] = [];
  let before = '';
  const add = (part: Part) => {
    const last = parts.at(-1);
    if (typeof part === 'string' && typeof last === 'string') parts[parts.length - 1] = last + part;
    else if (part !== '') parts.push(part);
  };
  for (const [at, part] of given.entries()) {
    if (typeof part === 'string') {
      before += part;
      add(text(part));
      continue;
    }
    const { name, path, isRaw } = part;
    const behind = given.slice(at + 1).map((one) => (typeof one === 'string' ? one : '\0'));
    const escaped = isRaw ? asItIs : (escapeAt?.(name, before, behind.join('')) ?? asItIs);
    before += '\0';
    const variable = variables?.get(name);
    if (variable !== undefined) add(escaped(variable));
    else if (path[0] === 'env' && path.length > 1) {
      const value = fromEnvironment(part, env);
      secrets.push(value);
      add(escaped(value));
    } else add({ field: part, escaped });
  }
  const open = parts.flatMap((part) => (typeof part === 'string' ? [] : [part.field]));
  return {
    isFixed: open.length === 0,
    fields: open.map(({ path }) => path[0] ?? '').filter((name) => name !== 'line' && name !== 'index'),
    secrets,
    render(scope) {
      let rendered = '';
      for (const part of parts) {
        rendered += typeof part === 'string' ? part : part.escaped(textOf(part.field, scope));
      }
      return rendered;
    },
  };
}

/** The value that a field has in a line, as `parseExactJson` gave it. A Failure `template` when there is none; null is one. */
export function lookUp(field: Field, { record, line, index }: TemplateScope): unknown {
  const { name, path } = field;
  // A column may be called `address.city`.
  if (record !== null && Object.hasOwn(record, name)) return record[name];
  const [first = ''] = path;
  if (path.length === 1) {
    if (first === 'line') return line;
    if (first === 'index') return index;
  }
  if (record === null) throw missing(field, 'the line is no record, so there are only {{line}} and {{index}}');
  let value: unknown = record;
  for (const [depth, step] of path.entries()) {
    if (!hasStep(value, step)) {
      const place = depth === 0 ? 'the record' : `\`${path.slice(0, depth).join('.')}\``;
      throw missing(field, `${place} has no \`${step}\`; ${contentOf(value)}`);
    }
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

const asItIs: Escape = (text) => text;

function fromEnvironment({ name, path }: Field, env: TemplateOptions['env']): string {
  const variable = path.slice(1).join('.');
  if (!env) throw new Failure('template', `{{${name}}}: the environment may be asked by flags only, not by the input`);
  const value = Object.hasOwn(env, variable) ? env[variable] : undefined;
  if (value === undefined)
    throw new Failure('template', `{{${name}}}: the environment variable ${variable} is not set`);
  return value;
}

function textOf(field: Field, scope: TemplateScope): string {
  const value = lookUp(field, scope);
  if (typeof value === 'string') return value;
  if (value === null) throw missing(field, 'it is null');
  return rawText(value) ?? exactJson(value);
}

/** Own properties of objects, elements of lists by their number; nothing that a value merely inherits. */
function hasStep(value: unknown, step: string): boolean {
  if (typeof value !== 'object' || value === null || rawText(value) !== null) return false;
  if (Array.isArray(value)) return /^\d+$/.test(step) && Object.hasOwn(value, step);
  return Object.hasOwn(value, step);
}

function missing({ name }: Field, reason: string): Failure {
  return new Failure('template', `{{${name}}}: ${reason}`);
}

/** More names than this help nobody. */
const namesShown = 20;

function contentOf(value: unknown): string {
  if (Array.isArray(value)) return `it is a list of ${value.length}`;
  if (value === null) return 'it is null';
  if (typeof value !== 'object' || rawText(value) !== null)
    return `it is a ${typeof value === 'object' ? 'number' : typeof value}`;
  const names = Object.keys(value);
  if (names.length === 0) return 'it is empty';
  const shown = names.slice(0, namesShown).map((name) => name.slice(0, 40));
  const more = names.length - shown.length;
  return `it has ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
