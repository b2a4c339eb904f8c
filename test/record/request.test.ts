import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/record/failure.ts';
import {
  addressOf,
  checkHeader,
  checkMethod,
  isIdempotent,
  parseUrl,
  quote,
  withoutCredentials,
} from '../../src/record/request.ts';

/** Text made of what breaks requests, and of what makes them. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\r', '\n', '\0', '\t', '\u007f', '\u0085', '\u2028', '\ud800', ' ', 'ü', '日'),
    fc.constantFrom('http://', 'https:', '/', '\\', '@', ':', '?', '#', '[', '%0d%0a', 'a', 'host', '.', '0'),
  ),
});

/** What it throws, if that is an `input` failure; anything else is thrown on. */
function refusal(check: () => unknown): Failure | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof Failure && error.code === 'input') return error;
    throw error;
  }
}

describe('parseUrl', () => {
  test.each([
    ['http://h', 'h:80', '/'],
    ['https://H/a b?c=d e#f', 'h:443', '/a%20b?c=d%20e'],
    ['http://h:8080/x?', 'h:8080', '/x?'],
    ['http://h/?#', 'h:80', '/?'],
    ['http://h/x?#f?', 'h:80', '/x?'],
    ['http://h/x#f?', 'h:80', '/x'],
    ['http://h/x#', 'h:80', '/x'],
    ['http://[::1]:81/', '[::1]:81', '/'],
    ['http://user:pw@h/x', 'h:80', '/x'],
    ['https://bücher.example/ü', 'xn--bcher-kva.example:443', '/%C3%BC'],
    ['http://h/..%2f../x', 'h:80', '/..%2f../x'],
    ['http://0x7f.1/', '127.0.0.1:80', '/'],
  ])('%s goes to %s and asks for %s', (text, host, path) => {
    expect(addressOf(parseUrl(text))).toMatchObject({ host, path });
  });

  test.each([
    ['', /not a URL/],
    ['example.com/x', /--proto-default https/],
    ['localhost:8080/x', /--proto-default https/],
    ['/only/a/path', /not a URL: `\/only\/a\/path` \(a path needs --base-url\)/],
    ['http://', /not a URL/],
    ['http://h:99999/', /not a URL/],
    ['http://a b/', /not a URL/],
    ['ftp://h/x', /only http and https.*ftp:/],
    ['file:///etc/passwd', /only http and https.*file:/],
    ['javascript://x', /only http and https/],
    ['mailto:a@b.c', /not a URL/],
    ['{"url":1}', /not a URL/],
    ['http://h/\r\nx: y', /control character/],
    ['http://h/\0', /control character/],
    ['ht\ntp://h/', /control character/],
    ['http://h/\t', /control character/],
  ])('%j is refused', (text, reason) => {
    expect(refusal(() => parseUrl(text))?.message).toMatch(reason);
  });

  test('lets nothing through that could split a request', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const refused = refusal(() => {
          const { origin, host, path } = addressOf(parseUrl(text));
          expect(`${origin}${host}${path}`).toMatch(/^[!-~]*$/);
        });
        if (refused) expect(refused.message).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      }),
    );
  });
});

describe('checkMethod', () => {
  test('writes the usual ones in capitals and leaves others as they are', () => {
    expect(['get', 'Post', 'QUERY', 'PURGE', 'purge', 'M-SEARCH'].map(checkMethod)).toEqual([
      'GET',
      'POST',
      'QUERY',
      'PURGE',
      'purge',
      'M-SEARCH',
    ]);
  });

  test.each(['', ' ', 'GET /', 'GET\r\n', 'G\0T', 'GÉT', 'CONNECT', 'connect', 'a:b', 'a/b', '"GET"'])(
    '%j is refused',
    (method) => {
      expect(refusal(() => checkMethod(method))).not.toBeNull();
    },
  );

  test('lets nothing through but a token', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        refusal(() => expect(checkMethod(text)).toMatch(/^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/));
      }),
    );
  });

  test('GET, HEAD, OPTIONS, TRACE, PUT and DELETE may be sent again, others not', () => {
    const methods = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'POST', 'PATCH', 'PURGE', 'get'];
    expect(methods.filter(isIdempotent)).toEqual(methods.slice(0, 6));
  });
});

