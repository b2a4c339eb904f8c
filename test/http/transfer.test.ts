import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodingOf, transferEncodings } from '../../src/http/transfer.ts';
import { answering, startRawServer } from '../support/raw-server.ts';
import { callWith, exchangeWith, requestTo } from './calling.ts';

const text = 'hello, hello, hello';
const chunk = (bytes: Buffer) => `${bytes.length.toString(16)}\r\n${bytes.toString('latin1')}\r\n0\r\n\r\n`;

async function called(head: string, body: string) {
  const server = await startRawServer(
    answering(`HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n${head}\r\n\r\n${body}`),
  );
  return callWith(requestTo(server.url));
}

describe('a body that is encoded for its transfer is decoded,', () => {
  const gzip = gzipSync(text);
  test.each([
    ['in chunks', 'transfer-encoding: gzip, chunked', chunk(gzip)],
    ['said on two lines', 'transfer-encoding: gzip\r\ntransfer-encoding: chunked', chunk(gzip)],
    ['to the end of the connection', 'transfer-encoding: x-gzip', gzip.toString('latin1')],
    ['by deflate', 'transfer-encoding: Deflate , Chunked', chunk(deflateSync(text))],
    [
      'and its content after that',
      'transfer-encoding: gzip, chunked\r\ncontent-encoding: deflate',
      chunk(gzipSync(deflateSync(text))),
    ],
  ])('%s', async (_name, head, body) => {
    expect(await called(head, body)).toMatchObject({ failure: null, value: { body: { text } } });
  });

  test('and fails when it ends too early', async () => {
    expect(await called('transfer-encoding: gzip, chunked', chunk(gzip.subarray(0, 20)))).toMatchObject({
      failure: { code: 'truncated' },
    });
  });
});

test('a transfer-encoding means nothing where no body comes', async () => {
  const head = '\r\ntransfer-encoding: unknown\r\n\r\n';
  for (const [status, method] of [
    [200, 'HEAD'],
    [204, 'GET'],
    [304, 'GET'],
  ] as const) {
    const server = await startRawServer(answering(`HTTP/1.1 ${status} X${head}`));
    expect(await exchangeWith(requestTo(server.url, { method }))).toMatchObject({ status, failure: null });
  }
});

test('a length means nothing where no body comes', async () => {
  const server = await startRawServer(answering('HTTP/1.1 304 X\r\ncontent-length: 99999999\r\n\r\n'));
  expect(await exchangeWith(requestTo(server.url), { maxBodyBytes: 100 })).toMatchObject({
    status: 304,
    failure: null,
  });
});

test('`transferEncodings` is null for what cannot be undone', () => {
  expect(transferEncodings({})).toEqual([]);
  expect(transferEncodings({ 'transfer-encoding': 'Chunked' })).toEqual([]);
  expect(transferEncodings({ 'transfer-encoding': 'chunked, gzip' })).toBeNull();
  expect(transferEncodings({ 'transfer-encoding': 'br, chunked' })).toBeNull();
  expect(transferEncodings({ 'transfer-encoding': '' })).toBeNull();
});

test('`encodingOf` has the content’s encodings first, as they were applied', () => {
  expect(encodingOf({})).toBeUndefined();
  expect(encodingOf({ 'content-encoding': 'br', 'transfer-encoding': 'chunked' })).toBe('br');
  expect(encodingOf({ 'content-encoding': 'br', 'transfer-encoding': 'gzip, chunked' })).toBe('br, gzip');
});
