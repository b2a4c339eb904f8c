import { connect, type Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Scope } from '../../src/flow/signals.ts';
import { ExclusiveConnections } from '../../src/http/connections.ts';
import { servedBefore } from '../../src/http/errors.ts';
import { Failure } from '../../src/record/failure.ts';
import { answering, closedPort, startRawServer } from '../support/raw-server.ts';
import { controllerFor, exchangeWith, playedAgent, requestTo, startAgent } from './calling.ts';

const stop = () => new Failure('cancelled', 'the run was stopped');
const timeout = () => new Failure('timeout', 'no answer within 1 s', { retryable: true });

/** What an exchange with a server of these bytes comes to. */
async function answerTo(bytes: string, close?: (socket: Socket) => void, maxBodyBytes = 1e6) {
  const server = await startRawServer(answering(bytes, close));
  return exchangeWith(requestTo(server.url), { maxBodyBytes });
}

describe('an answer', () => {
  test('is its status, headers and bytes as on the wire', async () => {
    const done = await answerTo('HTTP/1.1 404 Nope\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 3\r\n\r\n\xe9bc');
    expect(done).toMatchObject({ status: 404, failure: null, isKeepAliveRace: false });
    expect(done.headers).toEqual({ 'x-a': ['1', '2'], 'content-length': '3' });
    expect(done.body).toEqual(Buffer.from('\xe9bc', 'latin1'));
    expect(done.ttfbMs).toBeGreaterThanOrEqual(done.connectMs ?? Number.NaN);
  });

  test('of several pieces is one body', async () => {
    const done = await answerTo('HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n');
    expect(done).toMatchObject({ status: 200, failure: null, body: Buffer.from('abc') });
  });

  test('without a body has an empty one', async () => {
    expect(await answerTo('HTTP/1.1 204 No Content\r\n\r\n')).toMatchObject({ failure: null, body: Buffer.alloc(0) });
  });

  test('that ends with its connection is whole', async () => {
    expect(await answerTo('HTTP/1.0 200 OK\r\n\r\nabc')).toMatchObject({ failure: null, body: Buffer.from('abc') });
  });

  test('may come after some 1xx', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(3);
    const done = await answerTo(`${early}HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na`);
    expect(done).toMatchObject({ status: 200, failure: null, headers: { 'content-length': '1' } });
  });
});

const chunked = 'transfer-encoding: chunked\r\n\r\n';
test('a connection that had served others and breaks before the request is on it is a keep-alive race', async () => {
  const broken = Object.assign(new Error('read'), { code: 'ECONNRESET' });
  for (const hasServed of [true, false]) {
    const { agent, handler } = playedAgent();
    const done = exchangeWith(requestTo('http://h/'), { agent });
    servedBefore.set(broken, hasServed ? 100 : 0);
    handler().onResponseError?.(controllerFor([]), broken);
    expect(await done).toMatchObject({ isKeepAliveRace: hasServed, failure: { code: 'connect', phase: 'connect' } });
  }
});

