import { Failure } from '../record/failure.ts';
import { exactJson, jsonFault, parseExactJson, rawText } from '../record/json.ts';

/** One JSON object of the input. Its numbers are exact; see `parseExactJson`. */
export type InputRecord = Readonly<Record<string, unknown>>;

/** The object that a line holds, or a Failure `input`. */
export function parseRecord(text: string): InputRecord {
  let value: unknown;
  try {
    value = parseExactJson(text);
  } catch (cause) {
    if (cause instanceof RangeError) throw new Failure('input', 'the record is nested too deep', { cause });
    // No `cause`: V8's message quotes the line, which may hold credentials.
    throw new Failure('input', `not valid JSON: ${jsonFault(cause as Error)}`);
  }
  const record = objectIn(value);
  if (record) return record;
  throw new Failure('input', 'the line is JSON, but not an object');
}

/** The fields of a table's row, all of them text, but for columns without a name. */
export function recordOfRow(columns: readonly string[], fields: readonly string[]): InputRecord {
  const record: Record<string, string> = {};
  for (let at = 0; at < columns.length; at += 1) {
    const name = columns[at] as string;
    const value = fields[at] as string;
    if (name === '') continue;
    if (name === '__proto__') Object.defineProperty(record, name, { value, enumerable: true, configurable: true });
    else record[name] = value;
  }
  return record;
}

/** A table's row without its empty cells: where a request is made of it, they are no `method` and no `id`. */
export function withoutEmpty(record: InputRecord): InputRecord {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== ''));
}

/** The value if it is a JSON object, else null. A number kept raw is an object to JavaScript only. */
export function objectIn(value: unknown): InputRecord | null {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && rawText(value) === null;
  return isObject ? (value as InputRecord) : null;
}

/** A field that the record itself has: nothing is inherited, whatever its name. */
export function fieldOf(record: InputRecord, name: string): unknown {
  return Object.hasOwn(record, name) ? (record[name] ?? undefined) : undefined;
}

/** A field that must be text where it is given. */
export function textOf(record: InputRecord, name: string): string | null {
  const value = fieldOf(record, name);
  if (value === undefined) return null;
  if (typeof value !== 'string') throw new Failure('input', `the record's \`${name}\` must be a string`);
  return value;
}

/** What the record calls itself: `id`, else `custom_id`; a number is taken as it is written. */
export function idOf(record: InputRecord): string | null {
  const id = fieldOf(record, 'id') ?? fieldOf(record, 'custom_id');
  if (id === undefined) return null;
  if (typeof id === 'string') return id;
  return rawText(id) ?? (typeof id === 'number' || typeof id === 'boolean' ? String(id) : exactJson(id));
}

/** True for a row that sluice wrote: it is input like any other. */
export function isResultRow(record: InputRecord): boolean {
  return ['index', 'ok', 'attempts'].every((name) => Object.hasOwn(record, name));
}
