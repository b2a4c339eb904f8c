import { constants } from 'node:http2';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { FailureCode, FailurePhase } from '../../src/record/failure.ts';
import { type Identity, issue } from '../support/certificates.ts';
import { closedPort, startRawServer } from '../support/raw-server.ts';
import { startHttp2Server, startTlsServer } from '../support/tls-server.ts';
import { fullQueue, goesOn, says, serve } from './servers.ts';

/** What may go wrong for one line. */
export type Fault = {
  readonly name: string;
  /** Makes the fault; gives the line of input. */
  readonly line: (world: World) => string | Buffer | Promise<string | Buffer>;
  /** Null for what looks like a fault and is none. */
  readonly code: FailureCode | null;
  readonly phase?: FailurePhase | null;
  /** With one retry allowed: 2 where another attempt may help, 1 where it cannot, 0 where nothing is sent. */
  readonly attempts: 0 | 1 | 2;
};

/** What the faults have in common: the authority that is trusted. */
export type World = { readonly authority: Identity };

/** The flags that the faults are made for. */
export const limits = { timeoutMs: 1200, connectTimeoutMs: 500, maxBody: 100_000, maxRedirects: 3 };

const ok = 'HTTP/1.1 200 OK\r\n';
const chunked = `${ok}transfer-encoding: chunked\r\n\r\n`;
const raw = (behave: Parameters<typeof serve>[0]) => async () => `http://${await serve(behave)}/`;
const answer = (bytes: string, then?: 'end' | 'reset' | 'stay') => raw(says(bytes, then));
const status = (line: string, ...headers: string[]) =>
  answer([`HTTP/1.1 ${line}`, ...headers, 'content-length: 0', '', ''].join('\r\n'), 'stay');
const encoded = (encoding: string, body: Buffer) =>
  raw(
    says(
      Buffer.concat([
        Buffer.from(`${ok}content-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n`),
        body,
      ]),
    ),
  );
const text = Buffer.from('hello '.repeat(100));
const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);
const spoilt = (bytes: Buffer) =>
  Buffer.concat([half(bytes), Buffer.from('????????'), bytes.subarray(bytes.length / 2 + 8)]);

const silence: Fault[] = [
  {
    name: 'refused',
    line: async () => `http://127.0.0.1:${await closedPort()}/`,
    code: 'connect',
    phase: 'connect',
    attempts: 2,
  },
  {
    name: 'SYN never answered',
    line: async () => `http://${await fullQueue()}/`,
    code: 'timeout',
    phase: 'connect',
    attempts: 2,
  },
  { name: 'accepted and silent', line: raw(() => {}), code: 'timeout', phase: 'headers', attempts: 2 },
  { name: 'slow headers', line: raw(goesOn(`${ok}x: `, 'y', 50)), code: 'timeout', phase: 'headers', attempts: 2 },
  { name: 'slow body', line: raw(goesOn(`${ok}\r\n`, 'y', 50)), code: 'timeout', phase: 'body', attempts: 2 },
];

const breaks: Fault[] = [
  { name: 'FIN before the status', line: answer(''), code: 'reset', phase: 'headers', attempts: 2 },
  { name: 'RST before the status', line: answer('', 'reset'), code: 'reset', phase: 'headers', attempts: 2 },
  { name: 'FIN in the headers', line: answer(`${ok}content-`), code: 'reset', phase: 'headers', attempts: 2 },
  {
    name: 'RST in a body that says no length',
    line: raw((socket) => socket.write(`${ok}\r\nabc`, () => setTimeout(() => socket.resetAndDestroy(), 20))),
    code: 'reset',
    phase: 'body',
    attempts: 2,
  },
  { name: 'RST in the headers', line: answer(`${ok}content-`, 'reset'), code: 'reset', phase: 'headers', attempts: 2 },
  {
    name: 'FIN in the body',
    line: answer(`${ok}content-length: 9\r\n\r\nabc`),
    code: 'truncated',
    phase: 'body',
    attempts: 2,
  },
  { name: 'a length that is too short', line: answer(`${ok}content-length: 3\r\n\r\nabcdef`), code: null, attempts: 1 },
  { name: 'no last chunk', line: answer(`${chunked}3\r\nabc\r\n`), code: 'truncated', phase: 'body', attempts: 2 },
  {
    name: 'a chunk that ends too early',
    line: answer(`${chunked}9\r\nabc`),
    code: 'truncated',
    phase: 'body',
    attempts: 2,
  },
];

