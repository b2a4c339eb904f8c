import { Failure } from '../record/failure.ts';
import { exactJson } from '../record/json.ts';
import { inJsonString } from './escapes.ts';
import { compileTemplate, lookUp, type Template, type TemplateOptions } from './template.ts';
import { type Field, partsOf } from './template-parts.ts';

const string = /"(?:[^"\\]|\\.)*"/gs;

type Piece = string | Pick<Template, 'render'>;

/**
 * JSON text with templates in its strings, all else as it is written. A string that is only `{{name}}` becomes the value
 * with its type, digits and all; `{{name|raw}}` becomes the value's own text, which must be JSON. In other strings, and in
 * names, values are text. The text must be JSON before: `{{name}}` stands in quotes.
 */
export function compileJson(source: string, options: TemplateOptions): Template {
  const inString = { ...options, text: inJsonString, escapeAt: () => inJsonString };
  const pieces: Piece[] = [];
  const templates: Template[] = [];
  let from = 0;
  for (const { 0: token, index } of source.matchAll(string)) {
    const end = index + token.length;
    const text = JSON.parse(token) as string;
    if (!text.includes('{{')) continue;
    pieces.push(source.slice(from, index));
    from = end;
    const template = compileTemplate(text, inString);
    templates.push(template);
    const [field, ...others] = partsOf(text);
    const isName = /^\s*:/.test(source.slice(end));
    const isValue = typeof field === 'object' && others.length === 0 && !isName;
    if (isValue && !template.isFixed && !field.isRaw)
      pieces.push({ render: (scope) => exactJson(lookUp(field, scope)) });
    else if (isValue && field.isRaw) pieces.push(checkedJson(field, template));
    else if (text.includes('|')) pieces.push(checkedString(template));
    else pieces.push('"', template, '"');
  }
  pieces.push(source.slice(from));
  return {
    isFixed: templates.every(({ isFixed }) => isFixed),
    fields: templates.flatMap(({ fields }) => fields),
    secrets: templates.flatMap(({ secrets }) => secrets),
    render(scope) {
      let text = '';
      for (const piece of pieces) text += typeof piece === 'string' ? piece : piece.render(scope);
      return text;
    },
  };
}

/** A value that is to be JSON as it is: a cell of a table has numbers as text. */
function checkedJson({ name }: Field, template: Template): Pick<Template, 'render'> {
  return {
    render: (scope) => checked(template.render(scope), `{{${name}|raw}}: the value is no JSON`),
  };
}

/** A string that may hold a value as it is. */
function checkedString(template: Template): Pick<Template, 'render'> {
  return {
    render: (scope) => checked(`"${template.render(scope)}"`, 'a value with |raw leaves its string'),
  };
}

function checked(text: string, fault: string): string {
  try {
    JSON.parse(text);
  } catch {
    throw new Failure('template', fault);
  }
  return text;
}
