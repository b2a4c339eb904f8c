import { describe, expect, test } from 'vitest';
import { compileTemplate, type Escape } from '../../src/input/template.ts';
import { Failure } from '../../src/record/failure.ts';
import { parseExactJson } from '../../src/record/json.ts';

type Given = { record?: unknown; line?: string; index?: number; env?: Record<string, string>; escapeText?: Escape };

/** The text of a template for one line; `record` is JSON text or an object. */
function render(source: string, { record = null, line = '', index = 0, env, escapeText }: Given = {}): string {
  const fields = typeof record === 'string' ? parseExactJson(record) : record;
  const scope = { index, line, record: fields as Record<string, unknown> | null };
  return compileTemplate(source, { env: env ?? null, ...(escapeText && { escapeAt: () => escapeText }) }).render(scope);
}

function failureOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).code).toBe('template');
    return (error as Failure).message;
  }
  throw new Error('it did not fail');
}

describe('what a template renders', () => {
  test('fields, nested ones, and elements of lists by their number', () => {
    const record = { name: 'Ada', at: { city: 'London' }, tags: ['a', { deep: 'b' }] };
    expect(render('{{name}} in {{ at.city }}: {{tags.0}}{{tags.1.deep}}', { record })).toBe('Ada in London: ab');
  });

  test('{{line}} and {{index}} are the line itself and its place', () => {
    expect(render('{{index}}: {{line}}', { line: 'hello', index: 3 })).toBe('3: hello');
  });

  test('a record’s own `line` and `index` come first', () => {
    expect(render('{{index}}: {{line}}', { record: { line: 'own', index: 9 }, line: '{…}', index: 3 })).toBe('9: own');
    expect(render('{{index}}: {{line}}', { record: {}, line: '{}', index: 3 })).toBe('3: {}');
  });

  test('numbers keep every digit, alone and inside what is rendered as JSON', () => {
    const record = '{"n":12345678901234567890,"f":1.0,"o":{"n":12345678901234567890,"l":[1.50,true,null]},"e":1e400}';
    expect(render('{{n}} {{f}} {{e}} {{o}}', { record })).toBe(
      '12345678901234567890 1.0 1e400 {"n":12345678901234567890,"l":[1.50,true,null]}',
    );
  });

  test('empty strings, zero and false are values', () => {
    expect(render('[{{a}}{{b}}{{c}}]', { record: { a: '', b: 0, c: false } })).toBe('[0false]');
  });

  test('what is inserted is data: braces in it are not looked at again', () => {
    expect(render('{{a}}{{b}}', { record: { a: '{{b}}', b: '}}{{a}}' } })).toBe('{{b}}}}{{a}}');
  });

  test('text around the names stays as it is, also single braces and }} without a {{', () => {
    expect(render('{"a":{"n":{{n}}}} }}', { record: { n: 1 } })).toBe('{"a":{"n":1}} }}');
    expect(render('', {})).toBe('');
    expect(render('$& $1 {{a}}', { record: { a: '$&' } })).toBe('$& $1 $&');
  });

  test('every value passes through the escape but those marked |raw', () => {
    const record = { a: 'x y' };
    expect(render('{{a}}/{{a|raw}}/{{ a | raw }} z', { record, escapeText: encodeURIComponent })).toBe(
      'x%20y/x y/x y z',
    );
  });

  test('names may hold anything but braces, bars and dots', () => {
    expect(render('{{first name}} {{Größe}} {{$id}}', { record: { 'first name': 'A', Größe: 'L', $id: 1 } })).toBe(
      'A L 1',
    );
  });
});

describe('what is missing', () => {
  test('names the field and what the record has', () => {
    expect(failureOf(() => render('{{body}}', { record: { id: 1, title: 'x' } }))).toBe(
      '{{body}}: the record has no `body`; it has id, title',
    );
    expect(failureOf(() => render('{{a.b.c}}', { record: { a: { b: { d: 1 } } } }))).toBe(
      '{{a.b.c}}: `a.b` has no `c`; it has d',
    );
    expect(failureOf(() => render('{{a.b}}', { record: { a: 'text' } }))).toMatch(/`a` has no `b`; it is a string/);
    expect(failureOf(() => render('{{a.7}}', { record: { a: [1] } }))).toMatch(/it is a list of 1/);
    expect(failureOf(() => render('{{x}}', { record: {} }))).toMatch(/it is empty/);
  });

  test('a record with very many fields is not listed whole', () => {
    const record = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`field${at}`, at]));
    expect(failureOf(() => render('{{x}}', { record }))).toMatch(/field19 and 480 more$/);
  });

  test('null is missing, never the word `null`', () => {
    expect(failureOf(() => render('{{a}}', { record: { a: null } }))).toBe('{{a}}: it is null');
    expect(failureOf(() => render('{{a.b}}', { record: { a: null } }))).toMatch(/`a` has no `b`; it is null/);
  });

  test('a line that is no record has {{line}} and {{index}} only', () => {
    expect(failureOf(() => render('{{body}}', { line: 'x' }))).toMatch(/the line is no record/);
  });

  test.each([
    'constructor',
    '__proto__',
    'toString',
    'a.constructor',
    'l.length',
    'l.map',
    'l.-1',
    's.length',
    's.0',
    'n.rawJSON',
  ])('nothing is inherited or made up: {{%s}}', (name) => {
    const record = '{"a":{},"l":[1],"s":"text","n":1.0}';
    expect(failureOf(() => render(`{{${name}}}`, { record }))).toMatch(/has no/);
  });

  test('an own field may have any name, `__proto__` too', () => {
    expect(render('{{__proto__.x}} {{constructor}}', { record: '{"__proto__":{"x":1},"constructor":2}' })).toBe('1 2');
  });
});

describe('what is no template is found before any line', () => {
  const compile = (source: string, env: Record<string, string> | null = null) =>
    failureOf(() => compileTemplate(source, { env }));

  test('an open {{, an empty name, a stray brace, an unknown filter', () => {
    expect(compile('a {{b')).toMatch(/^\{\{ without its \}\}: `\{\{b`/);
    for (const source of ['{{}}', '{{ }}', '{{.}}', '{{a.}}', '{{a..b}}', '{{a{b}}', '{{|raw}}']) {
      expect(compile(source)).toMatch(/expected a field's name/);
    }
    expect(compile('{{a|upper}}')).toMatch(/there is no `upper`/);
  });

  test('{{env.NAME}} is for those who may ask, and must be set', () => {
    expect(compile('{{env.HOME}}')).toMatch(/not by the input/);
    expect(compile('{{env.NOPE}}', { HOME: '/root' })).toMatch(/NOPE is not set/);
    expect(compile('{{env.toString}}', {})).toMatch(/toString is not set/);
    expect(render('{{env.HOME}}/{{env.HOME|raw}}', { env: { HOME: 'a b' }, escapeText: encodeURIComponent })).toBe(
      'a%20b/a b',
    );
  });

  test('a record’s own `env` is not the environment’s', () => {
    expect(render('{{env.HOME}} {{env}}', { env: { HOME: '/root' }, record: { env: { HOME: 'x' } } })).toBe(
      '/root {"HOME":"x"}',
    );
  });
});
