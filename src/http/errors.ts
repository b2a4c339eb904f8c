import { Failure, type FailureCode, type FailurePhase } from '../record/failure.ts';

/** Where an exchange was when it broke, and with whom. `hasBegun`: bytes of the answer had come. */
export type Whereabouts = {
  readonly phase: 'connect' | 'headers' | 'body';
  readonly host: string;
  readonly hasBegun?: boolean;
};

type SystemError = Error & {
  code?: string;
  syscall?: string;
  errors?: SystemError[];
  hostname?: string;
  http2ErrorCode?: number;
};

const trust = 'trust it with --cacert FILE, or believe anybody with -k';
const outdated = 'the server speaks only TLS versions that are no longer safe: it has to be brought up to date';
const noTls = 'the server does not speak TLS here: call it with http instead of https?';
const unknownUs = 'the server wants to know who calls, by a certificate of ours (--cert, --key)';
const refusedUs = 'the server does not accept our certificate (--cert)';

/** Codes of OpenSSL's verification and of Node's TLS, with what a person should know about each, and can do. */
const tlsMessages: Record<string, string> = {
  CERT_HAS_EXPIRED: 'the certificate has expired: its owner has to renew it (-k takes it all the same)',
  CERT_NOT_YET_VALID: "the certificate is not valid yet: is this machine's clock right? (-k takes it all the same)",
  DEPTH_ZERO_SELF_SIGNED_CERT: `the certificate is self-signed: ${trust}`,
  SELF_SIGNED_CERT_IN_CHAIN: `the certificate comes from an authority that is not trusted here: ${trust}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `the certificate cannot be verified, since its authority is unknown here or the server does not send the whole chain: ${trust}`,
  UNABLE_TO_GET_ISSUER_CERT: `the certificate cannot be verified, since its issuer is unknown: ${trust}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `the certificate cannot be verified, since its authority is not trusted here: ${trust}`,
  CERT_REVOKED: 'the certificate has been revoked: its owner has to get a new one',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host: is the URL right? (-k takes it all the same)',
  ERR_SSL_UNSUPPORTED_PROTOCOL: outdated,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: outdated,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  ERR_SSL_HTTP_REQUEST: noTls,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: unknownUs,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: refusedUs,
  ERR_SSL_SSL_TLS_ALERT_BAD_CERTIFICATE: refusedUs,
  ERR_SSL_SSL_TLS_ALERT_CERTIFICATE_UNKNOWN: refusedUs,
  ERR_SSL_SSL_TLS_ALERT_CERTIFICATE_EXPIRED: refusedUs,
  ERR_SSL_SSL_TLS_ALERT_UNSUPPORTED_CERTIFICATE: refusedUs,
  ERR_SSL_SSL_TLS_ALERT_HANDSHAKE_FAILURE:
    'the server and we have no way of encryption in common, or it wants a certificate of ours (--cert, --key)',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'the server knows no host of that name: is the URL right?',
};

const connectMessages: Record<string, string> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  EADDRNOTAVAIL: 'this machine has no free port left: use a lower concurrency',
  EMFILE: 'too many open files on this machine: raise `ulimit -n` or use a lower concurrency',
  ENFILE: 'too many open files on this machine: use a lower concurrency',
  EACCES: 'connecting there is not permitted',
  EPERM: 'connecting there is not permitted',
};

/** Turns an error of undici or the system into a Failure: which code, where, and whether another attempt may help. */
export function asFailure(error: unknown, { phase, host, hasBegun = false }: Whereabouts): Failure {
  // Whoever made the connection has said it already.
  if (error instanceof Failure) return error;
  const cause = innermost(firstOf(error));
  const code = cause.code ?? '';
  const fail = (name: FailureCode, message: string, at: FailurePhase, retryable: boolean) =>
    new Failure(name, `${message} (${shortHost(host)})`, { phase: at, retryable, cause });
  const isInHead = phase === 'headers' && hasBegun;

  if (code === 'UND_ERR_CONNECT_TIMEOUT' || (phase === 'connect' && code === 'ETIMEDOUT')) {
    return fail('timeout', 'no connection in time', 'connect', true);
  }
  const isLookup = cause.syscall === 'getaddrinfo' || code === 'ENOTFOUND' || code.startsWith('EAI_');
  if (isLookup && isImpossibleName(cause.hostname)) {
    return fail('dns', 'no host can have this name: at most 253 characters, 63 between dots', 'connect', false);
  }
  if (code === 'ENOTFOUND') return fail('dns', 'the name does not exist', 'connect', false);
  if (code.startsWith('EAI_')) return fail('dns', 'the name could not be resolved', 'connect', code === 'EAI_AGAIN');
  // What the resolver does not take for a name at all.
  if (cause.syscall === 'getaddrinfo' && code === 'EINVAL')
    return fail('dns', 'no host can have this name', 'connect', false);
  if (isTls(code, phase))
    return fail('tls', tlsMessages[tlsCode(code)] ?? `no secure connection: ${reasonOf(cause)}`, 'connect', false);
  if (phase === 'connect') {
    const message = connectMessages[code] ?? `no connection: ${plain(cause)}`;
    // The peer hung up during the handshake: as likely a passing trouble as a refusal.
    return fail('connect', message, 'connect', code !== 'EACCES' && code !== 'EPERM');
  }
  if (isUntaken(cause) && phase === 'headers') {
    return fail('connect', 'the server took no more requests on its HTTP/2 connection', 'connect', true);
  }
  if (code.startsWith('HPE_') || isMisbehaviour(cause)) {
    return fail('protocol', `the answer is not valid HTTP: ${plain(cause)}`, phase, false);
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return fail('protocol', 'the headers are larger than allowed', phase, false);
  // Seen before the headers were complete, it is two lengths that contradict each other, or one that is no number.
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' && phase === 'headers') {
    return fail('protocol', 'the answer does not say clearly how long it is', phase, false);
  }
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    return fail('truncated', 'the body is not as long as its content-length says', 'body', true);
  }
  if (code === 'UND_ERR_SOCKET' && phase === 'body') {
    return fail('truncated', 'the server closed the connection in the middle of the body', 'body', true);
  }
  if (code === 'UND_ERR_SOCKET') {
    const place = isInHead ? "in the middle of the answer's headers" : 'without an answer';
    return fail('reset', `the server closed the connection ${place}`, phase, true);
  }
  if (brokenHttp2.has(code) && phase === 'body') {
    return fail('truncated', 'the server broke off in the middle of the body', 'body', true);
  }
  if (brokenHttp2.has(code)) return fail('reset', 'the server broke off without an answer', phase, true);
  if (code.startsWith('E') && !code.startsWith('ERR_')) {
    const place = isInHead ? " in the middle of the answer's headers" : '';
    return fail('reset', `the connection broke${place} (${code})`, phase, true);
  }
  return fail('protocol', `the exchange failed: ${plain(cause)}`, phase, false);
}

