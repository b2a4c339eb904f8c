import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Scope } from '../../src/flow/signals.ts';
import { Failure } from '../../src/record/failure.ts';
import { json, redirect, reply } from '../support/answers.ts';
import { answering, closedPort, startRawServer } from '../support/raw-server.ts';
import { startServer } from '../support/server.ts';
import { type Called, callThrough, callWith, requestTo, startAgent } from './calling.ts';

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';

/** Whether the engine may try again, and with what failure. */
function verdict(called: Called): { code: string | null; retryable: boolean } {
  if (called.kind === 'next') throw new Error('it was a redirect');
  const { failure } = called;
  return { code: failure?.code ?? null, retryable: called.kind === 'retry' && called.failure.retryable };
}

describe('an answer', () => {
  test('that counts as ok is done, with what a row needs', async () => {
    const server = await startServer({ '/a': json('{ "n": 1.0 }') });
    const called = await callWith(requestTo(`${server.url}/a?b#c`));
    expect(called).toMatchObject({
      kind: 'done',
      failure: null,
      value: { status: 200, finalUrl: `${server.url}/a?b`, body: { kind: 'json', raw: '{"n":1.0}' }, bytes: 12 },
    });
  });

  test('that does not count as ok is a failure that keeps it', async () => {
    const server = await startServer({ '/': reply(404, 'nope') });
    const called = await callWith(requestTo(server.url));
    expect(called).toMatchObject({
      kind: 'retry',
      failure: { code: 'http', retryable: false, phase: null },
      value: { status: 404, body: { text: 'nope' }, bytes: 4 },
    });
    expect(called).not.toHaveProperty('hold');
  });

  test('counts as ok as the caller says', async () => {
    const server = await startServer({ '/': reply(404) });
    expect(await callWith(requestTo(server.url), { isOk: (status) => status === 404 })).toMatchObject({
      kind: 'done',
      failure: null,
    });
  });

  test('is counted and limited decoded', async () => {
    const server = await startServer({
      '/': reply(200, gzipSync(Buffer.alloc(5000, 'a')), { 'content-encoding': 'gzip' }),
    });
    expect(await callWith(requestTo(server.url))).toMatchObject({ value: { bytes: 5000 } });
    const called = await callWith(requestTo(server.url), { maxBodyBytes: 4999 });
    expect(called).toMatchObject({ failure: { code: 'too_large' }, value: { status: 200, body: null } });
  });

  test('that is cut short keeps its status, and may be asked for again', async () => {
    const server = await startRawServer(answering('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'));
    const called = await callWith(requestTo(server.url));
    expect(called).toMatchObject({ value: { status: 200, body: null, bytes: 3 } });
    expect(verdict(called)).toEqual({ code: 'truncated', retryable: true });
  });
});

describe('what may be tried again', () => {
  const safe = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'];
  const unsafe = ['POST', 'PATCH', 'PURGE'];

  async function answered(status: number, method: string, changes: Parameters<typeof callWith>[1] = {}) {
    const server = await startServer({ '/': reply(status) });
    return verdict(await callWith(requestTo(server.url, { method }), changes));
  }

  test.each([408, 425, 429, 500, 502, 503, 504, 522, 524])('%d passes', async (status) => {
    expect((await answered(status, 'GET')).retryable).toBe(true);
  });

  test.each([400, 401, 403, 404, 409, 410, 501, 505, 511, 600])('%d does not', async (status) => {
    expect(await answered(status, 'GET')).toEqual({ code: 'http', retryable: false });
  });

  test.each(safe)('%s after any failure that passes', async (method) => {
    expect((await answered(500, method)).retryable).toBe(true);
    expect((await answered(503, method)).retryable).toBe(true);
  });

  test.each(unsafe)('%s only where the server cannot have acted', async (method) => {
    expect(await answered(500, method)).toEqual({ code: 'http', retryable: false });
    expect(await answered(504, method)).toEqual({ code: 'http', retryable: false });
    expect(await answered(429, method)).toEqual({ code: 'rate_limited', retryable: true });
    expect(await answered(503, method)).toEqual({ code: 'http', retryable: true });
    const nobody = requestTo(`http://127.0.0.1:${await closedPort()}`, { method });
    expect(verdict(await callWith(nobody))).toEqual({ code: 'connect', retryable: true });
    const silent = await startRawServer(answering(''));
    expect(verdict(await callWith(requestTo(silent.url, { method })))).toEqual({ code: 'reset', retryable: false });
  });

  test('everything, where the caller says that repeating is safe', async () => {
    expect((await answered(500, 'POST', { retriesUnsafe: true })).retryable).toBe(true);
    expect((await answered(404, 'POST', { retriesUnsafe: true })).retryable).toBe(false);
  });

  test('what the caller names, instead of the usual', async () => {
    const retryOn = (failure: Failure, status: number | null) => failure.code === 'connect' || status === 404;
    expect((await answered(404, 'GET', { retryOn })).retryable).toBe(true);
    expect((await answered(500, 'GET', { retryOn })).retryable).toBe(false);
    expect((await answered(429, 'GET', { retryOn })).retryable).toBe(false);
    expect((await answered(404, 'POST', { retryOn })).retryable).toBe(false);
    expect((await answered(404, 'POST', { retryOn, retriesUnsafe: true })).retryable).toBe(true);
  });
});

