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
