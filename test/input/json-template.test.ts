import { describe, expect, test } from 'vitest';
import { compileJson } from '../../src/input/json-template.ts';
import { parseExactJson } from '../../src/record/json.ts';
import { refusedBy } from '../support/refused.ts';

/** The JSON for a record, which is JSON text itself. */
function render(source: string, record: string, env: Record<string, string> = {}): string {
  const scope = { index: 4, line: record, record: parseExactJson(record) as Record<string, unknown> };
  return compileJson(source, { env, variables: new Map([['v', 'v"1']]) }).render(scope);
}

/** What the person who wrote the template is told. */
function refusal(...given: Parameters<typeof render>): string {
  const { code, message } = refusedBy(() => render(...given));
  expect(code).toBe('template');
  return message;
}

describe('a string that is only a name', () => {
  test.each([
    ['a number, every digit', '{"a":12345678901234567890.10}', '{"n":12345678901234567890.10}'],
    ['an exponent', '{"a":1E400}', '{"n":1E400}'],
    ['an object', '{"a":{"b":[1.0,null]}}', '{"n":{"b":[1.0,null]}}'],
    ['true', '{"a":true}', '{"n":true}'],
    ['null', '{"a":null}', '{"n":null}'],
    ['a string', '{"a":"1\\"\\n\\\\"}', '{"n":"1\\"\\n\\\\"}'],
    ['braces, which are data', '{"a":"{{b}}"}', '{"n":"{{b}}"}'],
  ])('becomes the value itself: %s', (_what, record, json) => {
    expect(render('{"n":"{{a}}"}', record)).toBe(json);
    expect(render('{"n":"{{ a }}"}', record)).toBe(json);
  });

  test('with |raw becomes the JSON that the value has as text', () => {
    expect(render('{"n":"{{a|raw}}"}', '{"a":"0.10"}')).toBe('{"n":0.10}');
    expect(refusal('{"n":"{{a|raw}}"}', '{"a":"1,\\"admin\\":true"}')).toMatch(/no JSON/);
    expect(refusal('{"n":"{{a|raw}}"}', '{"a":""}')).toMatch(/no JSON/);
  });

  test('is text in a name, and from --var or the environment', () => {
    expect(render('{"{{a}}":"{{v}}","e":"{{env.E}}","i":"{{index}}"}', '{"a":7}', { E: 'x"' })).toBe(
      '{"7":"v\\"1","e":"x\\"","i":4}',
    );
  });
});

describe('a string with more in it', () => {
  test('stays a string, whatever the values hold', () => {
    expect(render('{"t":"<{{a}}> {{b}}\\n"}', '{"a":"\\",\\"x\\":\\"","b":2.50}')).toBe(
      '{"t":"<\\",\\"x\\":\\"> 2.50\\n"}',
    );
    expect(refusal('{"t":"x {{a|raw}}"}', '{"a":"\\",\\"x\\":\\""}')).toMatch(/leaves its string/);
  });
});

test('all else stays as it is written: digits, space, names that come twice', () => {
  const source = '{ "n": 1.0, "n": 1E2,\n "{{\'{{\'}}x": "}}", "a\\u0041": "{{a}}" }';
  expect(render(source, '{"a":1}')).toBe('{ "n": 1.0, "n": 1E2,\n "{{x": "}}", "a\\u0041": 1 }');
});

test('a field that is missing is a failure, in JSON too', () => {
  expect(refusal('{"n":"{{b}}"}', '{"a":1}')).toBe('{{b}}: the record has no `b`; it has a');
});
