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
    ['bare line feeds between chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\nhello\n0\r\n\r\n'],
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

test('a head cut at every place is the same head, usual or not', async () => {
  const answers = [
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    'HTTP/1.1 103 Early\n\nHTTP/2 200\nx: a\n b\nContent-Length: 2 \n\nok',
  ];
  for (const answer of answers) {
    for (let cut = 1; cut < answer.length; cut++) {
      const server = await startRawServer((socket) => {
        socket.once('data', () => {
          socket.write(answer.slice(0, cut), () => setImmediate(() => socket.end(answer.slice(cut))));
        });
      });
      const done = await exchangeWith(requestTo(server.url));
      expect(done, `cut at ${cut}`).toMatchObject({ status: 200, failure: null, body: Buffer.from('ok') });
    }
  }
});
