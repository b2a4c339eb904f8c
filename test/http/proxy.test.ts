import { describe, expect, test } from 'vitest';
import { parseNoProxy } from '../../src/http/no-proxy.ts';
import { parseProxy, proxyFor } from '../../src/http/proxy.ts';
import { parseResolution } from '../../src/http/resolve.ts';

describe('parseNoProxy', () => {
  test.each([
    ['*', 'any.example', true],
    ['example.com', 'example.com', true],
    ['example.com', 'a.b.example.com', true],
    ['example.com', 'notexample.com', false],
    ['.example.com', 'example.com', true],
    ['*.example.com', 'a.example.com', true],
    ['EXAMPLE.com.', 'example.com', true],
    ['a.example, b.example c.example', 'c.example', true],
    ['example.com:81', 'example.com', false],
    ['example.com:80', 'example.com', true],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.0/8', '127.9.9.9', true],
    ['10.0.0.0/8', '127.0.0.1', false],
    ['10.0.0.0/99', '10.0.0.1', false],
    ['[::1]', '::1', true],
    ['fd00::/8', 'fd12::1', true],
    ['', 'example.com', false],
  ])('`%s` and %s: %s', (list, host, isStraight) => {
    expect(parseNoProxy(list)(host, 80)).toBe(isStraight);
  });
});

describe('parseProxy', () => {
  test.each([
    ['http://proxy:3128', 'http://proxy:3128'],
    ['proxy:3128', 'http://proxy:3128'],
    ['proxy', 'http://proxy:1080'],
    ['http://proxy:80', 'http://proxy'],
    ['https://proxy', 'https://proxy'],
    ['http://a:b@proxy:80/', 'http://proxy'],
    ['http://[::1]:3128', 'http://[::1]:3128'],
    ['http://[::1]', 'http://[::1]:1080'],
  ])('%s is %s', (text, origin) => {
    expect(parseProxy(text).origin).toBe(origin);
  });

  test('credentials are decoded, and told as secrets', () => {
    const { authorization, secrets } = parseProxy('http://us%40er:p%3Aw@proxy');
    const token = Buffer.from('us@er:p:w').toString('base64');
    expect(authorization).toBe(`Basic ${token}`);
    expect(secrets).toEqual(expect.arrayContaining([token, 'p:w', 'p%3Aw']));
    expect(parseProxy('http://proxy')).toMatchObject({ authorization: null, secrets: [] });
  });

  test.each(['socks5://p:1', 'ftp://p', 'http://', '://', 'http://user:s3cret@'])('%s is none', (text) => {
    expect(() => parseProxy(text)).toThrow(/proxy|proxies/);
    expect(() => parseProxy(text)).not.toThrow(/s3cret/);
  });
});

test('proxyFor goes by the scheme that is called, its port and the exceptions', () => {
  const proxies = {
    http: parseProxy('one:1'),
    https: parseProxy('two:2'),
    bypass: parseNoProxy('a.example:443,[::1]'),
  };
  const of = (url: string) => proxyFor(new URL(url), proxies)?.origin ?? null;
  expect(of('http://a.example')).toBe('http://one:1');
  expect(of('https://a.example')).toBeNull();
  expect(of('https://a.example:8443')).toBe('http://two:2');
  expect(of('http://[::1]:8080')).toBeNull();
});

test.each([
  ['a.example:443:127.0.0.1', ['a.example:443', ['127.0.0.1']]],
  ['+A.example:0443:[::1],127.0.0.1', ['a.example:443', ['::1', '127.0.0.1']]],
  ['*:80:::1', ['*:80', ['::1']]],
  ['a.example:99999:127.0.0.1', null],
  ['a.example:443:b.example', null],
  ['127.0.0.1:80:127.0.0.2', null],
  ['a.example:443:', null],
])('parseResolution(%s)', (text, expected) => {
  expect(parseResolution(text)).toEqual(expected);
});