const framing: Fault[] = [
  {
    name: 'two lengths',
    line: answer(`${ok}content-length: 2\r\ncontent-length: 3\r\n\r\nabc`),
    code: 'protocol',
    phase: 'headers',
    attempts: 1,
  },
  {
    name: 'a length and chunks',
    line: answer(`${ok}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
    code: 'protocol',
    phase: 'headers',
    attempts: 1,
  },
  {
    name: 'a negative length',
    line: answer(`${ok}content-length: -1\r\n\r\n`),
    code: 'protocol',
    phase: 'headers',
    attempts: 1,
  },
  {
    name: 'a huge length',
    line: answer(`${ok}content-length: 99999999999999999999999\r\n\r\n`),
    code: 'protocol',
    phase: 'headers',
    attempts: 1,
  },
  {
    name: 'a chunk size that is none',
    line: answer(`${chunked}zz\r\nab\r\n0\r\n\r\n`),
    code: 'protocol',
    phase: 'body',
    attempts: 1,
  },
  {
    name: 'a huge chunk size',
    line: answer(`${chunked}ffffffffffffffffff\r\nab\r\n0\r\n\r\n`),
    code: 'protocol',
    phase: 'body',
    attempts: 1,
  },
  {
    name: 'a transfer-encoding that nobody knows',
    line: answer(`${ok}transfer-encoding: br, chunked\r\n\r\n0\r\n\r\n`),
    code: 'protocol',
    phase: 'body',
    attempts: 1,
  },
  { name: 'HTTP/0.9', line: answer('hello'), code: 'protocol', phase: 'headers', attempts: 1 },
  { name: 'garbage', line: answer('\0\x01\x02garbage\r\n\r\n'), code: 'protocol', phase: 'headers', attempts: 1 },
  {
    name: 'NUL in a header',
    line: answer(`${ok}a: b\0c\r\ncontent-length: 0\r\n\r\n`),
    code: 'protocol',
    phase: 'headers',
    attempts: 1,
  },
  {
    name: 'a flood of 1xx',
    line: raw(goesOn('', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(20), 1)),
    code: 'protocol',
    phase: 'headers',
    attempts: 1,
  },
  {
    name: 'a flood of 100',
    line: raw(goesOn('', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20), 1)),
    code: 'protocol',
    phase: 'headers',
    attempts: 1,
  },
  {
    name: 'headers over the limit',
    line: answer(`${ok}${`a: ${'b'.repeat(1000)}\r\n`.repeat(400)}\r\n`),
    code: 'protocol',
    phase: 'headers',
    attempts: 1,
  },
  {
    name: 'headers without end',
    line: raw(goesOn(ok, `a: ${'b'.repeat(10_000)}\r\n`, 1)),
    code: 'protocol',
    phase: 'headers',
    attempts: 1,
  },
];

const bodies: Fault[] = [
  {
    name: 'an endless body',
    line: raw(goesOn(`${ok}\r\n`, Buffer.alloc(10_000), 1)),
    code: 'too_large',
    phase: 'body',
    attempts: 1,
  },
  {
    name: 'a gzip bomb',
    line: encoded('gzip, gzip', gzipSync(gzipSync(Buffer.alloc(200_000_000)))),
    code: 'too_large',
    phase: 'body',
    attempts: 1,
  },
  ...[
    { encoding: 'gzip', body: gzipSync(text) },
    { encoding: 'br', body: brotliCompressSync(text) },
    { encoding: 'deflate', body: deflateSync(text) },
  ].flatMap(({ encoding, body }): Fault[] => [
    {
      name: `truncated ${encoding}`,
      line: encoded(encoding, half(body)),
      code: 'truncated',
      phase: 'body',
      attempts: 2,
    },
    { name: `corrupt ${encoding}`, line: encoded(encoding, spoilt(body)), code: 'decode', phase: 'body', attempts: 1 },
    {
      name: `a lying ${encoding}`,
      line: encoded(encoding, Buffer.from('hello, in plain words')),
      code: 'decode',
      phase: 'body',
      attempts: 1,
    },
  ]),
  { name: 'an encoding that nobody knows', line: encoded('x-own', text), code: 'decode', phase: 'body', attempts: 1 },
  {
    name: 'encoded six times over',
    line: encoded('gzip, gzip, gzip, gzip, gzip, gzip', text),
    code: 'decode',
    phase: 'body',
    attempts: 1,
  },
];

const redirects: Fault[] = [
  { name: 'a redirect loop', line: status('302 Found', 'location: /'), code: 'redirect', phase: null, attempts: 1 },
  {
    name: 'a redirect to a file',
    line: status('302 Found', 'location: file:///etc/passwd'),
    code: 'redirect',
    phase: null,
    attempts: 1,
  },
  {
    name: 'a redirect to nowhere',
    line: status('302 Found', 'location: http://['),
    code: 'redirect',
    phase: null,
    attempts: 1,
  },
  {
    name: 'a redirect from https to http',
    line: async ({ authority }) => {
      const headers = { location: 'http://127.0.0.1/' };
      const { url } = await startTlsServer(await trusted(authority), (_request, response) =>
        response.writeHead(302, headers).end(),
      );
      return url;
    },
    code: 'redirect',
    phase: null,
    attempts: 1,
  },
];

const day = 86_400_000;
const refusals: Fault[] = [
  ...(['1000', new Date(Date.now() + day).toUTCString(), '99999999999999'] as const).map(
    (wait): Fault => ({
      name: `429 that asks for ${wait}`,
      line: status('429 Slow', `retry-after: ${wait}`),
      code: 'rate_limited',
      attempts: 1,
    }),
  ),
  ...(['-1', 'junk', '', new Date(Date.now() - day).toUTCString()] as const).map(
    (wait): Fault => ({
      name: `429 that says \`${wait}\``,
      line: status('429 Slow', `retry-after: ${wait}`),
      code: 'rate_limited',
      attempts: 2,
    }),
  ),
  { name: '503 that asks for a day', line: status('503 Down', 'retry-after: 86400'), code: 'http', attempts: 1 },
  { name: 'a storm of 503', line: status('503 Down'), code: 'http', attempts: 2 },
];

