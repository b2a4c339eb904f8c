import { describe, expect, test } from 'vitest';
import { asFailure, isKeepAliveRace, servedBefore, type Whereabouts } from '../../src/http/errors.ts';
import { Failure, type FailureCode, type FailurePhase } from '../../src/record/failure.ts';

type Phase = Whereabouts['phase'];
const failing = (code: string | undefined, message = 'what the system says') =>
  Object.assign(new Error(message), code === undefined ? {} : { code });
const seen = (error: unknown, phase: Phase) => asFailure(error, { phase, host: 'h:80' });

const known: [code: string, phase: Phase, to: FailureCode, at: FailurePhase, retryable: boolean][] = [
  ['ENOTFOUND', 'connect', 'dns', 'connect', false],
  ['EAI_AGAIN', 'connect', 'dns', 'connect', true],
  ['EAI_FAIL', 'connect', 'dns', 'connect', false],
  ['UND_ERR_CONNECT_TIMEOUT', 'connect', 'timeout', 'connect', true],
  ['ETIMEDOUT', 'connect', 'timeout', 'connect', true],
  ['ECONNREFUSED', 'connect', 'connect', 'connect', true],
  ['ECONNRESET', 'connect', 'connect', 'connect', true],
  ['EHOSTUNREACH', 'connect', 'connect', 'connect', true],
  ['ENETUNREACH', 'connect', 'connect', 'connect', true],
  ['EADDRNOTAVAIL', 'connect', 'connect', 'connect', true],
  ['EMFILE', 'connect', 'connect', 'connect', true],
  ['ENFILE', 'connect', 'connect', 'connect', true],
  ['EACCES', 'connect', 'connect', 'connect', false],
  ['EPERM', 'connect', 'connect', 'connect', false],
  ['UND_ERR_SOCKET', 'connect', 'connect', 'connect', true],
  ['CERT_HAS_EXPIRED', 'connect', 'tls', 'connect', false],
  ['CERT_NOT_YET_VALID', 'connect', 'tls', 'connect', false],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'connect', 'tls', 'connect', false],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'connect', 'tls', 'connect', false],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'connect', 'tls', 'connect', false],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'connect', 'tls', 'connect', false],
  ['ERR_SSL_SOMETHING_NEW', 'connect', 'tls', 'connect', false],
  ['INVALID_CA_CERT', 'connect', 'tls', 'connect', false],
  ['EPROTO', 'connect', 'tls', 'connect', false],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'headers', 'tls', 'connect', false],
  ['HPE_INVALID_CONSTANT', 'headers', 'protocol', 'headers', false],
  ['HPE_INVALID_CHUNK_SIZE', 'body', 'protocol', 'body', false],
  ['UND_ERR_HEADERS_OVERFLOW', 'headers', 'protocol', 'headers', false],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'headers', 'protocol', 'headers', false],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'body', 'truncated', 'body', true],
  ['UND_ERR_SOCKET', 'headers', 'reset', 'headers', true],
  ['UND_ERR_SOCKET', 'body', 'truncated', 'body', true],
  ['ECONNRESET', 'headers', 'reset', 'headers', true],
  ['ECONNRESET', 'body', 'reset', 'body', true],
  ['EPIPE', 'headers', 'reset', 'headers', true],
  ['ETIMEDOUT', 'headers', 'reset', 'headers', true],
  ['ERR_ASSERTION', 'headers', 'protocol', 'headers', false],
  ['ERR_HTTP2_STREAM_ERROR', 'headers', 'reset', 'headers', true],
  ['ERR_HTTP2_STREAM_ERROR', 'body', 'truncated', 'body', true],
  ['ERR_HTTP2_GOAWAY_SESSION', 'headers', 'reset', 'headers', true],
  ['UND_ERR_INFO', 'headers', 'reset', 'headers', true],
  ['UND_ERR_INVALID_ARG', 'headers', 'protocol', 'headers', false],
];

