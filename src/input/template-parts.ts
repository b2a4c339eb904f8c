import { Failure } from '../record/failure.ts';

/** A name between braces. */
export type Field = { readonly name: string; readonly path: readonly string[]; readonly isRaw: boolean };

/** The pieces of a template in order: text as it is, and names. `{{'{{'}}` is the text `{{`. */
export function partsOf(source: string): (string | Field)[] {
  const parts: (string | Field)[] = [];
  let from = 0;
  for (let open = source.indexOf('{{'); open !== -1; open = source.indexOf('{{', from)) {
    if (open > from) parts.push(source.slice(from, open));
    const literal = literalAt(source, open);
    if (literal) {
      parts.push(literal.text);
      from = literal.end;
      continue;
    }
    const close = source.indexOf('}}', open);
    if (close === -1) {
      throw new Failure(
        'template',
        `{{ without its }}: \`${source.slice(open, open + 40)}\` (for the two braces themselves write {{'{{'}})`,
      );
    }
    parts.push(fieldIn(source.slice(open + 2, close)));
    from = close + 2;
  }
  if (from < source.length) parts.push(source.slice(from));
  return parts;
}

const literal = /\{\{\s*(?:'([^']*)'|"([^"]*)")\s*\}\}/y;

function literalAt(source: string, at: number): { text: string; end: number } | null {
  literal.lastIndex = at;
  const [, single, double] = literal.exec(source) ?? [];
  const text = single ?? double;
  return text === undefined ? null : { text, end: literal.lastIndex };
}

function fieldIn(content: string): Field {
  const [name = '', ...filters] = content.split('|').map((word) => word.trim());
  const path = name.split('.').map((step) => step.trim());
  if (/[{}]/.test(name) || path.includes('')) {
    throw new Failure(
      'template',
      `expected a field's name such as {{name}} or {{a.b}}, got \`{{${content}}}\` (for the two braces themselves write {{'{{'}})`,
    );
  }
  const wrong = filters.find((filter) => filter !== 'raw');
  if (wrong !== undefined) {
    throw new Failure('template', `{{${content}}}: there is no \`${wrong}\`; what may follow a name is |raw`);
  }
  return { name, path, isRaw: filters.length > 0 };
}
