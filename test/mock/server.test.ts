import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Agent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { handClock, start } from './start.ts';

test('requests above the rate get 429 with the whole seconds to wait, at least one', async () => {
  const clock = handClock();
  const { url } = await start({ clock, rate: { count: 2, windowMs: 3000 } });
  const ask = async () => {
    const { statusCode, headers, body } = await request(url);
    return [statusCode, headers['retry-after'], ((await body.json()) as { error?: { code: string } }).error?.code];
  };
  expect([await ask(), await ask()]).toEqual([
    [200, undefined, undefined],
    [200, undefined, undefined],
  ]);
  expect(await ask()).toEqual([429, '3', 'rate_limited']);
  clock.advance(1500);
  expect(await ask()).toEqual([429, '2', 'rate_limited']);
  clock.advance(1499);
  expect(await ask()).toEqual([429, '1', 'rate_limited']);
  clock.advance(1);
  expect(await ask()).toEqual([200, undefined, undefined]);
});

test('requests above the concurrency get 503 at once, and a slot is free again when its answer is sent', async () => {
  const clock = handClock();
  const { url } = await start({ clock, maxConcurrency: 2 });
  const running = [fetch(`${url}/delay/1s`), fetch(`${url}/delay/1s`)];
  await clock.asleep(2);
  const refused = await fetch(`${url}/json`);
  expect([refused.status, await refused.json()]).toEqual([
    503,
    { error: { code: 'overloaded', message: 'more than 2 requests at once' } },
  ]);
  clock.sleepers[0]?.wake();
  await Promise.race(running);
  expect((await fetch(`${url}/json`)).status).toBe(200);
  clock.sleepers[0]?.wake();
  await Promise.all(running);
});

test('a client that leaves takes its timer and its slot with it', async () => {
  const clock = handClock();
  const mock = await start({ clock, maxConcurrency: 1 });
  for (const path of ['/delay/1h', '/drip?every=1h']) {
    const client = new AbortController();
    const answer = fetch(mock.url + path, { signal: client.signal }).then((response) => response.text());
    await clock.asleep(1);
    client.abort();
    await expect(answer).rejects.toThrow('aborted');
    await clock.asleep(0);
  }
  expect((await fetch(`${mock.url}/json`)).status).toBe(200);
});

test('clients that leave in the middle of a body, of an upload or of a queue leave nothing behind', async () => {
  const clock = handClock();
  const mock = await start({ clock });
  const host = 'Host: x\r\n\r\n';
  for (const half of [
    `GET /size/1GiB HTTP/1.1\r\n${host}`,
    `GET /delay/1h HTTP/1.1\r\n${host}GET /size/1GiB HTTP/1.1\r\n${host}GET /delay/1h HTTP/1.1\r\n${host}`,
    `POST /echo HTTP/1.1\r\nContent-Length: 100\r\nExpect: 100-continue\r\n${host}half`,
  ]) {
    const socket = connect(Number(new URL(mock.url).port), '127.0.0.1');
    socket.write(half);
    await (half.includes('/delay') ? clock.asleep(2) : once(socket, 'data'));
    expect(mock.running()).toBeGreaterThan(0);
    socket.resetAndDestroy();
    await expect.poll(() => mock.running()).toBe(0);
    expect(clock.sleepers).toEqual([]);
  }
});

test('the latency comes before every answer, and the share asked for fails', async () => {
  const clock = handClock();
  const { url } = await start({ clock, latencyMs: 50, failShare: 1 });
  const answer = fetch(`${url}/json`);
  await clock.asleep(1);
  expect(clock.sleepers[0]?.ms).toBe(50);
  clock.sleepers[0]?.wake();
  expect((await answer).status).toBe(500);
});

test('`stop` lets running answers finish, on a connection that is then closed, and closes the idle ones at once', async () => {
  const clock = handClock();
  const mock = await start({ clock });
  const agent = new Agent({ connections: 3 });
  onTestFinished(() => agent.destroy());
  const idle = await request(`${mock.url}/json`, { dispatcher: agent });
  await idle.body.dump();
  const halfRequest = connect(Number(new URL(mock.url).port), '127.0.0.1');
  halfRequest.on('error', () => {});
  await once(halfRequest, 'connect');
  halfRequest.write('GET / HTTP/1.1\r\nHo');
  const delayed = fetch(`${mock.url}/delay/1h`);
  const dripping = await fetch(`${mock.url}/drip?bytes=2&every=1h`);
  await clock.asleep(2);

  const stopped = mock.stop();
  await once(halfRequest, 'close');
  await expect(fetch(`${mock.url}/json`)).rejects.toThrow();
  expect(mock.running()).toBe(2);
  for (const { wake } of clock.sleepers.splice(0)) wake();
  const answer = await delayed;
  expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
  expect(await dripping.text()).toBe('..');
  await stopped;
  expect(mock.running()).toBe(0);
});

test('`stop` does not cut an answer that its client has not read yet', async () => {
  const upload = { method: 'POST', body: 'x'.repeat(15 * 1024 ** 2) } as const;
  for (const [path, options] of [['/size/50MiB'], ['/echo', upload]] as const) {
    const mock = await start();
    const { body, headers } = await request(mock.url + path, options);
    const stopped = mock.stop();
    expect((await text(body)).length).toBe(Number(headers['content-length']));
    await stopped;
  }
});

test('`drop` ends every answer at once', async () => {
  const clock = handClock();
  const mock = await start({ clock });
  const answer = fetch(`${mock.url}/delay/1h`);
  await clock.asleep(1);
  const stopped = mock.stop();
  mock.drop();
  await expect(answer).rejects.toThrow('fetch failed');
  await stopped;
  expect([mock.running(), clock.sleepers]).toEqual([0, []]);
});

test('`startMock` rejects when the port is taken', async () => {
  const { url } = await start();
  await expect(start({ port: Number(new URL(url).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
