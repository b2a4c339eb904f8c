import { describe, expect, test } from 'vitest';
import { locationOf, redirected } from '../../src/http/redirect.ts';
import { addressOf, type HttpRequest, parseUrl } from '../../src/record/request.ts';
import { refusedBy } from '../support/refused.ts';

function request(url: string, changes: Partial<HttpRequest> = {}): HttpRequest {
  return { ...addressOf(parseUrl(url)), url, method: 'GET', headers: [], body: null, ...changes };
}

function go(from: string, location: string, { status = 302, ...changes }: Partial<HttpRequest> & { status?: number }) {
  return redirected(request(from, changes), status, location);
}

/** Where a Location leads, written as an HTTP library gives it: one character for each byte. */
const target = (from: string, location: string) => {
  const { origin, path } = go(from, Buffer.from(location).toString('latin1'), {});
  return origin + path;
};

const refusal = (from: string, location: string) => refusedBy(() => go(from, location, {}));

describe('locationOf', () => {
  test.each([301, 302, 303, 307, 308])('a %d with a Location sends us there', (status) => {
    expect(locationOf(status, '/x')).toBe('/x');
    expect(locationOf(status, ['/x', '/y'])).toBe('/x');
    expect(locationOf(status, undefined)).toBeNull();
  });

  test.each(['', ' ', []])('one whose Location is empty sends us nowhere: %j', (location) => {
    expect(locationOf(302, location)).toBeNull();
  });

  test.each([200, 201, 300, 304, 305, 306, 309, 404])('a %d is an answer', (status) => {
    expect(locationOf(status, '/x')).toBeNull();
  });
});

describe('where a redirect leads', () => {
  test.each([
    ['http://h/a/b?c', '/x', 'http://h/x'],
    ['http://h/a/b?c', 'x', 'http://h/a/x'],
    ['http://h/a/b?c', '../x', 'http://h/x'],
    ['http://h/a/b?c', '?d', 'http://h/a/b?d'],
    ['http://h/a/b?c', '#d', 'http://h/a/b?c'],
    ['http://h/a', '//i/x', 'http://i/x'],
    ['http://h/a', 'https://i:8443/x#y', 'https://i:8443/x'],
    ['https://h/a', '//i/x', 'https://i/x'],
    ['http://h/a', '/grün', 'http://h/gr%C3%BCn'],
    ['http://h/a', '/%41 b', 'http://h/%41%20b'],
    ['http://h/a', 'http://bücher.example/', 'http://xn--bcher-kva.example/'],
    ['http://h//i/b', '/x', 'http://h/x'],
    ['http://h//i/b', 'x', 'http://h//i/x'],
    ['http://h//', '/x', 'http://h/x'],
    ['http://h:81/a', '/日本', 'http://h:81/%E6%97%A5%E6%9C%AC'],
  ])('from %s by %s to %s', (from, location, expected) => {
    expect(target(from, location)).toBe(expected);
  });

  test('bytes that are no UTF-8 go back as they came', () => {
    expect(go('http://h/', '/gr\xfcn?%FC=\xff', {}).path).toBe('/gr%FCn?%FC=%FF');
    expect(() => go('http://h/', 'http://gr\xfcn/', {})).toThrow(/no URL/);
  });

  test.each(['https://i/', 'http://h:8080/'])('the lane of the next hop is its own: %s', (location) => {
    expect(go('http://h/', location, {}).host).toBe(addressOf(new URL(location)).host);
  });

  test('user and password in a Location are neither sent nor shown', () => {
    const next = go('http://h/', 'http://user:s3cret@h/x', {});
    expect(next).toMatchObject({ origin: 'http://h', path: '/x', url: 'http://***@h/x', headers: [] });
  });

  test.each([
    ['http://h/', 'file:///etc/passwd', /cannot be called/],
    ['http://h/', 'ftp://h/', /cannot be called/],
    ['http://h/', 'javascript:alert(1)', /cannot be called/],
    ['http://h/', 'data:,x', /cannot be called/],
    ['http://h/', 'http://', /no URL/],
    ['http://h/', 'http://h:99999/', /no URL/],
    ['https://h/', 'http://h/', /from https to http/],
    ['https://h/', 'http://i/', /from https to http/],
  ])('from %s to %s is a `redirect` failure that is not retried', (from, location, message) => {
    const failure = refusal(from, location);
    expect(failure).toMatchObject({ code: 'redirect', retryable: false });
    expect(failure.message).toMatch(message);
  });

  test('no message shows credentials', () => {
    expect(refusal('http://h/', 'ftp://user:s3cret@h/').message).not.toContain('s3cret');
    expect(refusal('https://h/', 'http://user:s3cret@h/').message).not.toContain('s3cret');
  });
});

describe('the method and body of the next hop', () => {
  const body = 'a=1';
  test.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'DELETE', 'GET'],
  ])('%d turns %s into %s without its body', (status, method, next) => {
    const headers = ['content-type', 'text/plain', 'content-language', 'de', 'accept', '*/*'];
    expect(go('http://h/', '/x', { status, method, body, headers })).toMatchObject({
      method: next,
      body: null,
      headers: ['accept', '*/*'],
    });
  });

  test.each([
    [301, 'PUT'],
    [302, 'PATCH'],
    [302, 'DELETE'],
    [307, 'POST'],
    [308, 'POST'],
    [307, 'PATCH'],
    [308, 'GET'],
  ])('%d leaves %s and its body as they are', (status, method) => {
    const headers = ['content-type', 'text/plain'];
    expect(go('http://h/', '/x', { status, method, body, headers })).toMatchObject({ method, body, headers });
  });

  test.each([301, 302, 303, 307, 308])('after %d HEAD is still HEAD', (status) => {
    expect(go('http://h/', '/x', { status, method: 'HEAD' }).method).toBe('HEAD');
  });
});

describe('the headers of the next hop', () => {
  const kept = {
    accept: '*/*',
    'accept-encoding': 'gzip',
    'accept-language': 'de',
    'user-agent': 'sluice',
    'content-type': 'text/plain',
  };
  const dropped = {
    authorization: 'Bearer s3cret',
    cookie: 'a=b',
    'proxy-authorization': 'x',
    'x-api-key': 's3cret',
    'x-custom': '1',
    referer: 'http://h/private',
  };
  const headers = Object.entries({ ...dropped, ...kept }).flat();
  const harmless = Object.entries(kept).flat();

  test.each(['/x', 'http://h/x', 'http://h:80/x', 'HTTP://H/x'])(
    'all follow within the same origin: %s',
    (location) => {
      expect(go('http://h/', location, { headers }).headers).toEqual(headers);
    },
  );

  test.each(['http://i/', 'http://h:81/', 'https://h/', 'http://sub.h/', 'http://h.evil/'])(
    'only harmless ones follow to another origin: %s',
    (location) => {
      expect(go('http://h/', location, { headers }).headers).toEqual(harmless);
    },
  );
});

test('a body with a credential goes to no other origin', () => {
  const secret = { method: 'POST', body: 'token=abc', isPrivate: true, status: 307 };
  expect(go('http://a.example/x', '/y', secret)).toMatchObject({ body: 'token=abc', isPrivate: true });
  expect(() => go('http://a.example/x', 'http://b.example/y', secret)).toThrow(/must not have the credential/);
  expect(go('http://a.example/x', 'http://b.example/y', { ...secret, status: 303 })).toMatchObject({ body: null });
});
