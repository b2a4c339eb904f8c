import fc from 'fast-check';
import { expect, test } from 'vitest';
import { repairHead } from '../../src/http/head.ts';
import { plainHead } from '../../src/http/plain-head.ts';

const isPlain = (text: string) => plainHead(Buffer.from(text, 'latin1')) !== 0;

test.each([
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-type: text/html\r\n\r\nhello',
  'HTTP/1.0 404\r\n\r\n',
  'HTTP/1.1 503 \r\nTransfer-Encoding: chunked\r\nX: \t\xe9\r\n\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length:12\r\ncontent-length2: x\r\ntransfer-encodinG2: x\r\n\r\n',
])('is plain: %j', (text) => {
  expect(isPlain(text)).toBe(true);
});

test.each([
  '',
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'http/1.1 200 OK\r\n\r\n',
  'HTTP/2 200 OK\r\n\r\n',
  'HTTP/1.1  200 OK\r\n\r\n',
  'HTTP/1.1 2000 OK\r\n\r\n',
  'HTTP/1.1 200 OK\n\n',
  'HTTP/1.1 200 OK\r\na: b\n\r\n',
  'HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n',
  'HTTP/1.1 200 OK\r\na : b\r\n\r\n',
  'HTTP/1.1 200 OK\r\n: b\r\n\r\n',
  'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
  'HTTP/1.1 200 OK\r\na: b\0\r\n\r\n',
  'HTTP/1.1 200 OK\r\na: b\r\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nContent-Length: 5 \r\n\r\nhello',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\n',
])('may need repair: %j', (text) => {
  expect(isPlain(text)).toBe(false);
});

test('a plain head has its length, a negative one where chunks follow', () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n';
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nx: y\r\n\r\n';
  expect(plainHead(Buffer.from(`${head}hello`))).toBe(head.length);
  expect(plainHead(Buffer.from(`${chunked}0\r\n\r\n`))).toBe(-chunked.length);
});

test('what is plain is not repaired', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '\r\n',
      '\n',
      '\r',
      ' ',
      ':',
      '\t',
      'content-length',
      'Transfer-Encoding',
      'chunked',
      '5',
      'x',
      '\0',
    ),
    fc.string({ maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const head = `HTTP/1.1 200 OK\r\na: ${pieces.join('')}\r\n\r\n`;
      const end = head.indexOf('\r\n\r\n') + 4;
      if (isPlain(head)) expect(repairHead(head.slice(0, end))).toBe(head.slice(0, end));
    }),
    { numRuns: 3000 },
  );
});
