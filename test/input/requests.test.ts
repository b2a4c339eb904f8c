import { describe, expect, test } from 'vitest';
import { parseRecord } from '../../src/input/records.ts';
import type { RequestDefaults } from '../../src/input/request-defaults.ts';
import { createRequests, secretsOfRecord, secretsOfUrl } from '../../src/input/requests.ts';
import type { HttpRequest } from '../../src/record/request.ts';
import { refusedBy } from '../support/refused.ts';
import { plainDefaults } from './support/plain-defaults.ts';

const fromUrl = (text: string, defaults: Partial<RequestDefaults> = {}) =>
  createRequests({ ...plainDefaults, ...defaults }).fromUrl(text);
const fromRecord = (record: object | string, defaults: Partial<RequestDefaults> = {}) =>
  createRequests({ ...plainDefaults, ...defaults }).fromRecord(
    parseRecord(typeof record === 'string' ? record : JSON.stringify(record)),
  );
const fromRow = (row: object, defaults: Partial<RequestDefaults> = {}) =>
  createRequests({ ...plainDefaults, ...defaults }).fromRow(
    parseRecord(JSON.stringify({ index: 0, ok: false, attempts: 1, ...row })),
  );

/** The headers as pairs. */
const headersOf = ({ headers }: HttpRequest) =>
  headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]]] : []));

describe('a line that is a URL', () => {
  test('is a GET of it', () => {
    expect(fromUrl('https://h/a?b#c')).toEqual({
      origin: 'https://h',
      host: 'h:443',
      path: '/a?b',
      url: 'https://h/a?b#c',
      method: 'GET',
      headers: [],
      body: null,
    });
  });

  test('takes method, headers and body of the command line', () => {
    const request = fromUrl('http://h', { method: 'PUT', headers: [['x', '1']], body: () => ({ body: 'b' }) });
    expect(request).toMatchObject({ method: 'PUT', headers: ['x', '1'], body: 'b' });
    expect(fromUrl('http://h', { body: () => ({ body: '' }) }).method).toBe('POST');
  });

  test('with user and password sends them as a header, and shows neither', () => {
    const request = fromUrl('http://us%40er:p%C3%BCss@h/x', { headers: [['authorization', 'Bearer x']] });
    expect(request).toMatchObject({ origin: 'http://h', path: '/x', url: 'http://***@h/x' });
    expect(headersOf(request)).toEqual([['authorization', `Basic ${Buffer.from('us@er:püss').toString('base64')}`]]);
  });

  test('with a percent sign that encodes nothing is taken as it is', () => {
    const request = fromUrl('http://u:100%@h/');
    expect(headersOf(request)).toEqual([['authorization', `Basic ${Buffer.from('u:100%').toString('base64')}`]]);
  });

  test('an @ in the path is no password', () => {
    expect(fromUrl('http://h/@me')).toMatchObject({ url: 'http://h/@me', path: '/@me', headers: [] });
  });
});

describe('-G', () => {
  test.each([
    ['http://h', '/?a=1'],
    ['http://h/x', '/x?a=1'],
    ['http://h/x?', '/x?a=1'],
    ['http://h/x?b', '/x?b&a=1'],
    ['http://h/x?b#c', '/x?b&a=1'],
  ])('adds to the query of %s', (url, path) => {
    expect(fromUrl(url, { query: () => 'a=1' })).toMatchObject({ path, method: 'GET', body: null });
  });
});

