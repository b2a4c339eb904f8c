import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { DirectReading } from '../../src/http/direct-reading.ts';
import { listen } from '../support/listen.ts';

/** A socket that is read directly, and the server's side of it. */
async function connection(): Promise<{ client: Socket; server: Socket }> {
  const listener = createServer();
  const { port } = await listen(listener);
  const accepted = once(listener, 'connection');
  const reading = new DirectReading();
  const client = connect({ port, host: '127.0.0.1', onread: reading.onread });
  reading.attach(client);
  onTestFinished(() => void client.destroy());
  const [server] = (await accepted) as [Socket];
  return { client, server };
}

/** All that is there now. */
function taken(socket: Socket): string {
  const chunks: Buffer[] = [];
  for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Takes bytes as they come, until `length` are there. */
async function takenUntil(socket: Socket, length: number): Promise<string> {
  let all = taken(socket);
  while (all.length < length) {
    await once(socket, 'readable');
    all += taken(socket);
  }
  return all;
}

test('bytes can be read in the turn in which they come, and stay as they are when others follow', async () => {
  const { client, server } = await connection();
  server.write('first');
  await once(client, 'readable');
  const first = client.read();
  server.write('other');
  await once(client, 'readable');
  expect(`${first} ${client.read()}`).toBe('first other');
  expect(client.read()).toBeNull();
});

test('sockets that read in turns, much or little at a time, do not mix their bytes', async () => {
  const connections = await Promise.all([connection(), connection(), connection()]);
  const texts = ['a', 'b', 'c'].map((name) => Array.from({ length: 200_000 }, (_, at) => `${name}${at}`).join(' '));
  for (const [at, { server }] of connections.entries()) {
    const text = texts[at] ?? '';
    const little = text.slice(0, 5000).match(/.{1,100}/gs) ?? [];
    for (const piece of little) server.write(piece);
    server.write(text.slice(5000));
  }
  const taken = connections.map(({ client }, at) => takenUntil(client, texts[at]?.length ?? 0));
  // Not `toEqual`: what differs would be a megabyte.
  expect((await Promise.all(taken)).map((text, at) => text === texts[at])).toEqual([true, true, true]);
});

test('nothing more is read while nobody takes the bytes, and all of it when somebody does', async () => {
  const { client, server } = await connection();
  const long = 32 * 1024 ** 2;
  server.write('x'.repeat(long));
  await once(client, 'readable');
  const before = client.bytesRead;
  // The server cannot get rid of more than the buffers between the two take.
  await new Promise((resolve) => setImmediate(resolve));
  expect(client.bytesRead).toBe(before);
  expect(server.writableLength).toBeGreaterThan(0);
  expect((await takenUntil(client, long)).length).toBe(long);
});

test('the end comes behind bytes that nobody has taken', async () => {
  const { client, server } = await connection();
  let hasEnded = false;
  client.on('end', () => {
    hasEnded = true;
  });
  const sent = once(server, 'finish');
  server.end('the last words');
  await Promise.all([sent, once(client, 'readable')]);
  expect(hasEnded).toBe(false);
  expect(taken(client)).toBe('the last words');
  await once(client, 'end');
});

test('bytes that are given back are the next to come', async () => {
  const { client, server } = await connection();
  server.write('abc');
  await once(client, 'readable');
  client.read();
  client.unshift(Buffer.from('bc'));
  client.unshift(Buffer.alloc(0));
  server.write('def');
  expect(await takenUntil(client, 5)).toBe('bcdef');
});
