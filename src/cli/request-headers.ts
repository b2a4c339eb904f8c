import type { Headers, LineHeader } from '../input/request-defaults.ts';
import { compileTemplate } from '../input/template.ts';
import { checkHeader } from '../record/request.ts';
import { sayable } from './sayable.ts';
import { readWhole } from './sources.ts';
import type { Templates } from './templates.ts';
import { UsageError } from './values.ts';

/** The lines of all -H, those of @FILE in its place. */
export async function headerLines(given: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  for (const header of given) {
    if (!header.startsWith('@')) lines.push(header);
    else
      lines.push(
        ...(await readWhole('--header', header.slice(1)))
          .toString('utf8')
          .split(/\r?\n/)
          .filter((line) => line.trim() !== ''),
      );
  }
  return lines;
}

/** `Name: value` sets, `Name;` sets to nothing, `Name:` takes away: as curl does. Returns the name in lower case. */
export function applyHeader(headers: Map<string, string>, line: string): string {
  const [, name, mark, content] = /^([^:;]+)([:;])(.*)$/s.exec(line) ?? [];
  // What was given is not shown: half of it may be a token.
  if (name === undefined || (mark === ';' && content?.trim())) throw new UsageError("--header: expected 'NAME: VALUE'");
  const lower = sayable('--header', () => checkHeader(name.trim(), ''));
  if (mark === ':' && content?.trim() === '') headers.delete(lower);
  else headers.set(lower, content?.trim() ?? '');
  return lower;
}

/** Cookies and the referer may be templates like what -H gives; names and credentials of other flags are none. */
const maybeTemplates: ReadonlySet<string> = new Set(['cookie', 'referer']);

/** The headers that are the same for every line, checked, and those that are not. */
export function checkedHeaders(
  headers: ReadonlyMap<string, string>,
  { given, templates }: { given: ReadonlySet<string>; templates: Templates },
): { fixed: Headers; lineHeaders: LineHeader[] } {
  const fixed: [string, string][] = [];
  const lineHeaders: LineHeader[] = [];
  for (const [name, content] of headers) {
    const isTemplate = content.includes('{{') && (given.has(name) || maybeTemplates.has(name));
    if (!isTemplate) {
      fixed.push([name, content]);
      continue;
    }
    const flag = given.has(name) ? '--header' : `--${name}`;
    const value = templates.compile(flag, (options) => compileTemplate(content, options));
    if (value.isFixed) fixed.push([name, value.render({ index: 0, line: '', record: null }).trim()]);
    else lineHeaders.push({ name, value });
  }
  for (const [name, content] of fixed) sayable('--header', () => checkHeader(name, content));
  return { fixed, lineHeaders };
}
