import { inMarkup, percentEncoded } from '../input/escapes.ts';
import { compileJson } from '../input/json-template.ts';
import type { Content } from '../input/request-defaults.ts';
import { compileTemplate, type Escape, type Template, type TemplateScope } from '../input/template.ts';
import { privateIfSecret } from './private-body.ts';
import type { DataPart, JoinedData } from './request-data.ts';
import type { Templates } from './templates.ts';
import { UsageError } from './values.ts';

export type BodyOptions = {
  /** What the request says that its body is; undefined when it does not. */
  contentType: string | undefined;
  templates: Templates;
};

/** The data as each line's body. Values are escaped for what the body is: form data, JSON, XML; in anything else they are as they are. */
export function bodyOf({ parts }: JoinedData, { contentType = '', templates }: BodyOptions) {
  return privateIfSecret(templates, () =>
    joinedBody(parts.map((part) => compilePart(part, { contentType, templates }))),
  );
}

function joinedBody(compiled: readonly (Buffer | Template)[]): (scope: TemplateScope) => Content {
  const [only, ...others] = compiled;
  if (Buffer.isBuffer(only) && others.length === 0) {
    const same = { body: only };
    return () => same;
  }
  if (only && !Buffer.isBuffer(only) && others.length === 0) return (scope) => ({ body: only.render(scope) });
  const bytesOf = (scope: TemplateScope) =>
    compiled.map((part) => (Buffer.isBuffer(part) ? part : Buffer.from(part.render(scope))));
  return (scope) => ({ body: Buffer.concat(bytesOf(scope)) });
}

/** The data as a query (`-G`): every value is percent-encoded. */
export function queryOf({ parts }: JoinedData, { templates }: Pick<BodyOptions, 'templates'>) {
  const compiled = parts.map((part) => compilePart(part, { contentType: form, templates }));
  return (scope: TemplateScope): string =>
    compiled.map((part) => (Buffer.isBuffer(part) ? part.toString() : part.render(scope))).join('');
}

const form = 'application/x-www-form-urlencoded';

function compilePart(
  part: DataPart,
  { contentType, templates }: { contentType: string; templates: Templates },
): Buffer | Template {
  if (Buffer.isBuffer(part)) return part;
  const { flag, text, isPlain } = part;
  if (isPlain) {
    const encoded = { text: percentEncoded, escapeAt: () => percentEncoded };
    return templates.compile(`--${flag}`, (options) => compileTemplate(text, { ...options, ...encoded }));
  }
  if (/[/+]json\b/i.test(contentType)) {
    checkJson(flag, text);
    return templates.compile(`--${flag}`, (options) => compileJson(text, options));
  }
  const escaped = escapeFor(contentType);
  return templates.compile(`--${flag}`, (options) => compileTemplate(text, { ...options, escapeAt: () => escaped }));
}

function escapeFor(contentType: string): Escape {
  if (contentType.startsWith(form)) return percentEncoded;
  return /[/+](?:xml|html)\b/i.test(contentType) ? inMarkup : (text) => text;
}

/** Only JSON tells where a value stands. */
function checkJson(flag: string, text: string): void {
  try {
    JSON.parse(text);
  } catch {
    throw new UsageError(
      `--${flag}: the content-type says JSON, but this is none before its values are put in (a template stands in quotes: "{{n}}" alone in a string keeps its type)`,
    );
  }
}