describe('asFailure', () => {
  test.each(known)('%s while in %s is `%s`, phase %s, retryable %s', (code, phase, to, at, retryable) => {
    const error = failing(code);
    const failure = seen(error, phase);
    expect(failure).toMatchObject({ code: to, phase: at, retryable, cause: error });
    expect(failure.message).toMatch(/\(h:80\)$/);
  });

  test.each(['bad response', 'bad upgrade'])('`%s` of undici is `protocol`, not a broken connection', (message) => {
    expect(seen(failing('UND_ERR_SOCKET', message), 'headers')).toMatchObject({ code: 'protocol', retryable: false });
  });

  test('each trouble with a certificate has a message of its own', () => {
    const codes = [
      'CERT_HAS_EXPIRED',
      'CERT_NOT_YET_VALID',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'CERT_REVOKED',
    ];
    const messages = codes.map((code) => seen(failing(code), 'connect').message);
    expect(new Set(messages).size).toBe(codes.length);
    for (const message of messages) expect(message).not.toContain('what the system says');
  });

  test.each([
    ['BAD_CERTIFICATE', /our certificate/],
    ['CERTIFICATE_UNKNOWN', /our certificate/],
    ['HANDSHAKE_FAILURE', /encryption in common/],
  ])('an alert of the server is told in words, whatever OpenSSL calls it: %s', (alert, told) => {
    for (const family of ['SSLV3', 'SSL/TLS']) {
      const failure = seen(failing(`ERR_SSL_${family}_ALERT_${alert}`), 'connect');
      expect(failure).toMatchObject({ code: 'tls', phase: 'connect', retryable: false });
      expect(failure.message).toMatch(told);
    }
  });

  test('of what OpenSSL says only the reason is told, not the places in its source', () => {
    const message =
      '40E2:error:0A00010B:SSL routines:ssl3_get_record:something new:../deps/openssl/rec_layer_s3.c:918:\n';
    expect(seen(failing('ERR_SSL_SOMETHING_NEW', message), 'connect').message).toBe(
      'no secure connection: something new (h:80)',
    );
    const error = Object.assign(failing('ERR_SSL_SOMETHING_NEW', message), { reason: 'something newer' });
    expect(seen(error, 'connect').message).toBe('no secure connection: something newer (h:80)');
  });

  test('of several addresses the last one tells', () => {
    const errors = [failing('ENETUNREACH'), failing('ECONNREFUSED')];
    const failure = seen(Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' }), 'connect');
    expect(failure).toMatchObject({ code: 'connect', cause: errors[1] });
    expect(failure.message).toMatch(/refused/);
  });

  test('a request that HTTP/2 refused unread is `connect`: it may be sent again whatever it is', () => {
    const refused = Object.assign(failing('ERR_HTTP2_STREAM_ERROR'), { http2ErrorCode: 7 });
    const goaway = failing('UND_ERR_INFO', 'HTTP/2: "GOAWAY" frame received with code 0');
    const gone = failing('UND_ERR_SOCKET', 'HTTP/2: "GOAWAY" frame received with code 2');
    for (const error of [refused, goaway, gone]) {
      expect(seen(error, 'headers')).toMatchObject({ code: 'connect', phase: 'connect', retryable: true });
      expect(seen(error, 'body')).toMatchObject({ code: 'truncated', phase: 'body' });
    }
  });

  test('a failure stays what it is', () => {
    const failure = new Failure('blocked', 'no');
    expect(seen(failure, 'connect')).toBe(failure);
  });

  test('an error without a code is told by its cause', () => {
    const cause = failing('ECONNRESET');
    expect(seen(new TypeError('fetch failed', { cause }), 'headers')).toMatchObject({ code: 'reset', cause });
  });

  test.each([[undefined], [null], ['a string'], [42], [new Error('')], [new AggregateError([])]])(
    'takes anything that can be thrown: %s',
    (thrown) => {
      expect(seen(thrown, 'connect')).toMatchObject({ code: 'connect' });
      expect(seen(thrown, 'body')).toMatchObject({ code: 'protocol' });
    },
  );

  test('a message is one line, and short', () => {
    const { message } = seen(failing('HPE_OTHER', `a\r\n\tb${'x'.repeat(5000)}`), 'headers');
    expect(message).toContain('a bxxx');
    expect(message).not.toMatch(/[\r\n\t]/);
    expect(message.length).toBeLessThan(300);
  });
});

describe('isKeepAliveRace', () => {
  const closed = (code: string, bytesRead?: number) =>
    Object.assign(failing(code), bytesRead === undefined ? {} : { socket: { bytesRead } });

  test('a connection that had served and then breaks without a byte of answer is one', () => {
    expect(isKeepAliveRace(closed('UND_ERR_SOCKET', 100))).toBe(true);
    const reset = failing('ECONNRESET');
    servedBefore.set(reset, 100);
    expect(isKeepAliveRace(reset)).toBe(true);
  });

  test('what is left of an answer before is one', () => {
    expect(isKeepAliveRace(Object.assign(failing('HPE_INVALID_CONSTANT'), { isLeftover: true }))).toBe(true);
    expect(isKeepAliveRace(Object.assign(failing('HPE_INVALID_CONSTANT'), { isLeftover: false }))).toBe(false);
  });

  test('a fresh connection is none, nor any other trouble', () => {
    expect(isKeepAliveRace(closed('UND_ERR_SOCKET', 0))).toBe(false);
    expect(isKeepAliveRace(closed('ECONNRESET'))).toBe(false);
    expect(isKeepAliveRace(closed('HPE_INVALID_CONSTANT', 100))).toBe(false);
    expect(isKeepAliveRace(failing(undefined))).toBe(false);
  });

  test.each([undefined, null, 'text', 7])('takes anything that can be thrown: %s', (thrown) => {
    expect(isKeepAliveRace(thrown)).toBe(false);
  });
});

describe('names that no host can have', () => {
  const lookup = (hostname: string, code: string) =>
    Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), { code, syscall: 'getaddrinfo', hostname });

  test.each([
    ['a'.repeat(300), 'EINVAL'],
    [`${'a'.repeat(60)}.`.repeat(5), 'EINVAL'],
    [`${'a'.repeat(64)}.example`, 'ENOTFOUND'],
    [`www.${'a'.repeat(64)}`, 'EAI_AGAIN'],
    ['a'.repeat(70_000), 'EAI_AGAIN'],
  ])('%s is `dns` and not retried, whatever the resolver says: %s', (hostname, code) => {
    const failure = asFailure(lookup(hostname, code), { phase: 'connect', host: `${hostname}:80` });
    expect(failure).toMatchObject({ code: 'dns', phase: 'connect', retryable: false });
    expect(failure.message).toMatch(/at most 253 characters, 63 between dots/);
    expect(failure.message.length).toBeLessThan(500);
  });

  test('what the resolver takes for no name is `dns` too', () => {
    const failure = asFailure(lookup('h', 'EINVAL'), { phase: 'connect', host: 'h:80' });
    expect(failure).toMatchObject({ code: 'dns', retryable: false });
  });

  test('the longest that there can be are asked for again', () => {
    for (const hostname of [`${'a'.repeat(63)}.example`, `${'ab.'.repeat(84)}x.`]) {
      const failure = asFailure(lookup(hostname, 'EAI_AGAIN'), { phase: 'connect', host: hostname });
      expect(failure).toMatchObject({ code: 'dns', retryable: true });
    }
  });
});
