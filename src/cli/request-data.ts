import { Buffer } from 'node:buffer';
import { formType } from '../input/drafts.ts';
import { jsonFault } from '../record/json.ts';
import { readWhole } from './sources.ts';
import { UsageError } from './values.ts';

const dataFlagNames = ['data', 'data-binary', 'data-urlencode', 'json'] as const;
/** One data flag as it was given. */
export type DataFlag = { readonly flag: (typeof dataFlagNames)[number]; readonly input: string };

export type JoinedData = { readonly content: Buffer; readonly contentType: string; readonly isJson: boolean };

/** The data flags among oclif's raw tokens, in the order in which they were given: it matters, and oclif forgets it. */
export function dataFlagsOf(raw: readonly { type: string; flag?: string; input: string }[]): DataFlag[] {
  return raw.flatMap(({ type, flag, input }) => {
    const name = dataFlagNames.find((one) => one === flag);
    return type === 'flag' && name ? [{ flag: name, input }] : [];
  });
}

/** The body that the data flags make together, as curl joins them: by `&`, JSON by nothing. Null without any. */
export async function joinData(flags: readonly DataFlag[]): Promise<JoinedData | null> {
  if (flags.length === 0) return null;
  const isJson = flags.some(({ flag }) => flag === 'json');
  if (isJson && flags.some(({ flag }) => flag !== 'json'))
    throw new UsageError('--json: it cannot be joined with other data');
  const parts: Buffer[] = [];
  for (const { flag, input } of flags) {
    if (parts.length > 0 && !isJson) parts.push(Buffer.from('&'));
    parts.push(await partOf(flag, input));
  }
  const content = Buffer.concat(parts);
  if (isJson) checkJson(content.toString('utf8'));
  return { content, contentType: isJson ? 'application/json' : formType, isJson };
}

async function partOf(flag: DataFlag['flag'], input: string): Promise<Buffer> {
  if (flag === 'data-urlencode') return encoded(input);
  if (!input.startsWith('@')) return Buffer.from(input);
  const file = await readWhole(`--${flag}`, input.slice(1));
  return flag === 'data' ? Buffer.from(file.filter((byte) => byte !== 0x0a && byte !== 0x0d && byte !== 0)) : file;
}

/** curl's five forms: `text`, `=text`, `name=text`, `@file`, `name@file`. */
async function encoded(input: string): Promise<Buffer> {
  const [, name = '', mark, rest = ''] = /^([^=@]*)([=@])(.*)$/s.exec(input) ?? [];
  if (mark === undefined) return Buffer.from(percent(Buffer.from(input)));
  const content = percent(mark === '@' ? await readWhole('--data-urlencode', rest) : Buffer.from(rest));
  return Buffer.from(name === '' ? content : `${name}=${content}`);
}

/** Byte by byte: a file need not be text. */
function percent(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[^\w.~-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

function checkJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--json: not valid JSON: ${jsonFault(error as Error)}`);
  }
}
