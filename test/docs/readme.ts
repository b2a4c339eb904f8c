import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/places.ts';

/** A fenced block, with the comment (`<!-- run -->`) that stands before it, if any. */
export type Block = {
  readonly mark: string | null;
  readonly language: string;
  readonly text: string;
  /** Where it begins in the file, from 1. */
  readonly line: number;
};

/** Something to run, and what the README says that it prints: stdout, then stderr. */
export type Example = { readonly script: Block; readonly printed: readonly string[] };

export const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');

export const blocks: readonly Block[] = [...readme.matchAll(/(?:^<!-- (\w+) -->\n)?^```(\w+)\n(.*?)^```$/gms)].map(
  ({ 1: mark, 2: language = '', 3: text = '', index }) => ({
    mark: mark ?? null,
    language,
    text,
    line: readme.slice(0, index).split('\n').length,
  }),
);

/** The blocks marked `run`, each with the `text` block that follows it. */
export const examples: readonly Example[] = blocks.flatMap((script, at) => {
  if (script.mark !== 'run') return [];
  const next = blocks[at + 1];
  if (next?.language !== 'text') throw new Error(`README.md:${script.line}: an example without its output`);
  return [{ script, printed: linesOf(next.text) }];
});

/** The text of a section, down to the next heading of its level. */
export function section(title: string): string {
  const [, text] = readme.split(`\n## ${title}\n`);
  if (text === undefined) throw new Error(`README.md has no section ${title}`);
  return text.split('\n## ')[0] ?? '';
}

/** The rows of the first table in a text, cells trimmed and without back-ticks. */
export function tableIn(text: string): string[][] {
  const [table = ''] = /^\|.*\|\n\|( *-+ *\|)+\n(\|.*\n)+/m.exec(text) ?? [];
  return linesOf(table)
    .slice(2)
    .map((row) =>
      row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** What is not the same in each run: times, and how often a limited server refuses. */
const varyingLine = /^│ (latency|time|attempts|bytes) /;
const varyingFields = /(?<="duration_ms":)[\d.]+|(?<="timestamp":)"[^"]*"/g;

/** Two lines that tell the same have the same form: what varies is gone, and the widths that hang on it. */
function formOf(line: string): string {
  const told = varyingLine.test(line) ? line.replaceAll(/\d[\d.,]*( ?(ms|s|B|kB|MB))?/g, '#') : line;
  return told.replaceAll(varyingFields, '#').replaceAll(/─+/g, '─').replaceAll(/ +/g, ' ');
}

/** Whether a line is the one that the README shows, in which `…` is anything. */
export function isShownAs(shown: string, line: string): boolean {
  const parts = formOf(shown)
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(formOf(line));
}