/** RFC 1035, section 2.3.4. A dot at the end is no part of the name. */
function isImpossibleName(name: string | undefined): boolean {
  if (name === undefined) return false;
  const longest = name.endsWith('.') ? 254 : 253;
  return name.length > longest || name.split('.').some((label) => label.length > 63);
}

/** A host may be as long as a line of input. */
function shortHost(host: string): string {
  return host.length > 300 ? `${host.slice(0, 100)}… (${host.length} characters)` : host;
}

/** What HTTP/2 calls a stream or a connection that ends too early. */
const brokenHttp2: ReadonlySet<string> = new Set([
  'ERR_HTTP2_STREAM_ERROR',
  'ERR_HTTP2_STREAM_CANCEL',
  'ERR_HTTP2_SESSION_ERROR',
  'ERR_HTTP2_GOAWAY_SESSION',
  'ERR_HTTP2_INVALID_SESSION',
  'UND_ERR_INFO',
]);

/** Refused before the server did anything (RFC 9113, section 8.7), also after undici has tried it once more. */
function isUntaken({ code, message, http2ErrorCode }: SystemError): boolean {
  const refusedStream = 7;
  return (
    http2ErrorCode === refusedStream || (code?.startsWith('UND_ERR_') === true && message.includes('"GOAWAY" frame'))
  );
}

/** True when the server left its HTTP/2 connection in order (GOAWAY), and said that it had not looked at the request. */
export function isTurnedAway(failure: Failure | null): boolean {
  const { code } = (failure?.cause ?? {}) as SystemError;
  return failure?.phase === 'connect' && code === 'UND_ERR_INFO' && isUntaken(failure.cause as SystemError);
}

/**
 * True when a connection broke as an idle one does that the server closes, after it had answered others on it; or when
 * something came on it that was left of an answer before.
 */
export function isKeepAliveRace(error: unknown): boolean {
  const { code, socket, isLeftover } = firstOf(error ?? {}) as Broken;
  if (isLeftover) return true;
  const hasServed = (socket?.bytesRead ?? servedBefore.get(error as object) ?? 0) > 0;
  return hasServed && (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE');
}

type Broken = { code?: string; socket?: { bytesRead?: number }; isLeftover?: boolean };

/** Bytes that a socket had read when it broke with this error: undici says so only for orderly closes. */
export const servedBefore = new WeakMap<object, number>();

/** What broke a connection before this error of the same connection, if anything did: an alert of TLS, and then the end that it told of. */
export const brokenBefore = new WeakMap<object, Error>();

function firstOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? (brokenBefore.get(error) ?? error) : error;
}

/** Several addresses were tried: the last one's error says most. */
function innermost(error: unknown): SystemError {
  const known = error instanceof Error ? (error as SystemError) : (new Error(String(error)) as SystemError);
  const deeper = known.errors?.at(-1) ?? (known.code === 'UND_ERR_CONNECT_TIMEOUT' ? undefined : nested(known));
  return deeper ? innermost(deeper) : known;
}

function nested(error: SystemError): SystemError | undefined {
  return error.code === undefined && error.cause instanceof Error ? (error.cause as SystemError) : undefined;
}

function isTls(code: string, phase: string): boolean {
  if (tlsCode(code) in tlsMessages || code.startsWith('ERR_TLS_') || code.startsWith('ERR_SSL_')) return true;
  return phase === 'connect' && (/CERT|CRL|SIGNATURE|CHAIN/.test(code) || code === 'EPROTO');
}

/** As it is in the table: OpenSSL calls an alert of the server `SSL/TLS ALERT …` from version 3.2 on, and `SSLV3 ALERT …` before. */
function tlsCode(code: string): string {
  return code.replace(/^ERR_SSL_(?:SSLV3|SSL\/TLS)_ALERT_/, 'ERR_SSL_SSL_TLS_ALERT_');
}

/** undici tells some breaches of HTTP only by the text of a general error. */
function isMisbehaviour({ code, message }: SystemError): boolean {
  return code === 'ERR_ASSERTION' || (code === 'UND_ERR_SOCKET' && /^bad (response|upgrade)$/.test(message));
}

/** What OpenSSL says, without the places in its source: `…:SSL routines:FUNCTION:REASON:FILE:LINE:`. */
function reasonOf(error: SystemError & { reason?: string }): string {
  return error.reason ?? /:SSL routines:[^:]*:([^:]+):/.exec(error.message)?.[1] ?? plain(error);
}

function plain(error: SystemError): string {
  return (error.message || error.code || error.name).replace(/\s+/g, ' ').slice(0, 200);
}
