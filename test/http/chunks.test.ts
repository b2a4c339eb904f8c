import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Chunks } from '../../src/http/chunks.ts';
import { startRawServer } from '../support/raw-server.ts';
import { exchangeWith, requestTo, startAgent } from './calling.ts';

/** What a strict parser is given, of these pieces one after the other; null when they make no sense. */
function repaired(...pieces: string[]): string | null {
  const chunks = new Chunks();
  let all = '';
  for (const piece of pieces) {
    const given = chunks.take(Buffer.from(piece, 'latin1'));
    if (given === null) return null;
    all += given.toString('latin1');
  }
  return all;
}

const plain = '5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n';

describe('chunks', () => {
  test('that follow the RFC are passed on as they are, without a copy', () => {
    const bytes = Buffer.from(plain);
    const given = new Chunks().take(bytes);
    expect(given).toEqual(bytes);
    expect(given?.buffer).toBe(bytes.buffer);
  });

  test.each([
    ['bare line feeds', '5\nhello\nA\n0123456789\n0\n\n'],
    ['some bare line feeds', '5\nhello\r\nA\r\n0123456789\n0\n\r\n'],
    ['extensions', '5;a\r\nhello\r\nA ; b = "c;\xe9"\r\n0123456789\r\n0;last\r\n\r\n'],
    ['white space behind a size', '5  \r\nhello\r\nA\t\r\n0123456789\r\n0 \r\n\r\n'],
    ['an empty extension', '5;\r\nhello\r\nA\r\n0123456789\r\n0;\r\n\r\n'],
    ['trailers', '5\r\nhello\r\nA\r\n0123456789\r\n0\r\na: b\r\n: c\r\nd e: f\r\n g\r\ncontent-length: 9\r\n\r\n'],
  ])('with %s mean the same, cut anywhere', (_name, text) => {
    expect(repaired(text)).toBe(plain);
    expect(repaired(...text.split(''))).toBe(plain);
    for (let cut = 1; cut < text.length; cut++) expect(repaired(text.slice(0, cut), text.slice(cut))).toBe(plain);
  });

  test.each([
    ['a size that is none', 'g\r\n'],
    ['no size', '\r\n5\r\nhello\r\n'],
    ['white space before a size', ' 5\r\nhello\r\n'],
    ['a size with a sign', '+5\r\nhello\r\n'],
    ['a size with a prefix', '0x5\r\nhello\r\n'],
    ['more digits than curl takes', '00000000000000005\r\nhello\r\n'],
    ['a size that is no number any more', 'FFFFFFFFFFFFFFFF\r\nhello\r\n'],
    ['words behind a size', '5 five\r\nhello\r\n'],
    ['a bare carriage return behind a size', '5\rhello\r\n0\r\n\r\n'],
    ['two carriage returns', '5\r\r\nhello\r\n'],
    ['a control character in an extension', '5;\0\r\nhello\r\n'],
    ['less data than its size', '7\r\nhello\r\n0\r\n\r\n'],
    ['more data than its size', '4\r\nhello\r\n0\r\n\r\n'],
    ['more data, without an end', '4\r\nhello'],
    ['a carriage return alone behind data', '5\r\nhello\rX'],
    ['a bare carriage return at the end', '0\r\n\rX\r\n'],
    ['a trailer without a colon', '0\r\ntrailer\r\n\r\n'],
    ['a NUL in a trailer', '0\r\na: \0\r\n\r\n'],
    ['a line without an end', `5;${'x'.repeat(70_000)}`],
    ['trailers without end', `0\r\n${'a: b\r\n'.repeat(20_000)}`],
  ])('with %s make no sense', (_name, text) => {
    expect(repaired(text)).toBeNull();
  });

  test('are done at the empty line behind the last one: the rest is no body', () => {
    const chunks = new Chunks();
    expect(chunks.take(Buffer.from('0\r\n'))?.toString()).toBe('0\r\n');
    expect(chunks.isDone).toBe(false);
    expect(chunks.take(Buffer.from('\nHTTP/1.1 200 OK\r'))?.toString()).toBe('\r\nHTTP/1.1 200 OK\r');
    expect(chunks.isDone).toBe(true);
  });

  test('of any data are what they were, cut anywhere', () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 5 });
    fc.assert(
      fc.property(pieces, fc.nat(), fc.nat(), (datas, one, other) => {
        const text = [...datas, new Uint8Array()]
          .map((data) => `${data.length.toString(16)}\r\n${Buffer.from(data).toString('latin1')}\r\n`)
          .join('');
        const [from, to] = [one % text.length, other % text.length].toSorted((a, b) => a - b);
        expect(repaired(text.slice(0, from), text.slice(from, to), text.slice(to))).toBe(text);
      }),
    );
  });
});

const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

test('a body in odd chunks comes whole to one who takes it slowly, and the connection is used again', async () => {
  const chunk = `1000;x\n${'a'.repeat(4096)}\n`;
  const count = 500;
  const server = await startRawServer((socket) => {
    socket.on('data', () => socket.write(`${head}${chunk.repeat(count)}0\n\n`));
  });
  const agent = startAgent(1);
  for (let call = 0; call < 2; call++) {
    let seen = 0;
    const sink = {
      head: () => {},
      data: async (bytes: Buffer) => {
        seen += bytes.length;
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
    const done = await exchangeWith(requestTo(server.url), { agent, maxBodyBytes: 1e8, sink });
    expect(done).toMatchObject({ status: 200, failure: null });
    expect(seen).toBe(4096 * count);
  }
  expect(server.connections()).toBe(1);
});

test('chunks that make no sense are a `protocol` failure in the body', async () => {
  const server = await startRawServer((socket) =>
    socket.on('data', () => socket.write(`${head}6\r\xffhello\r\n0\r\n\r\n`)),
  );
  const done = await exchangeWith(requestTo(server.url));
  expect(done).toMatchObject({ status: 200, failure: { code: 'protocol', phase: 'body' } });
});

test.each([
  ['HEAD', 200],
  ['GET', 204],
])('chunks that are spoken of but do not come, to %s with %i, are not waited for', async (method, status) => {
  const bodiless = head.replace('200 OK', `${status} X`);
  const server = await startRawServer((socket) => socket.on('data', () => socket.write(bodiless)));
  const agent = startAgent(1);
  for (let call = 0; call < 3; call++) {
    const done = await exchangeWith(requestTo(server.url, { method }), { agent });
    expect(done).toMatchObject({ status, failure: null });
  }
});
