import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { json, reply } from '../support/answers.ts';
import { lines, ndjson } from '../support/input.ts';
import { type Handler, startServer } from '../support/server.ts';
import { type Ended, sluice } from '../support/sluice.ts';

/** One run over URLs that answer so, rows in their order. */
async function fetchEach(handlers: readonly Handler[], ...args: string[]): Promise<Ended> {
  const server = await startServer();
  const urls = handlers.map((handler, at) => server.at(`/${at}`, handler));
  return await sluice(['fetch', '--retries', '0', '--ordered', ...args, ...urls]);
}

const typed = (type: string, content: string | Uint8Array, headers = {}) =>
  reply(200, content, { 'content-type': type, ...headers });
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

describe('JSON', () => {
  test('a body keeps every digit and key as the server sent it; only white space goes', async () => {
    const text =
      '{"id": 1234567890123456789, "price": 1.10, "big": 1E400,\r\n "same": 1, "same": 2, "10": 0, "9": 0, "__proto__": []}';
    const run = await fetchEach([json(text)]);
    expect(run.exitCode).toBe(0);
    expect(run.lines[0]).toContain(`"body":${text.replace(/\s/g, '')}`);
    expect(run.row(0).bytes).toBe(text.length);
  });

  test('space inside strings stays, escapes mean the same', async () => {
    const value = { 'a b': ' "x\\ \n\t\u2028\u0085é🙂', list: [1, [], {}, '', null, false] };
    const run = await fetchEach([json(JSON.stringify(value, null, 2))]);
    expect(run.row(0).body).toEqual(value);
  });

  test('a body nested 200 levels is a value, deeper it is a string', async () => {
    const run = await fetchEach([json(nested(200)), json(nested(201)), json(nested(300))]);
    expect(run.lines[0]).toContain(`"body":${nested(200)}`);
    expect(run.row(1).body).toBe(nested(201));
    expect(run.row(2)).toMatchObject({ ok: true, body: nested(300), bytes: 600 });
  });

  test('what says JSON and does not parse is text; what says +json is JSON; text that looks like JSON is text', async () => {
    const run = await fetchEach([
      json('{"a": 1,}'),
      typed('application/problem+json; charset=utf-8', '{"a":1}'),
      reply(200, '{"a":1}'),
    ]);
    expect(run.rows.map(({ ok, body }) => [ok, body])).toEqual([
      [true, '{"a": 1,}'],
      [true, { a: 1 }],
      [true, '{"a":1}'],
    ]);
  });
});

describe('text, bytes, nothing', () => {
  test('text is decoded by its charset', async () => {
    const run = await fetchEach([
      typed('text/plain; charset=utf-8', 'é🙂'),
      typed('text/html; charset=iso-8859-1', Buffer.from('café', 'latin1')),
    ]);
    expect(run.row(0)).toMatchObject({ body: 'é🙂', bytes: 6 });
    expect(run.row(1)).toMatchObject({ body: 'café', bytes: 4 });
  });

  test('what is neither JSON nor text is base64', async () => {
    const bytes = Buffer.from([0, 255, 1, 254]);
    const run = await fetchEach([typed('application/octet-stream', bytes), typed('image/png', bytes)]);
    const shown = { ok: true, body_base64: bytes.toString('base64'), bytes: 4 };
    expect(run.rows).toMatchObject([shown, shown]);
  });

  test('an empty body is null', async () => {
    const run = await fetchEach([reply(200, ''), reply(204), json(''), typed('image/png', '')]);
    const empty = { ok: true, body: null, bytes: 0 };
    expect(run.rows).toMatchObject([empty, empty, empty, empty]);
  });

  test('control characters, C1 too, reach stdout only as escapes', async () => {
    const text = 'a\u001b[31m\u007f\u0085\u009b2J\u0000';
    const inJson = JSON.stringify({ [text]: text }).replaceAll('\\u007f', '\u007f');
    const run = await fetchEach([reply(200, text), json(inJson)], '--include', 'headers'); // that stdout is clean, each run checks
    expect(run.rows).toHaveLength(2);
    for (const { body } of run.rows) expect(JSON.stringify(body)).toContain(JSON.stringify(text).slice(1, -1));
  });
});