describe('--base-url', () => {
  const baseUrl = new URL('https://api.example/v1/');

  test.each([
    ['/users', 'https://api.example/v1/users'],
    ['/v1/users?a=b', 'https://api.example/v1/users?a=b'],
    ['/v10/users', 'https://api.example/v1/v10/users'],
    ['/a/../b', 'https://api.example/v1/b'],
    ['http://other/x', 'http://other/x'],
    ['/to?url=http://other/', 'https://api.example/v1/to?url=http://other/'],
  ])('%s is %s', (text, url) => {
    expect(fromUrl(text, { baseUrl }).url).toBe(url);
  });

  test('is not for what begins with anything else', () => {
    expect(refusedBy(() => fromUrl('users', { baseUrl })).code).toBe('input');
  });

  test.each(['//', '///', '//[', '//h:99999/'])('a path that makes no URL is one bad line: %s', (text) => {
    expect(refusedBy(() => fromUrl(text, { baseUrl })).code).toBe('input');
  });

  test.each(['/a\r\nb', '/a\0b', '/a\tb', '/a\n'])(
    'a path with a control character is refused, as it is in a URL: %j',
    (text) => {
      expect(refusedBy(() => fromUrl(text, { baseUrl })).message).toMatch(/control character/);
    },
  );

  test('with user and password shows neither, and sends both', () => {
    const request = fromUrl('/x', { baseUrl: new URL('http://user:s3cret@h') });
    expect(request.url).not.toContain('s3cret');
    expect(headersOf(request)).toEqual([['authorization', `Basic ${Buffer.from('user:s3cret').toString('base64')}`]]);
  });
});

describe('--proto-default', () => {
  test.each([
    ['h', 'https://h/'],
    ['h:8080/x', 'https://h:8080/x'],
    ['http://h/', 'http://h/'],
    ['u:p@h/x', 'https://***@h/x'],
    ['web.archive.org/web/2020/http://example.com/', 'https://web.archive.org/web/2020/http://example.com/'],
    ['h/?next=https://i/', 'https://h/?next=https://i/'],
  ])('%s is %s', (text, url) => {
    expect(fromUrl(text, { protoDefault: 'https' }).url).toBe(url);
  });
});

