import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { drip, holdAnswers, late, reply, stall } from '../support/answers.ts';
import { lines } from '../support/input.ts';
import { answering, closedPort, startRawServer } from '../support/raw-server.ts';
import { startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

const once = ['fetch', '--retries', '0'];

describe('no connection', () => {
  test('nobody listens: `connect`', async () => {
    const run = await sluice([...once, `http://127.0.0.1:${await closedPort()}/`]);
    expect(run.exitCode).toBe(1);
    expect(run.row(0)).toMatchObject({ status: null, final_url: null, bytes: null, attempts: 1 });
    expect(run.row(0).error).toMatchObject({
      code: 'connect',
      phase: 'connect',
      retryable: true,
      cause: { code: 'ECONNREFUSED' },
    });
  });

  test('a name that does not exist: `dns`, not retried', async () => {
    // A label of 64 characters cannot exist, and no resolver is asked to find that out.
    const run = await sluice(['fetch', '--retry-delay', '1ms'], {
      input: lines(`http://${'x'.repeat(64)}.invalid/`, 'http://nope.invalid/'),
    });
    for (const row of run.rows) expect(row.error).toMatchObject({ code: 'dns', phase: 'connect' });
    expect(run.row(0)).toMatchObject({ attempts: 1, status: null });
  });

  test('TLS to a server that speaks none: `tls`, not retried', async () => {
    const server = await startServer();
    const run = await sluice(['fetch', '--retry-delay', '1ms', server.at('/').replace('http:', 'https:')]);
    expect(run.row(0)).toMatchObject({ attempts: 1, error: { code: 'tls', retryable: false } });
  });
});

describe('the clocks', () => {
  test('--timeout: silence after the request is phase `headers`, a body that drips or stalls is phase `body`', async () => {
    const server = await startServer({ '/silent': holdAnswers().handler, '/drip': drip, '/stall': stall });
    const input = lines(server.at('/silent'), server.at('/drip'), server.at('/stall'));
    const run = await sluice([...once, '--timeout', '300ms'], { input });
    expect([0, 1, 2].map((index) => run.row(index).error?.code)).toEqual(['timeout', 'timeout', 'timeout']);
    expect([0, 1, 2].map((index) => run.row(index).error?.phase)).toEqual(['headers', 'body', 'body']);
    expect(run.row(0)).toMatchObject({ status: null, error: { retryable: true } });
    expect(run.row(0).duration_ms).toBeGreaterThanOrEqual(295);
  });

  test('--idle-timeout: silence between two bytes is phase `idle`; a drip goes on', async () => {
    const server = await startServer({ '/stall': stall, '/drip': drip });
    // A byte every 5 ms, and yet a busy machine may keep all of them back for a while.
    const args = [...once, '--idle-timeout', '500ms', '--timeout', '1100ms'];
    const run = await sluice(args, { input: lines(server.at('/stall'), server.at('/drip')) });
    expect(run.row(0).error).toMatchObject({ code: 'timeout', phase: 'idle' });
    expect(run.row(1).error).toMatchObject({ code: 'timeout', phase: 'body' });
  });

  test('--connect-timeout: a TLS handshake that is never answered is phase `connect`', async () => {
    const server = await startRawServer(() => {});
    const run = await sluice([...once, '--connect-timeout', '200ms', `https://127.0.0.1:${server.port}/`]);
    expect(run.row(0).error).toMatchObject({ code: 'timeout', phase: 'connect' });
  });

  test('--timeout ends a connection that is still being made', async () => {
    const server = await startRawServer(() => {});
    const run = await sluice([...once, '--timeout', '200ms', `https://127.0.0.1:${server.port}/`]);
    expect(run.row(0).error).toMatchObject({ code: 'timeout', phase: 'connect' });
  });

  test('waiting for a slot does not use up the timeout', async () => {
    const server = await startServer({ '*': late(100, reply(200, 'ok')) });
    const input = lines(...Array.from({ length: 8 }, (_, at) => server.at(`/${at}`)));
    const run = await sluice([...once, '-c', '1', '--timeout', '500ms'], { input });
    expect(run.exitCode).toBe(0);
  });
});

describe('what is no HTTP', () => {
  const head = 'HTTP/1.1 200 OK\r\n';
  const replies: [name: string, bytes: string][] = [
    ['garbage', '\u0000\u0001\u0002garbage\r\n\r\n'],
    ['HTTP/0.9', 'hello'],
    ['a foreign protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['a bare 101', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'],
    ['two content-lengths', `${head}content-length: 2\r\ncontent-length: 3\r\n\r\nabc`],
    ['content-length and chunked together', `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a negative content-length', `${head}content-length: -1\r\n\r\n`],
    ['a transfer-encoding that nobody knows', `${head}transfer-encoding: br, chunked\r\n\r\n0\r\n\r\n`],
    ['a chunk size that is none', `${head}transfer-encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n`],
    ['NUL in a header', `${head}a: b\u0000c\r\ncontent-length: 0\r\n\r\n`],
    ['a head without end', `${head}${'a: b\r\n'.repeat(100_000)}`],
  ];
  test('each is a `protocol` failure, and the run goes on', async () => {
    const urls = await Promise.all(replies.map(async ([, bytes]) => (await startRawServer(answering(bytes))).url));
    const server = await startServer();
    const run = await sluice([...once, '--timeout', '5s'], { input: lines(...urls, server.at('/')) });
    const seen = replies.map(([name], index) => `${name}: ${run.row(index).error?.code}`);
    expect(seen).toEqual(replies.map(([name]) => `${name}: protocol`));
    expect(run.row(replies.length).ok).toBe(true);
  });
});

describe('what breaks off', () => {
  const reset = (socket: Socket): void => void socket.resetAndDestroy();

  test('before the answer: `reset`', async () => {
    const closed = await startRawServer(answering(''));
    const wasReset = await startRawServer(answering('', reset));
    const inHead = await startRawServer(answering('HTTP/1.1 200 OK\r\ncontent-', reset));
    const run = await sluice(once, { input: lines(closed.url, wasReset.url, inHead.url) });
    expect([0, 1, 2].map((index) => run.row(index).error?.code)).toEqual(['reset', 'reset', 'reset']);
    expect(run.row(0)).toMatchObject({ status: null, error: { retryable: true } });
  });

  test('in the body: `truncated`, for a short content-length and for a missing last chunk', async () => {
    const short = await startRawServer(answering('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'));
    const unchunked = await startRawServer(
      answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'),
    );
    const wasReset = await startRawServer(answering('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', reset));
    const run = await sluice(once, { input: lines(short.url, unchunked.url, wasReset.url) });
    expect([0, 1].map((index) => run.row(index).error?.code)).toEqual(['truncated', 'truncated']);
    expect(['truncated', 'reset']).toContain(run.row(2).error?.code);
  });

  test('a body that ends with its connection, as HTTP/1.0 does, is whole', async () => {
    const server = await startRawServer(answering('HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\nall of it'));
    expect((await sluice([...once, server.url])).row(0)).toMatchObject({ ok: true, body: 'all of it' });
  });

  test('an idle connection that the server closes as the next request comes costs nothing', async () => {
    const server = await startRawServer((socket) => {
      let requests = 0;
      socket.on('data', () => {
        requests++;
        if (requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
        else socket.end(); // no byte of answer on a used connection
      });
    });
    const run = await sluice([...once, '-c', '1'], {
      input: lines(`${server.url}/1`, `${server.url}/2`, `${server.url}/3`),
    });
    expect(run.exitCode).toBe(0);
  });
});

test('a failure keeps what came: status, body, bytes, final_url', async () => {
  const server = await startServer({ '/': reply(403, 'go away') });
  const run = await sluice([...once, server.at('/')]);
  expect(run.row(0)).toMatchObject({ ok: false, status: 403, body: 'go away', bytes: 7, final_url: server.at('/') });
  expect(run.row(0).error).toMatchObject({ code: 'http', phase: null, retryable: false });
});