describe('--body', () => {
  test('text, base64, none', async () => {
    const text = await fetchEach([json('{"a": 1}')], '--body', 'text');
    expect(text.row(0).body).toBe('{"a": 1}');
    const base64 = await fetchEach([json('{"a": 1}')], '--body', 'base64');
    expect(base64.row(0).body_base64).toBe(Buffer.from('{"a": 1}').toString('base64'));
    const none = await fetchEach([json('{"a": 1}')], '--body', 'none');
    expect(none.row(0)).not.toHaveProperty('body');
    expect(none.row(0)).not.toHaveProperty('body_base64');
    expect(none.row(0).bytes).toBe(8);
  });

  test('json takes any content type, and what does not parse is a `decode` failure', async () => {
    const run = await fetchEach([reply(200, '{"a": 12345678901234567890}'), reply(200, 'hello')], '--body', 'json');
    expect(run.lines[0]).toContain('"body":{"a":12345678901234567890}');
    expect(run.row(1).error?.code).toBe('decode');
    expect(run.exitCode).toBe(1);
  });
});

describe('compression', () => {
  const text = 'a text that repeats itself, '.repeat(100);
  const encodings: [string, Uint8Array][] = [
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['gzip, br', brotliCompressSync(gzipSync(text))],
    ['identity', Buffer.from(text)],
  ];

  test('gzip, deflate, br and zstd are asked for and decoded', async () => {
    const server = await startServer();
    const urls = encodings.map(([encoding, content], at) =>
      server.at(`/${at}`, reply(200, content, { 'content-encoding': encoding })),
    );
    const run = await sluice(['fetch'], { input: lines(...urls) });
    for (const [at, [encoding]] of encodings.entries()) {
      expect(run.row(at), encoding).toMatchObject({ ok: true, body: text, bytes: text.length });
    }
    const asked = `${server.calls[0]?.headers['accept-encoding']}`.split(', ');
    expect(asked).toEqual(expect.arrayContaining(['gzip', 'deflate', 'br', 'zstd']));
  });

  test('an answer without a body is not decoded', async () => {
    const server = await startServer({ '*': reply(200, '', { 'content-encoding': 'gzip', 'content-length': '100' }) });
    server.on('/204', reply(204, '', { 'content-encoding': 'gzip' }));
    expect((await sluice(['fetch', '-I', server.at('/')])).row(0)).toMatchObject({ ok: true, body: null, bytes: 0 });
    expect((await sluice(['fetch', server.at('/204')])).row(0)).toMatchObject({ ok: true, body: null });
  });

  test('a truncated gzip is a failure', async () => {
    const cut = encodings.slice(0, 6);
    const run = await fetchEach(
      cut.map(([encoding, content]) =>
        reply(200, content.subarray(0, content.length - 9), { 'content-encoding': encoding }),
      ),
    );
    for (const [at, [encoding]] of cut.entries()) {
      expect(['truncated', 'decode'], encoding).toContain(run.row(at).error?.code);
      expect(run.row(at).status).toBe(200);
    }
  });

  test('a corrupt or lying encoding, and more than five of them, is a `decode` failure that is not retried', async () => {
    const corrupt = Buffer.from(gzipSync(text));
    corrupt.fill(0xff, 12, 40);
    const server = await startServer();
    const urls = [
      server.at('/corrupt', reply(200, corrupt, { 'content-encoding': 'gzip' })),
      server.at('/lying', reply(200, text, { 'content-encoding': 'br' })),
      server.at('/many', reply(200, gzipSync(text), { 'content-encoding': 'gzip, gzip, gzip, gzip, gzip, gzip' })),
    ];
    const run = await sluice(['fetch', '--retry-delay', '1ms'], { input: lines(...urls) });
    for (const row of run.rows) expect(row).toMatchObject({ attempts: 1, error: { code: 'decode' } });
  });

  test('a bomb is `too_large`', async () => {
    const bomb = gzipSync(gzipSync(Buffer.alloc(100_000_000)));
    const run = await fetchEach([reply(200, bomb, { 'content-encoding': 'gzip, gzip' })]);
    expect(run.row(0)).toMatchObject({ status: 200, attempts: 1, error: { code: 'too_large' } });
  });
});