describe('a record', () => {
  test('has method, headers and body of its own, before the command line’s', () => {
    const request = fromRecord(
      { url: 'http://h', method: 'patch', headers: { 'X-A': 'own', 'x-c': 3 }, body: 'own' },
      {
        method: 'PUT',
        headers: [
          ['x-a', 'common'],
          ['x-b', 'common'],
        ],
        body: () => ({ body: 'common' }),
      },
    );
    expect(request).toMatchObject({ method: 'PATCH', body: 'own' });
    expect(headersOf(request)).toEqual([
      ['x-b', 'common'],
      ['x-a', 'own'],
      ['x-c', '3'],
    ]);
  });

  test('does not change what the next one gets', () => {
    const requests = createRequests({ ...plainDefaults, headers: [['x-a', 'common']] });
    requests.fromRecord(parseRecord('{"url":"http://h","headers":{"x-a":"own"}}'));
    expect(requests.fromUrl('http://h').headers).toEqual(['x-a', 'common']);
  });

  test('with a body and no method is a POST', () => {
    expect(fromRecord({ url: 'http://h', body: 'a' }).method).toBe('POST');
    expect(fromRecord({ url: 'http://h', body: 'a' }, { method: 'PUT' }).method).toBe('PUT');
    expect(fromRecord({ url: 'http://h', body: null }).method).toBe('GET');
  });

  test.each(['{"a":1}', '[1,2]', '7', 'true', 'false', '0'])('whose body is %s sends it as JSON', (body) => {
    const request = fromRecord(`{"url":"http://h","body":${body}}`);
    expect(request).toMatchObject({ body, headers: ['content-type', 'application/json'] });
  });

  test('whose body is text says nothing of its type', () => {
    expect(fromRecord({ url: 'http://h', body: '{"a":1}' }).headers).toEqual([]);
  });

  test('may name the type of its JSON itself', () => {
    const headers = { 'Content-Type': 'application/vnd.api+json' };
    expect(fromRecord({ url: 'http://h', body: {}, headers }).headers).toEqual([
      'content-type',
      'application/vnd.api+json',
    ]);
  });

  test('whose body is JSON does not overrule a type that the command line names', () => {
    const headers = [['content-type', 'application/merge-patch+json']] as const;
    expect(fromRecord({ url: 'http://h', body: {} }, { headers }).headers).toEqual(headers.flat());
  });

  test.each([
    [{}, 'application/json'],
    [{ 'content-type': 'application/x-www-form-urlencoded' }, 'application/x-www-form-urlencoded'],
  ])('whose body is JSON is no form, whatever type form data of the command line has: %j', (headers, type) => {
    const form = [['content-type', 'application/x-www-form-urlencoded']] as const;
    expect(fromRecord({ url: 'http://h', body: {}, headers }, { headers: form }).headers).toEqual([
      'content-type',
      type,
    ]);
  });

  test('sends its numbers and keys as they are', () => {
    const body = '{"id":12345678901234567890,"price":1.0,"__proto__":{"e":1E400},"z":-0,"constructor":0.10}';
    expect(fromRecord(`{"url":"http://h","body":${body}}`).body).toBe(body);
    expect(fromRecord('{"url":"http://h","body":1.0}').body).toBe('1.0');
  });

  test('may give a header several times, and as a number or a boolean', () => {
    const request = fromRecord(
      '{"url":"http://h","headers":{"x":["a","b"],"n":1.0,"i":12345678901234567890,"t":true}}',
    );
    expect(headersOf(request)).toEqual([
      ['x', 'a'],
      ['x', 'b'],
      ['n', '1.0'],
      ['i', '12345678901234567890'],
      ['t', 'true'],
    ]);
  });

  test.each([
    ['{}', /no `url`/],
    ['{"url":null}', /no `url`/],
    ['{"__proto__":{"url":"http://h"}}', /no `url`/],
    ['{"url":7}', /`url` must be a string/],
    ['{"url":"http://h","method":7}', /`method` must be a string/],
    ['{"url":"http://h","method":"GET /"}', /not an HTTP method/],
    ['{"url":"http://h","headers":"a: b"}', /`headers` must be an object/],
    ['{"url":"http://h","headers":["a: b"]}', /`headers` must be an object/],
    ['{"url":"http://h","headers":7}', /`headers` must be an object/],
    ['{"url":"http://h","headers":7.0}', /`headers` must be an object/],
    ['{"url":"http://h","headers":{"a":null}}', /header `a` must be a string/],
    ['{"url":"http://h","headers":{"a":{"b":1}}}', /header `a` must be a string/],
    ['{"url":"http://h","headers":{"a":[["b"]]}}', /header `a` must be a string/],
    ['{"url":"http://h","headers":{"a\\r\\nb":"c"}}', /not a header name/],
    ['{"url":"http://h","headers":{"a":"b\\r\\nc: d"}}', /cannot be sent/],
    ['{"url":"http://h","headers":{"a":"b\\u0000"}}', /header a .* cannot be sent: its character 2 is a control char/],
    ['{"url":"http://h","headers":{"x-a":"é日"}}', /header x-a .* cannot be sent: its character 2 is beyond Latin-1/],
    ['{"url":"http://h","headers":{"Host":"other"}}', /set by sluice itself/],
    ['{"url":"http://h","headers":{"content-length":0}}', /set by sluice itself/],
    ['{"url":"http://h","headers":{"__proto__":"x","transfer-encoding":"chunked"}}', /set by sluice itself/],
    ['{"url":"http://h\\r\\n/"}', /control character/],
  ])('is refused where it cannot be sent: %s', (record, message) => {
    const failure = refusedBy(() => fromRecord(record));
    expect(failure.code).toBe('input');
    expect(failure.message).toMatch(message);
  });

  test('with a body nested beyond all reason is refused, not fatal', () => {
    const body = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(refusedBy(() => fromRecord(`{"url":"http://h","body":${body}}`)).code).toBe('input');
  });
});

