import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { answering, startRawServer } from '../support/raw-server.ts';
import { exchangeWith, requestTo, startAgent } from './calling.ts';

async function answerTo(bytes: string) {
  const server = await startRawServer(answering(bytes));
  return exchangeWith(requestTo(server.url));
}

describe('what curl takes is taken', () => {
  test.each([
    ['bare line feeds', 'HTTP/1.1 200 OK\ncontent-length: 5\n\nhello'],
    ['a 100 first', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'],
    ['a folded header', 'HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 5\r\n\r\nhello'],
    ['the same length twice', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\nhello'],
    ['a length with white space', 'HTTP/1.1 200 OK\r\ncontent-length: 5 \r\n\r\nhello'],
    ['no encoding that is called one', 'HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\nhello'],
    [
      'white space behind a chunk’s size',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5  \r\nhello\r\n0\r\n\r\n',
    ],
    ['bare line feeds between chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\nhello\n0\n\n'],
    [
      'trailers that are none in the RFC’s words',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\na b: c\r\n d\r\ncontent-length: 3\r\n\r\n',
    ],
    ['100 kB of headers', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\ncontent-length: 5\r\n\r\nhello`],
  ])('%s', async (_name, bytes) => {
    expect(await answerTo(bytes)).toMatchObject({ status: 200, failure: null, body: Buffer.from('hello') });
  });

  test('a line end behind a body, before the next answer', async () => {
    const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';
    const server = await startRawServer((socket, nth) => {
      let requests = 0;
      socket.on('data', () => socket.write(requests++ === 0 ? answer : `\r\n${answer}`));
      if (nth > 1) socket.destroy();
    });
    const agent = startAgent(1);
    for (let call = 0; call < 3; call++)
      expect(await exchangeWith(requestTo(server.url), { agent })).toMatchObject({ failure: null, status: 200 });
    expect(server.connections()).toBe(1);
  });
});

/** Writes the pieces one after the other, each on its own. */
function inPieces(pieces: readonly string[]) {
  return (socket: Socket): void => {
    socket.setNoDelay(true);
    const [first = '', ...others] = pieces;
    const write = (piece: string, rest: readonly string[]): void => {
      socket.write(piece, 'latin1', () =>
        setImmediate(() => {
          const [next, ...later] = rest;
          if (next === undefined) socket.end();
          else write(next, later);
        }),
      );
    };
    socket.once('data', () => write(first, others));
  };
}

describe('a head is the same, usual or not,', () => {
  const answers = [
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    'HTTP/1.1 103 Early\n\nHTTP/2 200\nx: a\n b\nContent-Length: 2 \n\nok',
    'HTTP/1.1 100 Continue\r\n\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    'HTTP/1.1 100 Continue\n\n\r\n\n\r\nHTTP/1.1 103 Early\r\n\r\n\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    'HTTP/1.1 103 Early\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Working\r\n\r\nHTTP/2 200\r\ncontent-length: 2\r\n\r\nok',
  ];

  test('cut at every place', async () => {
    for (const answer of answers) {
      for (let cut = 1; cut < answer.length; cut++) {
        const server = await startRawServer(inPieces([answer.slice(0, cut), answer.slice(cut)]));
        const done = await exchangeWith(requestTo(server.url));
        expect(done, `cut at ${cut}`).toMatchObject({ status: 200, failure: null, body: Buffer.from('ok') });
      }
    }
  });

  test('byte by byte, and with a 1xx and the beginning of the next head in one piece', async () => {
    for (const answer of answers) {
      const server = await startRawServer(inPieces(answer.split('')));
      const whole = { status: 200, failure: null, body: Buffer.from('ok') };
      expect(await exchangeWith(requestTo(server.url)), answer).toMatchObject(whole);
      const behind = answer.lastIndexOf('HTTP/') + 1;
      const pieces = [answer.slice(0, behind), ...answer.slice(behind).split('')];
      const other = await startRawServer(inPieces(pieces));
      expect(await exchangeWith(requestTo(other.url)), answer).toMatchObject(whole);
    }
  });

  test('with a body that begins with line ends', async () => {
    const answer = 'HTTP/1.1 100 Continue\r\n\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 4\n\n\r\n\r\n';
    for (let cut = 1; cut < answer.length; cut++) {
      const server = await startRawServer(inPieces([answer.slice(0, cut), answer.slice(cut)]));
      const done = await exchangeWith(requestTo(server.url));
      expect(done, `cut at ${cut}`).toMatchObject({ status: 200, failure: null, body: Buffer.from('\r\n\r\n') });
    }
  });

  test('with a 1xx that needs no repair before one that does', async () => {
    const server = await startRawServer(answering('HTTP/1.1 103 Early\r\n\r\nHTTP/2 200\ncontent-length: 2\n\nok'));
    expect(await exchangeWith(requestTo(server.url))).toMatchObject({ status: 200, failure: null });
  });
});

describe('a head that breaks off', () => {
  const head = 'HTTP/1.1 200 OK\r\nx: 1\r\ncontent-length: 2\r\n';

  test('says so, wherever it is cut, and is no keep-alive race', async () => {
    for (const pieces of [[head], ['H'], ['HTTP/1.1 100 Continue\r\n\r\n', head], ['HTTP/1.1 200 OK\n', 'x: 1\n']]) {
      const server = await startRawServer(inPieces(pieces));
      expect(await exchangeWith(requestTo(server.url))).toMatchObject({
        status: null,
        isKeepAliveRace: false,
        failure: {
          code: 'reset',
          phase: 'headers',
          message: expect.stringContaining("in the middle of the answer's headers"),
        },
      });
    }
  });

  test('and by a reset', async () => {
    const server = await startRawServer((socket) => {
      socket.once('data', () => socket.write(head, () => setImmediate(() => socket.resetAndDestroy())));
    });
    const { failure } = await exchangeWith(requestTo(server.url));
    expect(failure).toMatchObject({ code: 'reset', message: expect.stringContaining('in the middle of') });
  });

  test('a connection that is closed before it is another matter', async () => {
    const server = await startRawServer(answering(''));
    const { failure } = await exchangeWith(requestTo(server.url));
    expect(failure).toMatchObject({ code: 'reset', message: expect.stringContaining('without an answer') });
  });
});

test('a header line of more than 100 KiB is refused, and said so', async () => {
  for (const value of [`x: ${'y'.repeat(102_500)}\r\n`, `x: ${'y'.repeat(60_000)}\r\n ${'z'.repeat(60_000)}\r\n`]) {
    const { failure } = await answerTo(`HTTP/1.1 200 OK\r\n${value}content-length: 5\r\n\r\nhello`);
    expect(failure).toMatchObject({
      code: 'protocol',
      phase: 'headers',
      message: expect.stringContaining('longer than 102400 bytes'),
    });
  }
});
