import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMask, isSecretHeader, secretsOfHeader } from '../../src/record/secrets.ts';

const maskOf =
  (...secrets: string[]) =>
  (text: string) =>
    createMask(secrets)?.(text) ?? text;

describe('createMask', () => {
  test('masks by value, wherever and however often', () => {
    expect(maskOf('s3cret')('xs3crets3cret, s3cre')).toBe('x******, s3cre');
  });

  test('masks the forms that a secret has in a URL and in JSON', () => {
    const mask = maskOf('a/b"c ü');
    expect(mask(encodeURIComponent('a/b"c ü'))).toBe('***');
    expect(mask(JSON.stringify({ key: 'a/b"c ü' }))).toBe('{"key":"***"}');
  });

  test('masks the longest first, so that nothing of it is left', () => {
    expect(maskOf('abc', 'abcdef')('abcdef abc')).toBe('*** ***');
    expect(maskOf('abcdef', 'abc')('abcdef abc')).toBe('*** ***');
  });

  test('leaves what is too short to be found safely', () => {
    expect(createMask(['ab', '', 'x'])).toBeNull();
    expect(maskOf('ab', 'abc')('ab abc')).toBe('ab ***');
  });

  test('is null when there is nothing to hide', () => {
    expect(createMask([])).toBeNull();
  });

  test('takes a secret for text: no pattern, no `$&`', () => {
    expect(maskOf('.*+')('abc .*+')).toBe('abc ***');
    expect(maskOf('$&$1')('$&$1')).toBe('***');
  });

  test('takes a secret with half a surrogate pair', () => {
    expect(maskOf('ab\ud83d')('xab\ud83d')).toBe('x***');
  });

  test('leaves no secret in any text', () => {
    const secret = fc.string({ unit: fc.constantFrom('a', 'b', '/', '"', '\\', 'ü'), minLength: 3, maxLength: 6 });
    const piece = fc.oneof(secret, fc.constantFrom('a', 'b', ' '));
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), fc.array(piece), (secrets, pieces) => {
        const masked = maskOf(...secrets)([...pieces, ...secrets].join(''));
        for (const one of secrets) expect(masked).not.toContain(one);
      }),
    );
  });
});

describe('secretsOfHeader', () => {
  test.each([
    'authorization',
    'Proxy-Authorization',
    'cookie',
    'set-cookie',
    'x-api-key',
    'apikey',
    'x-goog-api-key',
    'api_key',
    'key',
    'x-auth-token',
    'x-amz-security-token',
    'x-client-secret',
    'x-session-id',
    'x-hub-signature-256',
    'x-password',
  ])('%s holds a credential', (name) => {
    expect(isSecretHeader(name)).toBe(true);
    expect(secretsOfHeader(name, 'value')).toContain('value');
  });

  test.each(['accept', 'content-type', 'user-agent', 'etag', 'x-request-id', 'idempotency-keys', 'monkey'])(
    '%s holds none',
    (name) => {
      expect(secretsOfHeader(name, 'value')).toEqual([]);
    },
  );

  test('with a scheme the part after it is a secret of its own', () => {
    expect(secretsOfHeader('authorization', 'Bearer abc.def')).toEqual(['Bearer abc.def', 'abc.def']);
    expect(secretsOfHeader('authorization', 'Bearer')).toEqual(['Bearer']);
  });

  test('each cookie is a secret of its own: a server sets them again one by one', () => {
    const mask = maskOf(...secretsOfHeader('cookie', 'lang=english; sid=s3cret; theme=darkest'));
    expect(mask('sid=s3cret; Path=/')).not.toContain('s3cret');
  });
});
