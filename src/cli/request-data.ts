import { Buffer } from 'node:buffer';
import { percentEncoded } from '../input/escapes.ts';
import { jsonFault } from '../record/json.ts';
import { readWhole } from './sources.ts';
import { UsageError } from './values.ts';

const dataFlagNames = ['data', 'data-binary', 'data-urlencode', 'json'] as const;
/** One data flag as it was given. */
export type DataFlag = { readonly flag: (typeof dataFlagNames)[number]; readonly input: string };

/** A stretch of a body: bytes as they are, or text with templates in it. */
export type DataPart =
  | Buffer
  | {
      readonly flag: DataFlag['flag'];
      readonly text: string;
      /** Whether its own text is still to be percent-encoded. */
      readonly isPlain: boolean;
    };

export type JoinedData = { readonly parts: readonly DataPart[]; readonly isJson: boolean };

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
  const parts: DataPart[] = [];
  for (const { flag, input } of flags) {
    if (parts.length > 0 && !isJson) parts.push(Buffer.from('&'));
    parts.push(...(await partsOf(flag, input)));
  }
  return isJson ? { parts: [wholeJson(parts)], isJson } : { parts: joined(parts), isJson };
}

async function partsOf(flag: DataFlag['flag'], input: string): Promise<DataPart[]> {
  if (flag === 'data-urlencode') return encoded(input);
  if (!input.startsWith('@')) return [partOf(flag, Buffer.from(input))];
  const file = await readWhole(`--${flag}`, input.slice(1));
  return [partOf(flag, flag === 'data' ? Buffer.from(file.filter((byte) => !isLineEnd(byte))) : file)];
}

const isLineEnd = (byte: number) => byte === 0x0a || byte === 0x0d || byte === 0;

/** Only what holds a name in braces is a template; `--data-binary` never is. */
function partOf(flag: DataFlag['flag'], bytes: Buffer): DataPart {
  if (flag === 'data-binary' || !bytes.includes('{{')) return bytes;
  return { flag, text: bytes.toString('utf8'), isPlain: false };
}

/** curl's five forms: `text`, `=text`, `name=text`, `@file`, `name@file`. A file's bytes are no template here. */
async function encoded(input: string): Promise<DataPart[]> {
  const [, name = '', mark = '=', rest = input] = /^([^=@]*)([=@])(.*)$/s.exec(input) ?? [];
  const front = Buffer.from(name === '' ? '' : `${name}=`);
  if (mark === '@') return [front, Buffer.from(percent(await readWhole('--data-urlencode', rest)))];
  if (!rest.includes('{{')) return [front, Buffer.from(percentEncoded(rest))];
  return [front, { flag: 'data-urlencode', text: rest, isPlain: true }];
}

/** Byte by byte: a file need not be text. */
function percent(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[^\w.~-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/** Neighbouring bytes as one. */
function joined(parts: readonly DataPart[]): DataPart[] {
  const whole: DataPart[] = [];
  for (const part of parts) {
    const last = whole.at(-1);
    if (Buffer.isBuffer(part) && Buffer.isBuffer(last)) whole[whole.length - 1] = Buffer.concat([last, part]);
    else whole.push(part);
  }
  return whole;
}

function wholeJson(parts: readonly DataPart[]): DataPart {
  const whole = Buffer.concat(parts.map((part) => (Buffer.isBuffer(part) ? part : Buffer.from(part.text))));
  const text = whole.toString('utf8');
  checkJson(text);
  return text.includes('{{') ? { flag: 'json', text, isPlain: false } : whole;
}

function checkJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    const hint = text.includes('{{') ? ' (a template stands in quotes: "{{n}}" alone in a string keeps its type)' : '';
    throw new UsageError(`--json: not valid JSON: ${jsonFault(error as Error)}${hint}`);
  }
}