describe('what a server should not send', () => {
  test.each([
    ['nothing', '', 'reset', 'headers'],
    ['half a head', 'HTTP/1.1 200 OK\r\ncontent-', 'reset', 'headers'],
    ['garbage', 'SSH-2.0-OpenSSH_9\r\n\r\n', 'protocol', 'headers'],
    ['HTTP/0.9', '<html>\n', 'protocol', 'headers'],
    ['NUL in a header', 'HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n', 'protocol', 'headers'],
    [
      'a switch of protocols',
      'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      'protocol',
      'headers',
    ],
    ['a bare 101', 'HTTP/1.1 101 Switching\r\n\r\n', 'protocol', 'headers'],
    ['1xx for ever', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(300), 'protocol', 'headers'],
    ['1xx for ever, of another kind', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(300), 'protocol', 'headers'],
    ['headers without end', `HTTP/1.1 200 OK\r\n${`x: ${'y'.repeat(1000)}\r\n`.repeat(400)}`, 'protocol', 'headers'],
    ['an unknown transfer-encoding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: br\r\n\r\nabc', 'protocol', 'body'],
    ['one before the chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: br, chunked\r\n\r\n0\r\n\r\n', 'protocol', 'body'],
    ['one behind them', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n', 'protocol', 'body'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc', 'protocol', 'headers'],
    ['a length and chunks', `HTTP/1.1 200 OK\r\ncontent-length: 3\r\n${chunked}0\r\n\r\n`, 'protocol', 'headers'],
    ['a negative length', 'HTTP/1.1 200 OK\r\ncontent-length: -3\r\n\r\nabc', 'protocol', 'headers'],
    ['a bad chunk', `HTTP/1.1 200 OK\r\n${chunked}zz\r\nabc\r\n`, 'protocol', 'body'],
    ['no last chunk', `HTTP/1.1 200 OK\r\n${chunked}3\r\nabc\r\n`, 'truncated', 'body'],
    ['less than its length', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc', 'truncated', 'body'],
  ])('%s', async (_name, bytes, code, phase) => {
    const done = await answerTo(bytes);
    expect(done.failure).toMatchObject({ code, phase });
    expect(done.failure?.message).toMatch(/\(127\.0\.0\.1:\d+\)$/);
  });

  test('an RST in the body keeps what came before it', async () => {
    const done = await answerTo('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc', (socket) => socket.end());
    expect(done).toMatchObject({ status: 200, body: Buffer.from('abc'), failure: { code: 'truncated' } });
  });

  test.each(['', 'connection: close\r\n'])('an RST is no end of a body that has no other one: %j', async (header) => {
    const done = await answerTo(`HTTP/1.1 200 OK\r\n${header}\r\nabc`, (socket) => {
      setTimeout(() => socket.resetAndDestroy(), 20);
    });
    expect(done).toMatchObject({ status: 200, failure: { code: 'reset', phase: 'body', retryable: true } });
  });

  test('100 times 1xx are borne', async () => {
    const done = await answerTo(
      `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)}HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na`,
    );
    expect(done).toMatchObject({ status: 200, failure: null });
  });

  test('where nobody listens it is `connect`', async () => {
    const done = await exchangeWith(requestTo(`http://127.0.0.1:${await closedPort()}`));
    expect(done).toMatchObject({ status: null, connectMs: null, ttfbMs: null });
    expect(done.failure).toMatchObject({ code: 'connect', phase: 'connect', retryable: true });
  });
});

describe('the size', () => {
  const large = 'HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n';
  test('a length that says too much fails before the body comes', async () => {
    const done = await answerTo(large, () => {}, 100);
    expect(done).toMatchObject({ status: 200, failure: { code: 'too_large', phase: 'body', retryable: false } });
    expect(done.body.length).toBe(0);
  });

  test('exactly so much is whole, one byte more is not', async () => {
    const streamed = (count: number) => `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(count)}`;
    expect((await answerTo(streamed(100), undefined, 100)).failure).toBeNull();
    expect((await answerTo(streamed(101), undefined, 100)).failure).toMatchObject({ code: 'too_large' });
  });

  test('HEAD may tell of any length', async () => {
    const server = await startRawServer(answering(large));
    const done = await exchangeWith(requestTo(server.url, { method: 'HEAD' }), { maxBodyBytes: 100 });
    expect(done).toMatchObject({ status: 200, failure: null });
  });
});

describe('cancelling', () => {
  test('before it begins sends nothing', async () => {
    const { agent, handler } = playedAgent();
    const scope = new Scope();
    const reason = stop();
    scope.cancel(reason);
    expect((await exchangeWith(requestTo('http://h/'), { agent, scope })).failure).toBe(reason);
    expect(handler).toThrow('nothing was dispatched');
  });

  test('while connecting settles at once, and the request is never sent', async () => {
    const heard: string[] = [];
    const server = await startRawServer((socket) => {
      socket.on('data', (chunk) => {
        heard.push(chunk.toString());
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      });
    });
    const connecting = Promise.withResolvers<buildConnector.Callback>();
    const open = (connected: buildConnector.Callback) => {
      const socket = connect(server.port, '127.0.0.1', () => connected(null, socket));
    };
    let opened = 0;
    const agent = new ExclusiveConnections(server.url, (_options, callback) => {
      opened += 1;
      if (opened === 1) connecting.resolve(callback);
      else open(callback);
    });
    onTestFinished(() => agent.destroy());
    const scope = new Scope();
    const first = exchangeWith(requestTo(`${server.url}/first`), { agent, scope });
    const connected = await connecting.promise;
    scope.cancel(timeout());
    const { failure, connectMs } = await first;
    expect(failure).toMatchObject({ code: 'timeout', phase: 'connect', retryable: true });
    expect(failure?.message).toMatch(/while connecting \(127/);
    expect(connectMs).toBeNull();

    open(connected);
    const second = await exchangeWith(requestTo(`${server.url}/second`), { agent });
    expect(second).toMatchObject({ status: 200, failure: null });
    expect(heard.join('')).toMatch(/^GET \/second /);
  });

  test('while waiting for the answer closes the connection', async () => {
    const asked = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const server = await startRawServer((socket) => {
      socket.on('data', () => asked.resolve());
      socket.on('close', () => left.resolve());
    });
    const scope = new Scope();
    const done = exchangeWith(requestTo(server.url), { scope });
    await asked.promise;
    scope.cancel(timeout());
    expect(await done).toMatchObject({ status: null, failure: { code: 'timeout', phase: 'headers' } });
    await left.promise;
  });

  test.each([
    ['connect', /no answer within 1 s: stopped while connecting \(h:80\)/],
    ['headers', /stopped while waiting for the answer/],
    ['body', /stopped in the middle of the body/],
  ] as const)('a timeout tells the phase it struck in: %s', async (phase, message) => {
    const { agent, handler, aborted } = playedAgent();
    const scope = new Scope();
    const done = exchangeWith(requestTo('http://h/'), { agent, scope });
    const controller = controllerFor(aborted);
    if (phase !== 'connect') handler().onRequestStart?.(controller, null);
    if (phase === 'body') handler().onResponseStart?.(controller, 200, {}, 'OK');
    scope.cancel(timeout());
    const { failure } = await done;
    expect(failure).toMatchObject({ code: 'timeout', phase, retryable: true });
    expect(failure?.message).toMatch(message);
    if (phase === 'connect') handler().onRequestStart?.(controller, null);
    expect(aborted).toHaveLength(1);
  });

  test('for any other reason keeps the reason as it is, and what came', async () => {
    const { agent, handler, aborted } = playedAgent();
    const scope = new Scope();
    const done = exchangeWith(requestTo('http://h/'), { agent, scope });
    const controller = controllerFor(aborted);
    handler().onRequestStart?.(controller, null);
    handler().onResponseStart?.(controller, 200, { a: 'b' }, 'OK');
    handler().onResponseData?.(controller, Buffer.from('abc'));
    const reason = stop();
    scope.cancel(reason);
    expect(await done).toMatchObject({ status: 200, headers: { a: 'b' }, body: Buffer.from('abc') });
    expect((await done).failure).toBe(reason);
    expect(aborted).toEqual([reason]);
  });

  test('after the end changes nothing, and no listener is left', async () => {
    const server = await startRawServer(answering('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
    const scope = new Scope();
    const listen = vi.spyOn(scope, 'onCancel');
    const done = await exchangeWith(requestTo(server.url), { scope });
    scope.cancel(stop());
    expect(done.failure).toBeNull();
    expect(listen).toHaveBeenLastCalledWith(null);
  });
});

describe('the idle timeout', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  function start() {
    const { agent, handler, aborted } = playedAgent();
    const done = exchangeWith(requestTo('http://h/'), { agent, idleTimeoutMs: 1000 });
    return { done, handler: handler(), aborted, controller: controllerFor(aborted) };
  }

  test('counts from the request, not from the wait for a connection', async () => {
    const { done, handler, aborted, controller } = start();
    vi.advanceTimersByTime(60_000);
    handler.onRequestStart?.(controller, null);
    vi.advanceTimersByTime(999);
    expect(aborted).toEqual([]);
    vi.advanceTimersByTime(1);
    expect((await done).failure).toMatchObject({ code: 'timeout', phase: 'idle', retryable: true });
    expect(aborted).toHaveLength(1);
  });

  test('begins anew with the head, with each piece of the body, and with a 1xx', async () => {
    const { done, handler, controller, aborted } = start();
    handler.onRequestStart?.(controller, null);
    vi.advanceTimersByTime(999);
    handler.onResponseStart?.(controller, 103, {}, '');
    vi.advanceTimersByTime(999);
    handler.onResponseStart?.(controller, 200, {}, 'OK');
    vi.advanceTimersByTime(999);
    handler.onResponseData?.(controller, Buffer.from('a'));
    vi.advanceTimersByTime(999);
    expect(aborted).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(await done).toMatchObject({ body: Buffer.from('a'), failure: { phase: 'idle' } });
  });

  test('is gone with the end', async () => {
    const { done, handler, controller } = start();
    handler.onRequestStart?.(controller, null);
    handler.onResponseStart?.(controller, 200, {}, 'OK');
    handler.onResponseEnd?.(controller, {});
    expect((await done).failure).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a keep-alive race', () => {
  const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';

  test.each([
    ['closed', (socket: Socket) => void socket.end()],
    ['reset', (socket: Socket) => void socket.resetAndDestroy()],
  ])('is told where a connection that had served is %s without a byte', async (_how, close) => {
    const server = await startRawServer((socket) => {
      let asked = 0;
      socket.on('data', () => {
        asked += 1;
        if (asked === 1) socket.write(ok);
        else close(socket);
      });
    });
    const agent = startAgent(1);
    expect((await exchangeWith(requestTo(server.url), { agent })).failure).toBeNull();
    const second = await exchangeWith(requestTo(server.url), { agent });
    expect(second).toMatchObject({ status: null, isKeepAliveRace: true, failure: { code: 'reset', phase: 'headers' } });
    expect(server.connections()).toBe(1);
  });

  test('is none on a fresh connection', async () => {
    expect(await answerTo('')).toMatchObject({ isKeepAliveRace: false, failure: { code: 'reset' } });
  });

  test('is none once a byte of the answer has come', async () => {
    const server = await startRawServer((socket) => {
      let asked = 0;
      socket.on('data', () => {
        asked += 1;
        if (asked === 1) socket.write(ok);
        else socket.end('HTTP/1.1 200 OK\r\ncontent-le');
      });
    });
    const agent = startAgent(1);
    await exchangeWith(requestTo(server.url), { agent });
    expect(await exchangeWith(requestTo(server.url), { agent })).toMatchObject({
      isKeepAliveRace: false,
      failure: { code: 'reset' },
    });
  });
});
