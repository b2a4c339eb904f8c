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

/** What the request carries so far: each name in lower case, with its values. */
export type HeaderValues = Map<string, string[]>;

/**
 * `Name: value` sets, and adds to what -H has set before (`given`); `Name;` sets to nothing, `Name:` takes away: as curl
 * does.
 */
export function applyHeader(headers: HeaderValues, given: Set<string>, line: string): void {
  const [, name, mark, content] = /^([^:;]+)([:;])(.*)$/s.exec(line) ?? [];
  // What was given is not shown: half of it may be a token.
  if (name === undefined || (mark === ';' && content?.trim())) throw new UsageError("--header: expected 'NAME: VALUE'");
  const lower = sayable('--header', () => checkHeader(name.trim(), ''));
  const value = content?.trim() ?? '';
  if (mark === ':' && value === '') headers.delete(lower);
  else headers.set(lower, given.has(lower) ? [...(headers.get(lower) ?? []), value] : [value]);
  given.add(lower);
}

/** Cookies and the referer may be templates like what -H gives; names and credentials of other flags are none. */
const maybeTemplates: ReadonlySet<string> = new Set(['cookie', 'referer']);

/** The headers that are the same for every line, checked, and those that are not. */
export function checkedHeaders(
  headers: HeaderValues,
  { given, templates }: { given: ReadonlySet<string>; templates: Templates },
): { fixed: Headers; lineHeaders: LineHeader[] } {
  const fixed: [string, string][] = [];
  const lineHeaders: LineHeader[] = [];
  for (const [name, values] of headers) {
    const mayBeTemplates = given.has(name) || maybeTemplates.has(name);
    if (!mayBeTemplates || !values.some((value) => value.includes('{{'))) {
      for (const value of values) fixed.push([name, value]);
      continue;
    }
    const flag = given.has(name) ? '--header' : `--${name}`;
    const compiled = values.map((value) => templates.compile(flag, (options) => compileTemplate(value, options)));
    // A line's own headers stand for all of that name, so those that are the same for every line are among them.
    if (!compiled.every(({ isFixed }) => isFixed)) lineHeaders.push(...compiled.map((value) => ({ name, value })));
    else fixed.push(...compiled.map((value): [string, string] => [name, value.render(nowhere).trim()]));
  }
  for (const [name, content] of fixed) sayable('--header', () => checkHeader(name, content));
  return { fixed, lineHeaders };
}

const nowhere = { index: 0, line: '', record: null };
