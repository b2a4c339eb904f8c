import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rawField } from '../../src/input/raw-field.ts';

describe('rawField', () => {
  test.each([
    ['{"a":1}', '1'],
    ['{ "b" : {"a":2} , "a" : [ 1.0, {"a":3} ] }', '[ 1.0, {"a":3} ]'],
    ['{"a":1,"a":"last"}', '"last"'],
    ['{"\\u0061":"\\u00e9\\"}","b":"a"}', '"\\u00e9\\"}"'],
    ['{"b":"\\"a\\":1","c":["a"],"a":{}}', '{}'],
    ['{"10":1,"a":{"10":1,"2":2,"2":3}}', '{"10":1,"2":2,"2":3}'],
    ['{"a\\\\":1,"a":2}', '2'],
  ])('of %s is %s, as it is written', (json, text) => {
    expect(rawField(json, 'a')).toBe(text);
  });

  test.each(['{}', '{"b":{"a":1}}', '{"b":"a","c":["a",{"a":1}]}', '{"ab":1,"A":2}', '[]', '"a"', ''])(
    'of %s is none',
    (json) => {
      expect(rawField(json, 'a')).toBeNull();
    },
  );

  test('is what JSON.parse gives, whatever the object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.jsonValue(), (others, value) => {
        const json = JSON.stringify({ ...others, body: value }, null, 1);
        expect(JSON.parse(rawField(json, 'body') ?? '')).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
