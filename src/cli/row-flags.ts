import * as Flags from '@oclif/core/flags';
import { bodyModes } from '../http/body.ts';
import { type Include, includes } from '../output/row.ts';
import { parseStatuses } from './statuses.ts';
import { parseSize, UsageError } from './values.ts';

const helpGroup = 'ROW';

/** What rows of fetch show, and which of them are ok. */
export const rowFlags = {
  include: Flags.custom<ReturnType<typeof parseIncludes>>({
    parse: async (text) => parseIncludes(text),
    multiple: true,
    multipleNonGreedy: true,
    helpGroup,
    helpValue: 'LIST',
    summary: 'More fields in each row: headers,timings,attempts,input,request.',
  })(),
  body: Flags.option({
    options: bodyModes,
    default: 'auto',
    helpGroup,
    summary: 'The body in the row. Default auto: JSON and text as such, the rest base64.',
  })(),
  'output-format': Flags.option({
    options: ['rows', 'openai-batch'] as const,
    default: 'rows',
    helpGroup,
    summary: "What is written, with -o too: rows, or lines as in the output files of OpenAI's Batch API. Default rows.",
  })(),
  'max-body': Flags.custom<number>({
    parse: async (text) => parseSize(text),
    default: 10 * 1024 ** 2,
    defaultHelp: async () => '10MiB',
    helpGroup,
    helpValue: '10MiB',
    summary: 'A larger body, decompressed, is a failed row.',
  })(),
  'ok-status': Flags.custom<(status: number) => boolean>({
    parse: async (text) => parseStatuses(text),
    default: async () => parseStatuses('200-399'),
    defaultHelp: async () => '200-399',
    helpGroup,
    helpValue: 'LIST',
    summary: 'Statuses that count as ok, such as 2xx,404.',
  })(),
};

/** `headers,timings`: what rows are to show beyond their usual fields. */
export function parseIncludes(text: string): ReadonlySet<Include> {
  const words = text.split(',').map((word) => {
    const include = includes.find((one) => one === word.trim());
    if (!include) throw new UsageError(`expected some of ${includes.join(', ')}, got \`${word}\``);
    return include;
  });
  return new Set(words);
}

export type FormatFlags = {
  'output-format': 'rows' | 'openai-batch';
  include?: unknown;
  query?: string | undefined;
  merge?: string | undefined;
  body?: string;
};

/** Whether Batch lines are written; their form is given, so nothing that would change it may be asked for. */
export function writesBatch(flags: FormatFlags): boolean {
  if (flags['output-format'] === 'rows') return false;
  const [other] = (['include', 'query', 'merge'] as const).filter((name) => flags[name] !== undefined);
  if (other !== undefined)
    throw new UsageError(`--${other}: Batch lines have no room for it; leave it out, or --output-format`);
  if (flags.body !== undefined && flags.body !== 'auto')
    throw new UsageError('--body: Batch lines have the body as it came; leave it out, or --output-format');
  return true;
}