describe('--max-body', () => {
  test('a body of exactly that size is whole, one byte more is `too_large` and not retried', async () => {
    const server = await startServer({ '/fits': reply(200, 'x'.repeat(1024)), '/over': reply(200, 'x'.repeat(1025)) });
    server.on('/chunked', (_call, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('x'.repeat(1000));
      response.end('x'.repeat(1000));
    });
    const urls = lines(server.at('/fits'), server.at('/over'), server.at('/chunked'));
    const run = await sluice(['fetch', '--max-body', '1KiB', '--retry-delay', '1ms'], { input: urls });
    expect(run.row(0)).toMatchObject({ ok: true, bytes: 1024 });
    expect(run.row(1)).toMatchObject({ attempts: 1, error: { code: 'too_large', retryable: false } });
    expect(run.row(2)).toMatchObject({ attempts: 1, error: { code: 'too_large' } });
    expect(run.row(1).error?.message).toMatch(/max-body/);
  });

  test('the default is 10 MiB', async () => {
    const size = 10 * 1024 * 1024;
    const bodies = [size + 1, size].map((length) => reply(200, Buffer.alloc(length, 'x')));
    const run = await fetchEach(bodies, '--body', 'none');
    expect(run.row(0).error?.code).toBe('too_large');
    expect(run.row(1)).toMatchObject({ ok: true, bytes: size });
  });
});

describe('--ok-status', () => {
  test('200 to 399 count as ok; anything else is an `http` row that keeps what came', async () => {
    const server = await startServer();
    const statuses = [200, 201, 304, 399, 400, 404, 501, 599];
    const urls = statuses.map((status) =>
      server.at(`/${status}`, reply(status, [204, 304].includes(status) ? '' : `body ${status}`)),
    );
    const run = await sluice(['fetch', '--retries', '0'], { input: lines(...urls) });
    for (const [at, status] of statuses.entries()) {
      expect(run.row(at)).toMatchObject({ status, ok: status < 400 });
      expect(run.row(at).error?.code, `${status}`).toBe(status < 400 ? undefined : 'http');
    }
    expect(run.row(5)).toMatchObject({ body: 'body 404', bytes: 8, error: { phase: null, retryable: false } });
    expect(run.row(5).error?.message).toContain('404');
    expect(run.exitCode).toBe(1);
  });

  test('says which count: lists, ranges; what counts as ok is not retried', async () => {
    const server = await startServer({ '/404': reply(404), '/500': reply(500), '/201': reply(201) });
    const args = ['fetch', '--ok-status', '200,404,500-502', '--retry-delay', '1ms'];
    const run = await sluice(args, { input: lines(server.at('/404'), server.at('/500'), server.at('/201')) });
    expect([0, 1, 2].map((index) => run.row(index).ok)).toEqual([true, true, false]);
    expect(run.row(1).attempts).toBe(1);
  });
});

