import { Failure } from '../record/failure.ts';
import { exactJson, rawText } from '../record/json.ts';
import type { InputRecord } from './records.ts';

/** What the names of a template stand for, in one line of input. */
export type TemplateScope = {
  /** The place among the lines read, from 0. */
  readonly index: number;
  /** The line as it is written. */
  readonly line: string;
  /** Its fields come before `line` and `index`; null when the line is no record. */
  readonly record: InputRecord | null;
};

/** Makes a value's text fit for the place it stands in; throws a Failure when it cannot stand there. */
export type Escape = (text: string) => string;

export type Template = {
  /**
   * The text with each `{{name}}` replaced by the line's value: strings as they are, numbers as they were written,
   * objects and lists as JSON. All but `{{name|raw}}` pass through `escapeText`. Throws a Failure `template` for a field
   * that is missing or null, which names it and says what there is.
   */
  render(scope: TemplateScope, escapeText?: Escape): string;
};

export type TemplateOptions = {
  /** What `{{env.NAME}}` stands for; null where a template may not ask: those that come with the input. */
  env: Readonly<Record<string, string | undefined>> | null;
};

/** A piece of a template: text as it is, or a name to look up. */
type Part = string | Field;
type Field = { readonly name: string; readonly path: readonly string[]; readonly isRaw: boolean };

/** Reads a template once, for every line. Throws a Failure `template` when it is not one: that is found before anything is sent. */
export function compileTemplate(source: string, { env }: TemplateOptions): Template {
  const parts = partsOf(source).map((part): Part | { fixed: Field; text: string } => {
    if (typeof part === 'string' || part.path[0] !== 'env' || part.path.length === 1) return part;
    return { fixed: part, text: fromEnvironment(part, env) };
  });
  return {
    render(scope, escapeText = asItIs) {
      let text = '';
      for (const part of parts) {
        if (typeof part === 'string') text += part;
        else if ('fixed' in part) text += part.fixed.isRaw ? part.text : escapeText(part.text);
        else text += part.isRaw ? textOf(part, scope) : escapeText(textOf(part, scope));
      }
      return text;
    },
  };
}

const asItIs: Escape = (text) => text;

function partsOf(source: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (let open = source.indexOf('{{'); open !== -1; open = source.indexOf('{{', from)) {
    const close = source.indexOf('}}', open);
    if (close === -1) throw new Failure('template', `{{ without its }}: \`${source.slice(open, open + 40)}\``);
    if (open > from) parts.push(source.slice(from, open));
    parts.push(fieldIn(source.slice(open + 2, close)));
    from = close + 2;
  }
  if (from < source.length) parts.push(source.slice(from));
  return parts;
}

function fieldIn(content: string): Field {
  const [name = '', ...filters] = content.split('|').map((word) => word.trim());
  const path = name.split('.').map((step) => step.trim());
  if (/[{}]/.test(name) || path.includes('')) {
    throw new Failure('template', `expected a field's name such as {{name}} or {{a.b}}, got \`{{${content}}}\``);
  }
  const wrong = filters.find((filter) => filter !== 'raw');
  if (wrong !== undefined) {
    throw new Failure('template', `{{${content}}}: there is no \`${wrong}\`; what may follow a name is |raw`);
  }
  return { name, path, isRaw: filters.length > 0 };
}

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
  return rawText(value) ?? exactJson(value);
}

function lookUp(field: Field, { record, line, index }: TemplateScope): unknown {
  const [first = ''] = field.path;
  const isOwn = record !== null && Object.hasOwn(record, first);
  if (!isOwn && field.path.length === 1 && first === 'line') return line;
  if (!isOwn && field.path.length === 1 && first === 'index') return index;
  if (record === null) throw missing(field, 'the line is no record, so there are only {{line}} and {{index}}');
  let value: unknown = record;
  for (const [depth, step] of field.path.entries()) {
    if (!hasStep(value, step)) {
      const place = depth === 0 ? 'the record' : `\`${field.path.slice(0, depth).join('.')}\``;
      throw missing(field, `${place} has no \`${step}\`; ${contentOf(value)}`);
    }
    value = (value as Record<string, unknown>)[step];
  }
  if (value === null) throw missing(field, 'it is null');
  return value;
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
