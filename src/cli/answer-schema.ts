import type { ErrorObject } from 'ajv';
import { compactJson } from '../record/compact-json.ts';
import { Failure } from '../record/failure.ts';
import { jsonFault } from '../record/json.ts';
import { readWhole } from './sources.ts';
import { UsageError } from './values.ts';

/** A schema that answers must fit. */
export type AnswerSchema = {
  readonly schema: Readonly<Record<string, unknown>>;
  /** The answer's JSON, compact and digit for digit; a Failure `schema` when it is none, or does not fit. */
  check(text: string): string | Failure;
};

/** Reads the file of --schema. Wrong usage when it is no JSON Schema: nothing has been sent yet. */
export async function readAnswerSchema(given: string): Promise<AnswerSchema> {
  if (/^\s*\{/.test(given)) throw new UsageError('--schema: expected a file with the schema, got the schema itself');
  // Other flags name files so.
  const path = given.replace(/^@/, '');
  const text = new TextDecoder().decode(await readWhole('--schema', path));
  const schema = parsed(text, path);
  const validate = await compiled(schema, path);
  return {
    schema,
    check(answer) {
      const json = jsonIn(answer);
      if (json instanceof Failure) return json;
      if (validate(JSON.parse(json))) return json;
      return new Failure('schema', `the answer does not fit the schema: ${described(validate.errors ?? [])}`);
    },
  };
}

function parsed(text: string, path: string): Readonly<Record<string, unknown>> {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--schema: ${path} is no JSON: ${jsonFault(error as Error)}; expected a JSON Schema`);
  }
  if (typeof schema === 'object' && schema !== null && !Array.isArray(schema)) return schema as Record<string, unknown>;
  throw new UsageError(`--schema: ${path}: expected a JSON Schema, which is an object`);
}

async function compiled(schema: Readonly<Record<string, unknown>>, path: string) {
  // `format` is a hint (draft 2020-12), and words that ajv does not know are for the provider.
  const options = { strict: false, validateFormats: false, logger: false } as const;
  const draft = typeof schema.$schema === 'string' ? schema.$schema : '';
  try {
    // By `default`: bundled, CommonJS has no other name.
    if (/draft-0[67]/.test(draft)) return new (await import('ajv')).default.Ajv(options).compile(schema);
    if (draft.includes('2019-09')) {
      return new (await import('ajv/dist/2019.js')).default.Ajv2019(options).compile(schema);
    }
    return new (await import('ajv/dist/2020.js')).default.Ajv2020(options).compile(schema);
  } catch (error) {
    throw new UsageError(`--schema: ${path} is no JSON Schema that can be checked: ${(error as Error).message}`);
  }
}

/** The JSON that an answer is, or wraps in a fence of Markdown as models like to. */
function jsonIn(answer: string): string | Failure {
  const [, fenced] = /^\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*$/is.exec(answer) ?? [];
  const text = fenced ?? answer;
  try {
    JSON.parse(text);
  } catch (error) {
    return new Failure('schema', `the answer is no JSON: ${jsonFault(error as Error)}`);
  }
  return compactJson(text) ?? new Failure('schema', 'the answer is nested too deep');
}

function described(errors: readonly ErrorObject[]): string {
  const [first] = errors;
  if (!first) return 'no reason given';
  return `${first.instancePath || 'the whole'} ${first.message ?? 'is wrong'}`;
}
