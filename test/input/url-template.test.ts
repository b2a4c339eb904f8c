import { describe, expect, test } from 'vitest';
import { compileUrl } from '../../src/input/url-template.ts';
import { refusedBy } from '../support/refused.ts';

const render = (source: string, record: Record<string, unknown>, variables: Record<string, string> = {}) =>
  compileUrl(source, { env: {}, variables: new Map(Object.entries(variables)) }).render({
    index: 0,
    line: 'the line',
    record,
  });

/** What the person who wrote the template is told. */
function refusal(...given: Parameters<typeof render>): string {
  const { code, message } = refusedBy(() => render(...given));
  expect(code).toBe('template');
  return message;
}

describe('a value in a URL', () => {
  test.each([
    ['a segment', 'http://h/{{a}}/x', 'a/b?c#d%20 é', 'http://h/a%2Fb%3Fc%23d%2520%20%C3%A9/x'],
    ['a part of one', 'http://h/u-{{a}}.json', '../x', 'http://h/u-..%2Fx.json'],
    ['the query', 'http://h/?q={{a}}&z', 'a&b=c+d#', 'http://h/?q=a%26b%3Dc%2Bd%23&z'],
    ['the fragment', 'http://h/#{{a}}', 'a b', 'http://h/#a%20b'],
    ['the whole URL: as it is', '{{a}}', 'http://h/x?y=1&z#f', 'http://h/x?y=1&z#f'],
    ['its beginning: as it is', '{{a}}/x', 'http://h/v1', 'http://h/v1/x'],
    ['its beginning, a query behind: as it is', '{{a}}?x=1', 'http://h/v1', 'http://h/v1?x=1'],
    ['the host and port', 'http://{{a}}/x', '127.0.0.1:80', 'http://127.0.0.1:80/x'],
    ['the host: an IPv6 address', 'http://{{a}}/x', '[::1]:80', 'http://[::1]:80/x'],
    ['a part of the host: encoded', 'https://{{a}}.example.com/', 'evil.com/?', 'https://evil.com%2F%3F.example.com/'],
    ['the front of a host without scheme: encoded', '{{a}}.example.com/', 'evil.com/', 'evil.com%2F.example.com/'],
    ['a password', 'http://u:{{a}}@h/', 'a:b@c/d', 'http://u:a%3Ab%40c%2Fd@h/'],
    ['a path alone', '/users/{{a}}', 'a/b', '/users/a%2Fb'],
    ['a lone surrogate', 'http://h/{{a}}', '\ud800', 'http://h/%EF%BF%BD'],
    ['raw: as it is', 'http://h/{{a|raw}}', 'a/../b?c', 'http://h/a/../b?c'],
    ['dots that are no segment', 'http://h/v{{a}}', '..', 'http://h/v..'],
    ['dots in a query', 'http://h/?{{a}}', '..', 'http://h/?..'],
    ['nothing in a query', 'http://h/?q={{a}}', '', 'http://h/?q='],
  ])('at its place: %s', (_what, source, a, url) => {
    expect(render(source, { a })).toBe(url);
  });

  test.each([
    ['http://h/{{a}}', '..'],
    ['http://h/{{a}}', '.'],
    ['http://h/{{a}}/x', ''],
    ['http://h/x/{{a}}?q', ''],
    ['http://h/.{{a}}/x', '.'],
    ['http://h/{{a}}{{a}}/x', '.'],
    ['/{{a}}', '..'],
  ])('never makes the path another one: %s with %j', (source, a) => {
    expect(refusal(source, { a })).toMatch(/another/);
  });

  test('is what the command line says, before what the record says', () => {
    expect(render('{{base}}/{{a}}', { base: 'http://evil', a: 1 }, { base: 'http://h' })).toBe('http://h/1');
  });

  test('is a whole field even if its name has dots in it', () => {
    expect(render('http://h/{{a.b}}', { 'a.b': 'x', a: { b: 'y' } })).toBe('http://h/x');
  });
});
