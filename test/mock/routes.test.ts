import { expect, test } from 'vitest';
import { handClock, start } from './start.ts';

async function ask(url: string, init: RequestInit = {}) {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

async function message(url: string): Promise<string> {
  const { error } = JSON.parse((await ask(url)).text) as { error: { code: string; message: string } };
  return `${error.code}: ${error.message}`;
}

test('`/` lists every route, and each listed path without a value says what it takes or answers', async () => {
  const { url, routes } = await start();
  const { text } = await ask(url);
  expect(JSON.parse(text)).toEqual({ routes });
  for (const { path } of routes) {
    const answer = await ask(url + path.replace(/[A-Z?[].*/, ''));
    expect([200, 400], path).toContain(answer.status);
  }
});

test('`/item/ANY` and `/fast/ANY` give back what was asked for, decoded', async () => {
  const { url } = await start();
  expect((await ask(`${url}/item/17`)).text).toBe('{"item":"17"}\n');
  expect((await ask(`${url}/fast/a%20b/%E2%82%AC?x=1`)).text).toBe('{"item":"a b/€"}\n');
});

test('`/status/N` answers with that status, and with no body where there must be none', async () => {
  const { url } = await start();
  for (const status of [200, 201, 301, 404, 418, 429, 503, 599]) {
    const answer = await ask(`${url}/status/${status}`);
    expect(answer).toMatchObject({ status, text: `{"status":${status}}\n` });
  }
  for (const status of [204, 205, 304])
    expect(await ask(`${url}/status/${status}`)).toMatchObject({ status, text: '' });
});

test('`/delay/TIME` answers when the time is over', async () => {
  const clock = handClock();
  const { url } = await start({ clock });
  const answer = ask(`${url}/delay/1.5m`);
  await clock.asleep(1);
  expect(clock.sleepers[0]?.ms).toBe(90_000);
  clock.sleepers[0]?.wake();
  expect(await answer).toMatchObject({ status: 200, text: '{"delay_ms":90000}\n' });
});

test('`/redirect/N` takes N hops to the index', async () => {
  const { url } = await start();
  const hops: (string | null)[] = [];
  for (let path: string | null = '/redirect/3'; path !== null; ) {
    const { status, headers } = await ask(url + path);
    path = headers.get('location');
    hops.push(path);
    expect(status).toBe(path === null ? 200 : 302);
  }
  expect(hops).toEqual(['/redirect/2', '/redirect/1', '/', null]);
  expect((await ask(`${url}/redirect/0`)).status).toBe(200);
});

test('`/redirect-to` goes anywhere with any redirect status, but never breaks its header', async () => {
  const { url } = await start();
  const far = await ask(`${url}/redirect-to?url=${encodeURIComponent('file:///etc/passwd?a=b')}&status=307`);
  expect([far.status, far.headers.get('location')]).toEqual([307, 'file:///etc/passwd?a=b']);
  expect((await ask(`${url}/redirect-to?url=/json`)).status).toBe(302);
  expect((await ask(`${url}/redirect-to?url=/a%0d%0ax:y`)).status).toBe(400);
  expect((await ask(`${url}/redirect-to`)).status).toBe(400);
  expect((await ask(`${url}/redirect-to?url=/json&status=200`)).status).toBe(400);
});

test('`/size/N` has exactly N bytes, around the ends of its blocks too', async () => {
  const { url } = await start();
  for (const size of [0, 1, 65_535, 65_536, 65_537, 1_000_000]) {
    const { headers, text } = await ask(`${url}/size/${size}`);
    expect([headers.get('content-length'), text.length]).toEqual([`${size}`, size]);
  }
  expect((await ask(`${url}/size/1KiB`)).text).toHaveLength(1024);
});

test('`/size` answers HEAD at once, with the length and nothing else', async () => {
  const { url } = await start();
  const { headers, text } = await ask(`${url}/size/10GiB`, { method: 'HEAD' });
  expect([headers.get('content-length'), text]).toEqual([`${10 * 1024 ** 3}`, '']);
});

test('`/drip` sends one byte at a time', async () => {
  const clock = handClock();
  const { url } = await start({ clock });
  const response = await fetch(`${url}/drip?bytes=3&every=2s`);
  const reader = response.body?.getReader();
  for (const isFirst of [true, false, false]) {
    if (!isFirst) {
      await clock.asleep(1);
      expect(clock.sleepers[0]?.ms).toBe(2000);
      clock.sleepers[0]?.wake();
    }
    expect((await reader?.read())?.value).toHaveLength(1);
  }
  expect((await reader?.read())?.done).toBe(true);
});

test('`/echo` tells the request as it came', async () => {
  const { url } = await start();
  const path = '/echo?a=1&b=2&a=3&__proto__=4';
  const { text } = await ask(url + path, { method: 'PATCH', headers: { 'X-Key': 'ü' }, body: '{"n":[1]}' });
  expect(JSON.parse(text)).toMatchObject({
    method: 'PATCH',
    url: url + path,
    path: '/echo',
    headers: { 'x-key': 'ü' },
    body: '{"n":[1]}',
    json: { n: [1] },
  });
  expect(text).toContain('"query":{"a":["1","3"],"b":"2","__proto__":"4"}');
});

test('`/echo` has `json` only when the body is JSON', async () => {
  const { url } = await start();
  const echo = async (body: string) => JSON.parse((await ask(`${url}/echo`, { method: 'POST', body })).text);
  expect(await echo('a=1')).not.toHaveProperty('json');
  expect(await echo('null')).toHaveProperty('json', null);
  const tooDeep = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
  expect((await echo(tooDeep)).body).toBe(tooDeep);
});

test('`/echo` refuses a body that a mock should not hold, and the connection lives on', async () => {
  const { url } = await start();
  const body = 'x'.repeat(40 * 1024 ** 2);
  expect((await ask(`${url}/echo`, { method: 'POST', body })).status).toBe(413);
  expect((await ask(`${url}/json`)).status).toBe(200);
});

test('`/flaky/N` fails the first N requests of each key, then answers for ever', async () => {
  const { url } = await start();
  const statuses = async (path: string) => {
    const answers: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) answers.push((await ask(url + path)).status);
    return answers;
  };
  expect(await statuses('/flaky/2')).toEqual([500, 500, 200, 200]);
  expect(await statuses('/flaky/3/a')).toEqual([500, 500, 500, 200]);
  expect(await statuses('/flaky/1/b/c')).toEqual([500, 200, 200, 200]);
  expect(await statuses('/flaky/2')).toEqual([200, 200, 200, 200]);
});

test('`/retry-after/SECONDS/KEY` refuses the first request of each key', async () => {
  const { url } = await start();
  const first = await ask(`${url}/retry-after/7/a`);
  expect([first.status, first.headers.get('retry-after')]).toEqual([429, '7']);
  expect((await ask(`${url}/retry-after/7/a`)).status).toBe(200);
  expect((await ask(`${url}/retry-after/7/b`)).status).toBe(429);
});

test('an unknown path is 404 and points to `/`', async () => {
  const { url } = await start();
  for (const path of ['/nope', '/json/more', '/drip/more', '//', '/statuses/200']) {
    expect((await ask(url + path)).status, path).toBe(404);
    expect(await message(url + path)).toBe(`not_found: no route ${path}; GET / lists them`);
  }
});

test('a value that cannot be is 400 and says what was expected', async () => {
  const { url } = await start();
  const expectations = {
    '/status/600': '/status/N: expected a whole number from 200 to 599, got `600`',
    '/status': '/status/N: expected something in that place',
    '/delay/2h': '/delay/TIME: expected at most 1h',
    '/delay/soon': '/delay/TIME: expected a duration like 500ms, 30s or 5m (at most 24 days), got `soon`',
    '/size/11GiB': '/size/N: expected at most 10GiB',
    '/drip?every=x': '/drip?bytes=10&every=100ms: expected a duration like 500ms, 30s or 5m (at most 24 days), got `x`',
    '/item/%ff': '/item/ANY: expected percent-encoded UTF-8, got `%ff`',
    '/flaky/x/y': '/flaky/N[/KEY]: expected a whole number from 0 to 1000000, got `x`',
  };
  for (const [path, expected] of Object.entries(expectations)) {
    expect(await message(url + path)).toBe(`bad_request: ${expected}`);
  }
});
