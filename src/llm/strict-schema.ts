import { type Fields, fieldsOf, listOf } from './json-fields.ts';

/**
 * Whether OpenAI takes a schema in its strict mode, in which answers follow it without fail: each object closed, and
 * all its fields required. Others are sent as a wish.
 */
export function isStrict(schema: unknown): boolean {
  const fields = fieldsOf(schema);
  if (!fields) return true;
  if ('properties' in fields || fields.type === 'object') {
    const names = Object.keys(fieldsOf(fields.properties) ?? {});
    const required = listOf(fields.required) ?? [];
    if (fields.additionalProperties !== false || !names.every((name) => required.includes(name))) return false;
  }
  return partsOf(fields).every(isStrict);
}

function partsOf(schema: Fields): unknown[] {
  const maps = [schema.properties, schema.$defs, schema.definitions];
  const lists = [schema.anyOf, schema.allOf, schema.oneOf, schema.prefixItems];
  return [
    schema.items,
    ...maps.flatMap((map) => Object.values(fieldsOf(map) ?? {})),
    ...lists.flatMap((list) => listOf(list) ?? []),
  ];
}