describe('what is shown of bodies that lie', () => {
  test('an encoding that is a charset is none', async () => {
    const run = await fetchEach([
      typed('text/plain', 'text', { 'content-encoding': 'UTF-8' }),
      typed('text/plain', gzipSync('text'), { 'content-encoding': 'iso-8859-1, gzip' }),
    ]);
    expect(run.rows.map(({ ok, body }) => [ok, body])).toEqual([
      [true, 'text'],
      [true, 'text'],
    ]);
  });

  test('the bytes of a body that cannot be decompressed are not known', async () => {
    const whole = gzipSync('text'.repeat(1000));
    const run = await fetchEach([
      typed('text/plain', whole.subarray(0, 20), { 'content-encoding': 'gzip' }),
      typed('text/plain', 'no gzip', { 'content-encoding': 'gzip' }),
      typed('text/plain', 'x', { 'content-encoding': 'x-own' }),
    ]);
    expect(run.rows.map(({ ok, bytes, error }) => [ok, bytes, error?.code])).toEqual([
      [false, null, 'truncated'],
      [false, null, 'decode'],
      [false, null, 'decode'],
    ]);
  });

  test('a page is read by the charset that it declares; bytes that do not fit are counted', async () => {
    const page = Buffer.from('<meta charset=gbk>\xc4\xe3\xba\xc3\xff', 'latin1');
    const run = await fetchEach([
      typed('text/html', page),
      typed('text/plain; charset=utf-8', Buffer.from('a\xff', 'latin1')),
    ]);
    expect(run.row(0)).toMatchObject({ ok: true, body: '<meta charset=gbk>你好\ufffd', replaced: 1 });
    expect(run.row(1)).toMatchObject({ ok: true, body: 'a\ufffd', replaced: 1 });
  });

  test('half a surrogate pair is U+FFFD, wherever it came from', async () => {
    const server = await startServer({
      '*': json('{"a":"\\ud800","b":["\\uDFFFx"],"c":"\\ud83d\\ude00","\\ud800":1}'),
    });
    const record = `{"id":"\\ud800","url":"${server.url}/x","n":"\\udc00"}`;
    const run = await sluice(['fetch', '--include', 'input', '--ordered'], { input: `${record}\n` });
    expect(run.lines[0]).not.toMatch(/\\u(?:d800|dfff|dc00)/i);
    expect(run.row(0)).toMatchObject({ ok: true, id: '\ufffd', input: { id: '\ufffd', n: '\ufffd' } });
    expect(run.row(0).body).toEqual({ a: '\ufffd', b: ['\ufffdx'], c: '😀', '\ufffd': 1 });
    const asked = ['fetch', '--query', '`["\\ud800", "\\ude00\\ud83d"]`', server.url];
    expect((await sluice(asked, { isRows: false })).stdout).toBe('["\\ufffd","\\ufffd\\ufffd"]\n');
  });

  test('an empty query is sent, and an empty id is shown', async () => {
    const server = await startServer({ '*': reply(200, 'ok') });
    const input = ndjson({ id: '', url: `${server.url}/test?` }, { id: '', url: `${server.url}/x?#f` });
    const run = await sluice(['fetch', '--ordered'], { input });
    expect(server.calls.map(({ path }) => path).sort()).toEqual(['/test?', '/x?']);
    expect(run.rows.map(({ id, final_url }) => [id, final_url])).toEqual([
      ['', `${server.url}/test?`],
      ['', `${server.url}/x?`],
    ]);
  });

  test('names of jobs and lanes, and headers, that are data in the wrong field are refused', async () => {
    const server = await startServer({ '*': reply(200, 'ok') });
    const input = ndjson(
      { id: 'i'.repeat(4097), url: server.url },
      { id: 'i'.repeat(4096), url: server.url, lane: 'l'.repeat(1025) },
      { url: server.url, headers: { x: 'h'.repeat(65_537) } },
      { id: 'i'.repeat(4096), url: server.url, lane: 'l'.repeat(1024), headers: { x: 'h'.repeat(1000) } },
    );
    const run = await sluice(['fetch', '--ordered', '--lane', '{{lane}}', '--var', 'unused=1'], {
      input: input.replaceAll(/^\{(?!.*"lane")/gm, '{"lane":"a",'),
    });
    expect(run.rows.map(({ ok, error }) => [ok, error?.code, error?.message])).toEqual([
      [false, 'input', expect.stringContaining("the job's id has 4097 characters, and at most 4096 are taken")],
      [false, 'input', expect.stringContaining("the name of the job's lane has 1025 characters")],
      [false, 'input', expect.stringContaining('the header x has a value of 65537 characters, and at most 65536')],
      [true, undefined, undefined],
    ]);
    expect(run.row(0).id).toBeNull();
  });
});
