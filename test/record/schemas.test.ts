import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { failureCodes } from '../../src/record/failure.ts';

const names = ['row.schema.json', 'prompt-row.schema.json', 'dry-row.schema.json'] as const;

function schemaOf(name: (typeof names)[number]): object {
  return JSON.parse(readFileSync(new URL(`../../src/record/${name}`, import.meta.url), 'utf8')) as object;
}

test.each(names)('errors in %s have the codes that there are, and no others', (name) => {
  const ajv = new Ajv2020({ strict: false, schemas: names.map(schemaOf) });
  const isError = ajv.compile({ $ref: `https://sluice.example/${name}#/properties/error` });
  const errorWith = (code: string) => ({ code, message: 'm', phase: null, retryable: false, cause: null });
  expect(failureCodes.filter((code) => !isError(errorWith(code)))).toEqual([]);
  expect(isError(errorWith('nonsense'))).toBe(false);
});

test('the schema has no code that no failure has', () => {
  const { $defs } = schemaOf('row.schema.json') as {
    $defs: { error: { properties: { code: { enum: string[] } } } };
  };
  expect($defs.error.properties.code.enum).toEqual([...failureCodes]);
});