describe('a row that is done again', () => {
  test('brings url and method, never the response’s body and headers', () => {
    const row = { url: 'http://h/x', method: 'DELETE', status: 500, headers: { server: 'x' }, body: { error: 1 } };
    expect(fromRow(row)).toMatchObject({ url: 'http://h/x', method: 'DELETE', headers: [], body: null });
  });

  test('gets headers and body of the command line', () => {
    const request = fromRow(
      { url: 'http://h', method: 'POST' },
      { headers: [['x', '1']], body: () => ({ body: 'b' }) },
    );
    expect(request).toMatchObject({ method: 'POST', headers: ['x', '1'], body: 'b' });
  });

  test.each(['POST', 'PUT', 'PATCH', 'post'])('cannot be a %s without its body', (method) => {
    const failure = refusedBy(() => fromRow({ url: 'http://h', method }));
    expect(failure).toMatchObject({ code: 'input', message: expect.stringContaining('--include request') });
  });

  test('with its request brings all of it, but for what was masked', () => {
    const request = {
      method: 'POST',
      url: 'http://h',
      headers: { authorization: '***', 'x-a': '1' },
      body: '{"a":1.0}',
    };
    const made = fromRow({ url: 'http://h', method: 'POST', request }, { headers: [['authorization', 'Bearer new']] });
    expect(made).toMatchObject({ method: 'POST', body: '{"a":1.0}' });
    expect(headersOf(made)).toEqual([
      ['authorization', 'Bearer new'],
      ['x-a', '1'],
    ]);
  });

  test('whose URL had credentials needs them again', () => {
    const row = { url: 'http://***@h/x', method: 'GET' };
    expect(refusedBy(() => fromRow(row)).message).toMatch(/give them with -u/);
    const again = fromRow(row, { headers: [['authorization', 'Basic new']] });
    expect(again).toMatchObject({ url: 'http://h/x', headers: ['authorization', 'Basic new'] });
  });

  test('never sends a mask as a credential, also where it brings its request', () => {
    const request = { method: 'GET', url: 'http://***@h/', headers: { authorization: '***' }, body: null };
    const row = { url: 'http://***@h/', method: 'GET', request };
    const again = fromRow(row, { headers: [['authorization', 'Basic new']] });
    expect(headersOf(again)).toEqual([['authorization', 'Basic new']]);
    expect(refusedBy(() => fromRow(row)).message).toMatch(/give them with -u/);
  });

  test('without a URL cannot be done again', () => {
    expect(refusedBy(() => fromRow({ url: null, method: 'GET' })).message).toMatch(/no `url`/);
  });
});

describe('what gives credentials away', () => {
  test('the password of a URL, in each form', () => {
    const secrets = secretsOfUrl('http://user:p%40ss@h/');
    expect(secrets).toEqual(expect.arrayContaining(['p%40ss', 'p@ss', Buffer.from('user:p@ss').toString('base64')]));
    expect(secrets).not.toContain('user');
  });

  test('a user without a password is one', () => {
    expect(secretsOfUrl('https://ghp_token@h/')).toContain('ghp_token');
  });

  test.each([
    ['https', 'u:s3cret@h/x'],
    [null, 'http://u:s3cret@h:99999/'],
    [null, 'http://u:s3cret\t@h/'],
  ] as const)('the password of a URL that has no scheme or does not parse', (protoDefault, text) => {
    expect(secretsOfUrl(text, protoDefault).join()).toContain('s3cret');
  });

  test.each(['http://h/', 'http://h/@x', 'no url', 'a@b', 'mailto:a@b'])('nothing in %s', (text) => {
    expect(secretsOfUrl(text)).toEqual([]);
  });

  test('the headers of a record that name one', () => {
    const record = parseRecord(
      '{"headers":{"Authorization":" Bearer abc ","x-api-key":["k1k","k2k"],"accept":"x","cookie":7}}',
    );
    expect(secretsOfRecord(record)).toEqual(['Bearer abc', 'abc', 'k1k', 'k2k']);
    expect(secretsOfRecord(parseRecord('{"headers":"x"}'))).toEqual([]);
    expect(secretsOfRecord(parseRecord('{}'))).toEqual([]);
  });

  test('the headers of a row’s request, where somebody has put them in again', () => {
    expect(secretsOfRecord(parseRecord('{"request":{"headers":{"x-api-key":"k1k"}}}'))).toEqual(['k1k']);
  });

  test('a header that is a number is one too', () => {
    expect(secretsOfRecord(parseRecord('{"headers":{"x-api-key":1234567}}'))).toEqual(['1234567']);
  });
});