async function trusted(authority: Identity, options: Parameters<typeof issue>[1] = {}): Promise<Identity> {
  return issue('localhost', { by: authority, names: ['localhost', '127.0.0.1'], ...options });
}

/** Their five messages are distinct. */
export const tls: Fault[] = [
  { name: 'an expired certificate', identity: ({ authority }: World) => trusted(authority, { from: -9, to: -1 }) },
  {
    name: 'a certificate that is not valid yet',
    identity: ({ authority }: World) => trusted(authority, { from: 1, to: 9 }),
  },
  { name: 'a self-signed certificate', identity: () => issue('localhost') },
  {
    name: 'a certificate for another host',
    identity: ({ authority }: World) => trusted(authority, { names: ['elsewhere.example'] }),
  },
  {
    name: 'TLS 1.1',
    identity: ({ authority }: World) => trusted(authority),
    options: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const,
  },
].map(({ name, identity, options = {} }) => ({
  name,
  line: async (world) => (await startTlsServer({ ...(await identity(world)), ...options })).url,
  code: 'tls',
  phase: 'connect',
  attempts: 1,
}));

const others: Fault[] = [
  {
    name: 'no TLS at all',
    line: async () => `https://127.0.0.1:${(await startRawServer((socket) => void socket.end('hello'))).port}/`,
    code: 'tls',
    phase: 'connect',
    attempts: 1,
  },
  {
    name: 'TLS that never begins',
    line: async () => `https://${await serve(() => {})}/`,
    code: 'timeout',
    phase: 'connect',
    attempts: 2,
  },
  {
    name: 'a name that cannot exist',
    line: () => `http://${'x'.repeat(64)}.invalid/`,
    code: 'dns',
    phase: 'connect',
    attempts: 1,
  },
  {
    name: 'HTTP/2 that refuses every stream',
    line: async ({ authority }) => {
      const server = await startHttp2Server(await trusted(authority), (http2) => {
        http2.on('stream', (stream) => stream.on('error', () => {}).close(constants.NGHTTP2_REFUSED_STREAM));
      });
      return server.url;
    },
    code: 'connect',
    phase: 'connect',
    attempts: 2,
  },
];