describe('a refusal holds the lane', () => {
  test.each([
    [429, { 'retry-after': '7' }, { ms: 7000 }],
    [503, { 'retry-after': '7' }, { ms: 7000 }],
    [429, {}, { ms: null }],
    [503, { 'retry-after': 'soon' }, { ms: null }],
  ])('%d with %j', async (status, headers, hold) => {
    const server = await startServer({ '/': reply(status, 'no', headers) });
    expect(await callWith(requestTo(server.url))).toMatchObject({ kind: 'retry', hold });
  });

  test('also where the job itself may not be tried again', async () => {
    const server = await startServer({ '/': reply(429, '', { 'retry-after': '7' }) });
    const called = await callWith(requestTo(server.url), { retryOn: () => false });
    expect(called).toMatchObject({ failure: { retryable: false }, hold: { ms: 7000 } });
  });

  test('any other status holds nothing, whatever it asks for', async () => {
    const server = await startServer({ '/': reply(500, '', { 'retry-after': '7' }) });
    expect(await callWith(requestTo(server.url))).not.toHaveProperty('hold');
  });
});

describe('a redirect', () => {
  test('is the next call, in its own lane', async () => {
    const server = await startServer({ '/': redirect('/x') });
    const called = await callWith(requestTo(server.url));
    expect(called).toMatchObject({
      kind: 'next',
      lane: server.host,
      state: { hops: 1, isUnsafe: false, request: { path: '/x' } },
    });
  });

  test('more than so many times is a failure that names the next place', async () => {
    const server = await startServer({ '*': redirect('/again') });
    const { called, hops } = await callThrough(requestTo(server.url), { maxRedirects: 3 });
    expect(hops).toHaveLength(3);
    expect(called).toMatchObject({ kind: 'done', failure: { code: 'redirect' }, value: { status: 302 } });
    expect(called).toMatchObject({ failure: { message: expect.stringContaining('/again') } });
  });

  test('none at all where none is wanted', async () => {
    const server = await startServer({ '/': redirect('/x') });
    const called = await callWith(requestTo(server.url), { maxRedirects: 0 });
    expect(called).toMatchObject({ kind: 'done', failure: null, value: { status: 302, body: { text: 'moved' } } });
  });

  test('to a place that must not be called is a failure that is final', async () => {
    const server = await startServer({ '/': redirect('file:///etc/passwd') });
    expect(await callWith(requestTo(server.url))).toMatchObject({
      kind: 'done',
      failure: { code: 'redirect', retryable: false },
    });
  });

  test('with a Location in UTF-8 leads where it says', async () => {
    const location = Buffer.from('/grün/日本').toString('latin1');
    const server = await startRawServer(
      answering(`HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`),
    );
    expect(await callWith(requestTo(server.url))).toMatchObject({
      state: { request: { path: '/gr%C3%BCn/%E6%97%A5%E6%9C%AC' } },
    });
  });

  test('of a POST makes the rest of the way unsafe: a 500 there repeats nothing', async () => {
    const server = await startServer({ '/': redirect('/x', 303), '/x': reply(500) });
    const { called } = await callThrough(requestTo(server.url, { method: 'POST', body: 'a' }));
    expect(verdict(called)).toEqual({ code: 'http', retryable: false });
  });

  test.each([503, 429])('of a POST that acted: a %d behind it does not post again', async (status) => {
    const server = await startServer({ '/': redirect('/x', 303), '/x': reply(status, '', { 'retry-after': '1' }) });
    const { called } = await callThrough(requestTo(server.url, { method: 'POST', body: 'a' }));
    expect(called).toMatchObject({ hold: { ms: 1000 } });
    expect(verdict(called).retryable).toBe(false);
  });

  test.each([307, 308])('of a POST by %d leaves it safe: nothing was done with it yet', async (status) => {
    const server = await startServer({ '/': redirect('/x', status), '/x': reply(503) });
    const { called, hops } = await callThrough(requestTo(server.url, { method: 'POST', body: 'a' }));
    expect(hops).toMatchObject([{ isUnsafe: false }]);
    expect(verdict(called)).toEqual({ code: 'http', retryable: true });
  });

  test('of a GET leaves it safe', async () => {
    const server = await startServer({ '/': redirect('/x'), '/x': reply(500) });
    expect(verdict((await callThrough(requestTo(server.url))).called)).toEqual({ code: 'http', retryable: true });
  });
});

/** Writes down who asks on which connection, and replies to the n-th request of each. */
async function startHearing(reply: (socket: Socket, asked: { nth: number; connection: number }) => void) {
  const heard: string[] = [];
  const server = await startRawServer((socket, connection) => {
    let nth = 0;
    socket.on('data', (chunk) => {
      heard.push(`${connection} ${chunk.toString().split(' ', 1)[0]}`);
      nth += 1;
      reply(socket, { nth, connection });
    });
  });
  return { server, heard };
}

