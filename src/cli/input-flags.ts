import * as Flags from '@oclif/core/flags';
import { inputFormats } from '../input/fetch-jobs.ts';
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
    summary: 'What lines are. Default auto: by the file ending, then by the line: a record begins with {.',
  })(),
  'max-line': Flags.custom<number>({
    parse: async (text) => parseSize(text),
    default: 16 * 1024 ** 2,
    defaultHelp: async () => '16MiB',
    helpGroup,
    helpValue: '16MiB',
    summary: 'A longer line is a failed row.',
  })(),
};