describe('checkHeader', () => {
  test('gives the name in lower case', () => {
    expect(checkHeader('X-Api-Key', 'a')).toBe('x-api-key');
    expect(checkHeader('a', '')).toBe('a');
  });

  test.each(['a\r\nb: c', 'a\nb', 'a\0', '\u007f', 'a\u0100', '日', '\ud800'])('the value %j is refused', (value) => {
    expect(refusal(() => checkHeader('x', value))).not.toBeNull();
  });

  test.each(['a b', '\t', 'é', 'a"b', ''])('the value %j can be sent', (value) => {
    expect(checkHeader('x', value)).toBe('x');
  });

  test.each(['', ' ', 'a b', 'a:', 'a\r\n', 'é', '\0', '(a)'])('the name %j is refused', (name) => {
    expect(refusal(() => checkHeader(name, ''))).not.toBeNull();
  });

  test.each(['Host', 'content-length', 'Transfer-Encoding', 'connection', 'Upgrade', 'te', 'Expect', 'keep-alive'])(
    '%s is ours to set',
    (name) => {
      expect(refusal(() => checkHeader(name, 'x'))?.message).toMatch(/set by sluice itself/);
    },
  );

  test('lets nothing through that could split a request, and never shows a value', () => {
    fc.assert(
      fc.property(hostile, hostile, (name, value) => {
        const refused = refusal(() => {
          const lower = checkHeader(name, value);
          expect(`${lower}: ${value}`).toMatch(/^[\t -~\u0080-\u00ff]*$/);
        });
        if (refused) expect(refused.message.length).toBeLessThan(300);
      }),
    );
    expect(refusal(() => checkHeader('authorization', 's3cret\n'))?.message).not.toContain('s3cret');
  });
});

describe('withoutCredentials', () => {
  test.each([
    ['http://u:p@h/x', 'http://***@h/x'],
    ['http://token@h', 'http://***@h'],
    ['HTTP://u:p@h', 'HTTP://***@h'],
    ['http:\\\\u:p@h', 'http:\\\\***@h'],
    ['http://u:p@ss@h/', 'http://***@h/'],
    ['see http://u:p@h and https://v:q@i', 'see http://***@h and https://***@i'],
    ['{"url":"http:\\/\\/u:p@h"}', '{"url":"http:\\/\\/***@h"}'],
    ['postgres://u:p@h/db', 'postgres://***@h/db'],
  ])('%s becomes %s', (text, expected) => {
    expect(withoutCredentials(text)).toBe(expected);
  });

  test.each(['http://h/a@b', 'http://h/?mail=a@b.c', 'http://h/#@', 'mailto:a@b.c', 'a@b', 'http://h/x'])(
    '%s stays as it is',
    (text) => {
      expect(withoutCredentials(text)).toBe(text);
    },
  );

  test('does it twice to no other effect', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(withoutCredentials(withoutCredentials(text))).toBe(withoutCredentials(text));
      }),
    );
  });
});

describe('quote', () => {
  test('is one short line', () => {
    expect(quote('a\r\n\0\u001b[31m\u0085\u2028b')).toBe('`a\ufffd\ufffd\ufffd\ufffd[31m\ufffd\ufffdb`');
    expect(quote('x'.repeat(201))).toBe(`\`${'x'.repeat(200)}… (201 characters)\``);
    fc.assert(
      fc.property(hostile, (text) => {
        expect(quote(text)).toMatch(/^`[^\p{Cc}\u2028\u2029]*`$/u);
        expect(quote(text).length).toBeLessThan(240);
      }),
    );
  });

  test('masks credentials before it cuts', () => {
    expect(quote(`http://u:${'p'.repeat(300)}@h/`)).toBe('`http://***@h/`');
  });

  test.each([
    'http://u:s3"cret@h:99999/',
    'http://u:s3 cret@h:99999/',
    'http://u:s3\tcret@h/',
    'http:u:s3cret@h:99999',
    'http://u:s3/cret@h/',
    'http://u:s3#cret?@h/',
    'u:s3/cret@h/',
  ])('masks the password in a URL that cannot be called: %j', (text) => {
    expect(quote(text)).not.toMatch(/s3|cret/);
  });
});