describe('a keep-alive race', () => {
  /** Answers the first request of each connection that `serves`, and closes it at the next, unheard. */
  function startRacing(serves: (connection: number) => boolean) {
    return startHearing((socket, { nth, connection }) => {
      if (nth === 1 && serves(connection)) socket.write(ok);
      else socket.end();
    });
  }

  test('costs a GET nothing: it is sent again, on a new connection', async () => {
    const { server, heard } = await startRacing(() => true);
    const agent = startAgent(1);
    await callWith(requestTo(server.url), { agent });
    expect(await callWith(requestTo(server.url), { agent })).toMatchObject({ kind: 'done', failure: null });
    expect(heard).toEqual(['1 GET', '1 GET', '2 GET']);
  });

  test('costs a POST nothing where the connection was reset before it had left', async () => {
    const sockets: Socket[] = [];
    const heard: string[] = [];
    const server = await startRawServer((socket) => {
      sockets.push(socket);
      socket.on('data', (chunk) => {
        heard.push(chunk.toString().split(' ', 1)[0] ?? '');
        socket.write(ok);
        // Behind the third answer all other connections go.
        if (heard.length === 3) for (const other of sockets) if (other !== socket) other.resetAndDestroy();
      });
    });
    const agent = startAgent(2);
    const send = (method: string) => callWith(requestTo(server.url, { method }), { agent });
    await Promise.all([send('GET'), send('GET')]);
    await send('GET');
    for (const called of await Promise.all([send('POST'), send('POST')])) {
      expect(called).toMatchObject({ kind: 'done', failure: null });
    }
    expect(heard.slice(3)).toEqual(['POST', 'POST']);
  });

  test('is sent again once, not for ever', async () => {
    const { server, heard } = await startRacing((nth) => nth === 1);
    const agent = startAgent(1);
    await callWith(requestTo(server.url), { agent });
    expect(verdict(await callWith(requestTo(server.url), { agent }))).toEqual({ code: 'reset', retryable: true });
    expect(heard).toEqual(['1 GET', '1 GET', '2 GET']);
  });

  test('never sends a POST twice', async () => {
    const { server, heard } = await startRacing(() => true);
    const agent = startAgent(1);
    await callWith(requestTo(server.url), { agent });
    const called = await callWith(requestTo(server.url, { method: 'POST', body: 'a' }), { agent });
    expect(verdict(called)).toEqual({ code: 'reset', retryable: false });
    expect(heard).toEqual(['1 GET', '1 POST']);
  });
});

describe('what is left of an answer, and comes as the next one,', () => {
  /** Answers the first request of each connection, and has junk left for the next. */
  function startLeaving(first: string) {
    return startHearing((socket, { nth }) => void socket.write(nth === 1 ? first : 'left over\r\n'));
  }

  test('costs a GET nothing: it is sent again, on a new connection', async () => {
    const { server, heard } = await startLeaving(ok);
    const agent = startAgent(1);
    await callWith(requestTo(server.url), { agent });
    expect(await callWith(requestTo(server.url), { agent })).toMatchObject({ kind: 'done', failure: null });
    expect(heard).toEqual(['1 GET', '1 GET', '2 GET']);
  });

  test('never sends a POST twice', async () => {
    const { server, heard } = await startLeaving(ok);
    const agent = startAgent(1);
    await callWith(requestTo(server.url), { agent });
    const called = await callWith(requestTo(server.url, { method: 'POST', body: 'a' }), { agent });
    expect(verdict(called)).toEqual({ code: 'protocol', retryable: false });
    expect(heard).toEqual(['1 GET', '1 POST']);
  });

  test('is no such thing on a new connection', async () => {
    const { server, heard } = await startLeaving('left over\r\n');
    expect(verdict(await callWith(requestTo(server.url)))).toEqual({ code: 'protocol', retryable: false });
    expect(heard).toEqual(['1 GET']);
  });
});

describe('cancelling', () => {
  test('a call is done with the reason of the run', async () => {
    const scope = new Scope();
    const server = await startServer({ '/': () => scope.cancel(reason) });
    const reason = new Failure('deadline', 'the time is over');
    const called = await callWith(requestTo(server.url), { scope });
    expect(called).toMatchObject({ kind: 'done', value: { status: null, finalUrl: null, headers: null } });
    expect(called).toMatchObject({ failure: reason });
  });

  test.each([
    ['GET', true],
    ['POST', false],
  ])('a timeout of a %s: may be tried again: %s', async (method, retryable) => {
    const scope = new Scope();
    const server = await startServer({
      '/': () => scope.cancel(new Failure('timeout', 'too slow', { retryable: true })),
    });
    const called = await callWith(requestTo(server.url, { method }), { scope });
    expect(verdict(called)).toEqual({ code: 'timeout', retryable });
  });
});

test('a job that has no request is a bug to call, and says so', async () => {
  await expect(callWith(null)).rejects.toThrow('a job without a request');
});
