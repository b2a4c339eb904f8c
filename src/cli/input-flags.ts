import * as Flags from '@oclif/core/flags';
import type { LabelTemplates } from '../input/fetch-jobs.ts';
import { inputFormats } from '../input/source.ts';
import { compileTemplate, type Template } from '../input/template.ts';
import type { Templates } from './templates.ts';
import { parseSize } from './values.ts';

const helpGroup = 'INPUT';

/** Where lines come from and what they are: the same in every command that reads them. */
export const inputFlags = {
  input: Flags.string({
    char: 'i',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup,
    helpValue: 'FILE',
    summary: 'Read lines from FILE; - is stdin. Repeatable.',
  }),
  format: Flags.option({
    options: inputFormats,
    default: 'auto',
    helpGroup,
    summary:
      'What the input is; csv and tsv have a header row. Default auto: by the file ending, then by the first line; a record begins with {.',
  })(),
  id: Flags.string({
    helpGroup,
    helpValue: 'TEMPLATE',
    summary: 'What each job is called, such as {{id}}-{{date}}. Default: the id or custom_id of its record.',
  }),
  var: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpGroup,
    helpValue: 'NAME=VALUE',
    summary: 'What {{NAME}} stands for in templates, whatever a record says. Repeatable.',
  }),
  'max-line': Flags.custom<number>({
    parse: async (text) => parseSize(text),
    default: 16 * 1024 ** 2,
    defaultHelp: async () => '16MiB',
    helpGroup,
    helpValue: '16MiB',
    summary: 'A longer line is a failed row.',
  })(),
};

/** What each job is called and belongs to: one template for each of its labels. */
export function labelTemplates(
  flags: { id?: string | undefined; lane?: string | undefined },
  templates: Templates,
): LabelTemplates {
  return { id: idTemplate(flags, templates), lane: laneTemplate(flags, templates) };
}

/** What names jobs, or null where their records do. */
function idTemplate({ id }: { id?: string | undefined }, templates: Templates): Template | null {
  return id === undefined ? null : templates.compile('--id', (options) => compileTemplate(id, options));
}

/** What names the lanes of jobs, or null where it is their host. */
function laneTemplate({ lane }: { lane?: string | undefined }, templates: Templates): Template | null {
  return lane === undefined ? null : templates.compile('--lane', (options) => compileTemplate(lane, options));
}
