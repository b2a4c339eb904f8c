import { type Include, includes } from '../output/row.ts';
import { UsageError } from './values.ts';

/** `headers,timings`: what rows are to show beyond their usual fields. */
export function parseIncludes(text: string): ReadonlySet<Include> {
  const words = text.split(',').map((word) => {
    const include = includes.find((one) => one === word.trim());
    if (!include) throw new UsageError(`expected some of ${includes.join(', ')}, got \`${word}\``);
    return include;
  });
  return new Set(words);
}