const record = (fields: object) => JSON.stringify({ url: 'http://127.0.0.1:9/', ...fields });
const input: Fault[] = [
  ...[
    ['CR and LF in a header', record({ headers: { a: 'b\r\nc: d' } })],
    ['NUL in a header', record({ headers: { a: 'b\0' } })],
    ['LF in a header’s name', record({ headers: { 'a\nb': 'c' } })],
    ['LF in a method', record({ method: 'GET / HTTP/1.1\r\nx: y' })],
    ['CR and LF in a URL', record({ url: 'http://127.0.0.1:9/\r\nx: y' })],
    ['NUL in a URL', record({ url: 'http://127.0.0.1:9/\0' })],
    ['no URL', 'this is no URL'],
    ['another scheme', 'gopher://127.0.0.1/'],
    ['a file', 'file:///etc/passwd'],
    ['NUL in a line', 'http://127.0.0.1:9/a\0b'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x80, 0x22])],
    ['UTF-16', Buffer.from('\ufeffhttp://127.0.0.1:9/', 'utf16le')],
    ['17 MB', `http://127.0.0.1:9/${'x'.repeat(17 * 1024 ** 2)}`],
    ['100,000 levels', `{"url":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['half a record', '{"url":"http://127.0.0.1:9/"'],
    ['a record without a URL', '{"id":"1"}'],
  ].map(([name, line]): Fault => ({ name: String(name), line: () => line ?? '', code: 'input', attempts: 0 })),
  {
    name: '__proto__',
    line: (): string => `{"url":"http://127.0.0.1:1/","__proto__":{"method":"PUT"}}`,
    code: 'connect',
    attempts: 2,
  },
];

export const faults: readonly Fault[] = [
  ...silence,
  ...breaks,
  ...framing,
  ...bodies,
  ...redirects,
  ...refusals,
  ...tls,
  ...others,
  ...input,
];

/** Faults that are not of one line: where they are tried. */
export const elsewhere: readonly [fault: string, file: string, test: string][] = [
  [
    'an abort while connecting',
    'test/cli/connections.test.ts',
    'a connection that is still being made does not outlive the run',
  ],
  ['a reader that leaves', 'test/cli/pipes.test.ts', 'head'],
  ['a Ctrl-C', 'test/cli/endings.test.ts', 'SIGINT'],
  ['kill -9', 'test/cli/resume.test.ts', 'SIGKILL'],
  ['no free descriptor, no free port', 'test/http/shortage.test.ts', 'no free port'],
  ['credentials on a redirect', 'test/cli/redirects.test.ts', 'do not follow to another origin'],
  [
    'a keep-alive connection that is closed as we send',
    'test/cli/failures.test.ts',
    'an idle connection that the server closes',
  ],
  ['each system call failing in turn, kill -9 at any moment, STOP and CONT', 'test/faults/torture.ts', 'inject'],
  ['a full disk, names that never resolve, few ports', 'test/faults/root.sh', 'ip_local_port_range'],
];
