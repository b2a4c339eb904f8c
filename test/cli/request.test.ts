import { expect, test } from 'vitest';
import { lines, ndjson } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { type Call, startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

/** What the server hears when these flags come before a URL. */
async function sent(args: string[], { path = '/', files = {} as Record<string, string> } = {}): Promise<Call> {
  const server = await startServer();
  const run = await sluice(['fetch', ...args, server.at(path)], { cwd: temporaryFolder(files) });
  const [call] = server.calls;
  if (call === undefined || run.exitCode !== 0) throw new Error(`exit ${run.exitCode}: ${run.stderr}${run.stdout}`);
  expect(run.row(0).method).toBe(call.method);
  return call;
}

const form = 'application/x-www-form-urlencoded';

test('a bare GET says who asks', async () => {
  const call = await sent([]);
  expect(call).toMatchObject({ method: 'GET', body: '', path: '/' });
  expect(call.headers['user-agent']).toMatch(/^sluice\//);
  expect(call.headers).not.toHaveProperty('content-type');
});

test('-X names the method', async () => {
  expect((await sent(['-X', 'DELETE'])).method).toBe('DELETE');
  expect(await sent(['-X', 'PATCH', '-d', 'a=1'])).toMatchObject({ method: 'PATCH', body: 'a=1' });
});

test('-d makes a POST of a form; several are joined by &', async () => {
  const call = await sent(['-d', 'a=1', '--data', 'b=two words', '-d', 'c=é']);
  expect(call).toMatchObject({ method: 'POST' });
  expect(Buffer.from(call.body, 'latin1').toString()).toBe('a=1&b=two words&c=é');
  expect(call.headers['content-type']).toBe(form);
  expect(call.headers['content-length']).toBe(`${call.body.length}`);
});

test('-d @file leaves line ends out, --data-binary @file keeps them', async () => {
  const files = { 'body.txt': 'one\r\ntwo\n' };
  expect((await sent(['-d', '@body.txt'], { files })).body).toBe('onetwo');
  const binary = await sent(['--data-binary', '@body.txt'], { files });
  expect(binary).toMatchObject({ method: 'POST', body: 'one\r\ntwo\n' });
  expect(binary.headers['content-type']).toBe(form);
});

test('--data-urlencode encodes the value, not the name', async () => {
  expect((await sent(['--data-urlencode', 'q=a b&c=é', '-d', 'x=1'])).body).toBe('q=a%20b%26c%3D%C3%A9&x=1');
  expect((await sent(['--data-urlencode', 'a b'])).body).toBe('a%20b');
});

test('-G puts the data into the query', async () => {
  expect(await sent(['-G', '-d', 'a=1', '--data-urlencode', 'b=x y'])).toMatchObject({
    method: 'GET',
    path: '/?a=1&b=x%20y',
    body: '',
  });
  expect((await sent(['-G', '-d', 'b=2'], { path: '/p?a=1' })).path).toBe('/p?a=1&b=2');
});

test('--json is a POST of JSON that keeps its digits, from the command line or a file', async () => {
  const text = '{"id": 12345678901234567890}';
  for (const call of [await sent(['--json', text]), await sent(['--json', '@a.json'], { files: { 'a.json': text } })]) {
    expect(call).toMatchObject({ method: 'POST' });
    expect(call.body.replaceAll(' ', '').trim()).toBe(text.replaceAll(' ', ''));
    expect(call.headers).toMatchObject({ 'content-type': 'application/json', accept: 'application/json' });
  }
});

test('-I is HEAD', async () => {
  expect((await sent(['-I'])).method).toBe('HEAD');
});

test('-b, -e, -A and -u are headers', async () => {
  const call = await sent(['-b', 'a=1; b=2', '-e', 'http://from.example/', '-A', 'me/1', '-u', 'user:pa:ss']);
  expect(call.headers).toMatchObject({ cookie: 'a=1; b=2', referer: 'http://from.example/', 'user-agent': 'me/1' });
  expect(call.headers.authorization).toBe(`Basic ${Buffer.from('user:pa:ss').toString('base64')}`);
});

test('-H adds headers and has the last word; @file holds several', async () => {
  const files = { 'headers.txt': 'X-One: 1\r\nX-Two:  2 \n\n' };
  const call = await sent(
    ['-H', '@headers.txt', '-H', 'Content-Type: text/plain', '-H', 'User-Agent: own', '-d', 'x'],
    { files },
  );
  expect(call.headers).toMatchObject({ 'x-one': '1', 'x-two': '2', 'content-type': 'text/plain', 'user-agent': 'own' });
});

test('-H of one name twice is sent twice, as curl does; with a template too', async () => {
  const server = await startServer();
  const list = ['-H', 'X-Tag: a', '-H', 'x-tag: {{t}}', '-H', 'X-Tag: b'];
  const gone = ['-H', 'x-no: 1', '-H', 'x-no: 2', '-H', 'X-NO:', '-H', 'Accept: text/a', '-H', 'accept: text/b'];
  const input = ndjson({ t: 'one' }, { t: 'two' });
  await sluice(['fetch', '-c', '1', '--url', server.at('/'), ...list, ...gone], { input });
  expect(server.calls.map((call) => call.headers['x-tag'])).toEqual(['a, one, b', 'a, two, b']);
  expect(server.calls[0]?.headers).toMatchObject({ accept: 'text/a, text/b' });
  expect(server.calls[0]?.headers).not.toHaveProperty('x-no');
});

test('flags go to every line; a record’s own headers come before them', async () => {
  const server = await startServer();
  const input = ndjson({ url: server.at('/1'), headers: { 'X-Team': 'record' } }, { url: server.at('/2') });
  await sluice(['fetch', '-c', '1', '-H', 'x-team: flag', '-H', 'x-all: yes'], { input });
  expect(server.calls.map((call) => call.headers['x-team'])).toEqual(['record', 'flag']);
  expect(server.calls.map((call) => call.headers['x-all'])).toEqual(['yes', 'yes']);
});

test('a URL goes out as a browser would send it, without its fragment', async () => {
  const server = await startServer();
  const run = await sluice(['fetch'], { input: lines(server.at('/é ü?q=ö&r=%2F#part'), server.at('/a/../b')) });
  expect(server.calls.map((call) => call.path).sort()).toEqual(['/%C3%A9%20%C3%BC?q=%C3%B6&r=%2F', '/b']);
  expect(run.row(0).url).toBe(server.at('/é ü?q=ö&r=%2F#part'));
});

test('the host header names the port', async () => {
  const server = await startServer();
  await sluice(['fetch', server.at('/').replace('127.0.0.1', 'localhost')]);
  expect(server.calls[0]?.headers.host).toBe(server.host.replace('127.0.0.1', 'localhost'));
});
