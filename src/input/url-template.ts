import { Failure } from '../record/failure.ts';
import { inUrl } from './escapes.ts';
import { compileTemplate, type Template, type TemplateOptions } from './template.ts';
import { partsOf } from './template-parts.ts';

/** A segment that a URL parser would take away, or go up a level for. */
const dotSegment = /^[^?#]*\/\.{1,2}(?:[/?#]|$)/;
/** Values (as NUL) that make up a segment with dots or with one another. Those that are alone in theirs have an escape that looks. */
const doubtfulSegment = /\/(?=\.*\0)[.\0]{2,}(?:[/?#]|$)/;

/** The template of a URL: each value encoded for its place, and none may lead the path elsewhere. */
export function compileUrl(source: string, options: Pick<TemplateOptions, 'env' | 'variables'>): Template {
  const template = compileTemplate(source, { ...options, escapeAt: inUrl });
  const parts = partsOf(source);
  const outline = parts.map((part) => (typeof part === 'string' ? part : '\0')).join('');
  const isRaw = parts.some((part) => typeof part === 'object' && part.isRaw);
  if (isRaw || !doubtfulSegment.test(outline) || dotSegment.test(outline)) return template;
  return {
    ...template,
    render(scope) {
      const url = template.render(scope);
      if (!dotSegment.test(url)) return url;
      throw new Failure('template', 'the values make a part of the path that is only dots, which is another path');
    },
  };
}
