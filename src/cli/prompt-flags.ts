import * as Flags from '@oclif/core/flags';
import type { PromptDefaults } from '../input/messages.ts';
import { compileTemplate, type Template } from '../input/template.ts';
import { type PromptInclude, promptIncludes } from '../output/prompt-row.ts';
import { labelTemplates } from './input-flags.ts';
import { readWhole } from './sources.ts';
import type { Templates } from './templates.ts';
import { parseDuration, UsageError } from './values.ts';

/** What is asked, and what its row shows. */
export const promptFlags = {
  template: Flags.string({
    helpGroup: 'PROMPT',
    helpValue: 'TEXT|@FILE',
    summary: "Makes the prompt of each line: 'Summarise: {{body}}', {{a.b}}, {{line}}, {{index}}, {{env.NAME}}.",
  }),
  system: Flags.string({
    helpGroup: 'PROMPT',
    helpValue: 'TEXT|@FILE',
    summary: 'System message before each prompt that brings none; a template too.',
  }),
  timeout: Flags.custom<number>({
    parse: async (text) => parseDuration(text),
    default: 600_000,
    defaultHelp: async () => '10m',
    helpGroup: 'FLOW',
    helpValue: '10m',
    summary: 'One attempt, from its slot to its last byte; 0 is none.',
  })(),
  'idle-timeout': Flags.custom<number>({
    parse: async (text) => parseDuration(text),
    default: 60_000,
    defaultHelp: async () => '60s',
    helpGroup: 'FLOW',
    helpValue: '60s',
    summary: 'Longest silence between two bytes of an answer; 0 is none. The first may take as long as --timeout.',
  })(),
  stream: Flags.boolean({
    helpGroup: 'ROW',
    summary: 'Rows of type delta as text comes, for all prompts at once, and a row of type result for each at its end.',
  }),
  text: Flags.boolean({
    allowNo: true,
    helpGroup: 'ROW',
    summary:
      'Bare text on stdout, one whole answer after another, in input order. Default: for one prompt on a terminal, as it comes.',
  }),
  schema: Flags.string({
    helpGroup: 'PROMPT',
    helpValue: 'FILE',
    summary: 'JSON Schema of the answers: asked for where the provider can, checked always. Rows have json.',
  }),
  include: Flags.custom<ReadonlySet<PromptInclude>>({
    parse: async (text) => parseIncludes(text),
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'ROW',
    helpValue: 'LIST',
    summary: `More fields in each row: ${promptIncludes.join()}.`,
  })(),
};

export type PromptFlags = {
  template?: string | undefined;
  system?: string | undefined;
  lane?: string | undefined;
  id?: string | undefined;
};

/** How prompts are made of lines. Wrong usage when a template is none. */
export async function promptDefaults(flags: PromptFlags, templates: Templates): Promise<PromptDefaults> {
  return {
    template: await templateOf('--template', flags.template, templates),
    system: await templateOf('--system', flags.system, templates),
    ...labelTemplates(flags, templates),
  };
}

async function templateOf(flag: string, given: string | undefined, templates: Templates): Promise<Template | null> {
  if (given === undefined) return null;
  // Editors end a file with a line end that nobody means.
  const text = given.startsWith('@')
    ? new TextDecoder().decode(await readWhole(flag, given.slice(1))).replace(/\r?\n$/, '')
    : given;
  return templates.compile(flag, (options) => compileTemplate(text, options));
}

/** `timings,input`: what rows are to show beyond their usual fields. */
function parseIncludes(text: string): ReadonlySet<PromptInclude> {
  const words = text.split(',').map((word) => {
    const include = promptIncludes.find((one) => one === word.trim());
    if (!include) throw new UsageError(`expected some of ${promptIncludes.join(', ')}, got \`${word}\``);
    return include;
  });
  return new Set(words);
}
