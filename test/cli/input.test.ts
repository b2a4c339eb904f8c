import { describe, expect, test } from 'vitest';
import { holdAnswers, reply } from '../support/answers.ts';
import { expectRefused } from '../support/in-one-process.ts';
import { lines, ndjson, times } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { startServer } from '../support/server.ts';
import { shell, sluice, start } from '../support/sluice.ts';

const codes = (rows: readonly { index: number; error: { code: string } | null }[]) =>
  [...rows].sort((a, b) => a.index - b.index).map((row) => row.error?.code ?? 'ok');

test('promise 1: one row per line, for a line that is no URL as well', async () => {
  const server = await startServer();
  const run = await sluice(['fetch'], { input: lines(server.at('/a'), 'not a url', server.at('/b')) });
  expect(run.exitCode).toBe(1);
  expect(codes(run.rows)).toEqual(['ok', 'input', 'ok']);
  expect(run.row(0)).toMatchObject({
    url: server.at('/a'),
    method: 'GET',
    status: 200,
    attempts: 1,
    body: 'ok',
    bytes: 2,
  });
  expect(run.row(1)).toMatchObject({ id: null, url: 'not a url', status: null, attempts: 0, duration_ms: null });
  expect(run.row(1).error?.retryable).toBe(false);
  expect(server.calls).toHaveLength(2);
});

test('promise 5: the first row comes before the input ends, and an endless input is read lazily', async () => {
  const server = await startServer();
  const run = start(['fetch', '-c', '4']);
  let isOver = false;
  void run.ended.then(() => {
    isOver = true;
  });
  const chunk = times(100, server.at('/'));
  const feeding = (async () => {
    for (let fed = 0; !isOver && fed < 100_000; fed++) {
      if (!run.stdin.write(chunk)) await Promise.race([new Promise((go) => run.stdin.once('drain', go)), run.ended]);
    }
  })();
  for (let seen = 0; seen < 200; seen++) await run.nextRow();
  await run.signal('SIGINT');
  const ended = await run.ended;
  await feeding;
  // What was read and not called is in the cancelled rows: the window (1000), not the rest of the input.
  expect(ended.rows.filter((row) => row.error?.code === 'cancelled').length).toBeLessThanOrEqual(1100);
});

describe('lines', () => {
  test('blank lines and # comments take no index', async () => {
    const server = await startServer();
    const input = lines('', '# a list', server.at('/a'), '', '   ', '#http://127.0.0.1:1/', server.at('/b'), '');
    const run = await sluice(['fetch'], { input });
    expect(run.exitCode).toBe(0);
    expect([run.row(0).url, run.row(1).url]).toEqual([server.at('/a'), server.at('/b')]);
    expect(run.rows).toHaveLength(2);
  });

  test('a byte order mark, \\r\\n, space around a URL and a last line without its end do no harm', async () => {
    const server = await startServer();
    const input = `\uFEFF${server.at('/a')}\r\n\r\n ${server.at('/b')}\t\r\n${server.at('/c')}`;
    const run = await sluice(['fetch'], { input });
    expect(run.exitCode).toBe(0);
    expect([0, 1, 2].map((index) => run.row(index).url)).toEqual([server.at('/a'), server.at('/b'), server.at('/c')]);
  });

  test('empty input, and input of comments only, is a run of no rows that went well', async () => {
    for (const input of ['', '\n\n', '# nothing\n', '\uFEFF']) {
      const run = await sluice(['fetch'], { input });
      expect(run).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    }
  });

  test('bytes that are no text, other schemes, and hosts that are none each give their `input` row', async () => {
    const server = await startServer();
    const bad = [
      'ftp://127.0.0.1/a',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'http://',
      'http://[::1',
      'http://a b/',
    ];
    bad.push(`${server.url}:99999/`, `${server.at('/')}\u0000x`, 'data:text/plain,hello', '//127.0.0.1/', 'http:///\\');
    const run = await sluice(['fetch'], { input: lines(...bad, server.at('/last')) });
    expect(codes(run.rows)).toEqual([...bad.map(() => 'input'), 'ok']);
    expect(server.calls.map((call) => call.path)).toEqual(['/last']);
  });

  test('invalid UTF-8 and UTF-16 give rows, and the run goes on', async () => {
    const server = await startServer();
    const invalid = Buffer.concat([
      Buffer.from('http://'),
      Buffer.from([0xff, 0xfe, 0x80]),
      Buffer.from(`\n${server.at('/')}\n`),
    ]);
    const run = await sluice(['fetch'], { input: invalid });
    expect(codes(run.rows)).toEqual(['input', 'ok']);
    const utf16 = await sluice(['fetch'], { input: Buffer.from(`\uFEFFhttp://127.0.0.1/a\n`, 'utf16le') });
    expect(utf16.exitCode).toBe(1);
    expect(new Set(codes(utf16.rows))).toEqual(new Set(['input']));
  });

  test('a line longer than --max-line is one `input` row that names the flag, wherever it stands', async () => {
    const server = await startServer();
    const long = `${server.at('/')}${'x'.repeat(200_000)}`;
    const input = `${lines(server.at('/a'), long, server.at('/b'))}${long}`;
    const run = await sluice(['fetch', '--max-line', '1KiB'], { input });
    expect(codes(run.rows)).toEqual(['ok', 'input', 'ok', 'input']);
    expect(run.row(1).error?.message).toMatch(/max-line/);
    expect(server.calls).toHaveLength(2);
  });

  test('promise 9: input is data, not a template, not a file name', async () => {
    const server = await startServer();
    const record = {
      url: server.at('/record'),
      method: 'POST',
      headers: { 'x-a': '@/etc/passwd' },
      body: '@/etc/passwd',
    };
    const line = await sluice(['fetch'], { input: lines(server.at('/{{env.HOME}}/{{line}}')) });
    const run = await sluice(['fetch'], { input: ndjson(record) });
    expect([line.exitCode, run.exitCode]).toEqual([0, 0]);
    expect(decodeURIComponent(server.calls[0]?.path ?? '')).toBe('/{{env.HOME}}/{{line}}');
    expect(server.callsOf('/record')[0]?.headers['x-a']).toBe('@/etc/passwd');
    expect(server.callsOf('/record')[0]?.body).toBe('@/etc/passwd');
  });
});

describe('records', () => {
  test('url, method, headers, body and id of a record make the job', async () => {
    const server = await startServer();
    const input = ndjson(
      {
        url: server.at('/text'),
        method: 'PUT',
        headers: { 'X-One': '1', 'content-type': 'text/csv' },
        body: 'a,b',
        id: 'row-1',
      },
      { url: server.at('/json'), method: 'POST', body: { a: [1, null, 'é'] }, id: 7 },
      { custom_id: 'batch-1', url: server.at('/plain') },
    );
    const run = await sluice(['fetch'], { input });
    expect(run.exitCode).toBe(0);
    expect([0, 1, 2].map((index) => run.row(index).id)).toEqual(['row-1', '7', 'batch-1']);
    expect([0, 1, 2].map((index) => run.row(index).method)).toEqual(['PUT', 'POST', 'GET']);
    const [text] = server.callsOf('/text');
    expect(text).toMatchObject({ method: 'PUT', body: 'a,b' });
    expect(text?.headers).toMatchObject({ 'x-one': '1', 'content-type': 'text/csv' });
    const [json] = server.callsOf('/json');
    expect(json?.headers['content-type']).toMatch(/^application\/json/);
    expect(JSON.parse(Buffer.from(json?.body ?? '', 'latin1').toString())).toEqual({ a: [1, null, 'é'] });
  });

  test('a body’s numbers are sent with every digit, and its keys as they are', async () => {
    const server = await startServer();
    const body = '{"id":1234567890123456789,"price":1.10,"big":1e400,"__proto__":{"a":1}}';
    const run = await sluice(['fetch'], {
      input: lines(`{"url": "${server.at('/')}", "method": "POST", "body": ${body}}`),
    });
    expect(run.exitCode).toBe(0);
    expect(server.calls[0]?.body.replace(/\s/g, '')).toBe(body);
  });

  test('a record with a body and no method is a POST', async () => {
    const server = await startServer();
    const run = await sluice(['fetch'], { input: ndjson({ url: server.at('/'), body: 'x' }) });
    expect(run.row(0).method).toBe('POST');
    expect(server.calls[0]?.method).toBe('POST');
  });

  test('broken JSON, JSON that is no record, and records that cannot be sent are `input` rows; nothing is sent for them', async () => {
    const server = await startServer();
    const url = server.at('/never');
    const bad = [
      '{"url": ',
      'plainly not JSON',
      '42',
      '[1]',
      'null',
      '{}',
      '{"url": 5}',
      '{"url": "nowhere"}',
      ...ndjson(
        { url, method: 'TWO WORDS' },
        { url, method: 'A\r\nB' },
        { url, headers: { 'bad name': 'x' } },
        { url, headers: { a: 'b\r\nc: d' } },
        { url, headers: { a: 'nul\u0000' } },
        { url, headers: { 'Content-Length': '5' } },
        { url, headers: { 'transfer-encoding': 'chunked' } },
        { url, headers: { host: 'elsewhere' } },
        { url, headers: { connection: 'close' } },
        { url, headers: 'a: b' },
      )
        .trim()
        .split('\n'),
    ];
    const run = await sluice(['fetch'], {
      input: lines(`{"url": "${server.at('/first')}"}`, ...bad, `{"url": "${server.at('/last')}"}`),
    });
    expect(codes(run.rows)).toEqual(['ok', ...bad.map(() => 'input'), 'ok']);
    expect(server.callsOf('/never')).toEqual([]);
    expect(run.exitCode).toBe(1);
  });

  test('a first line of broken JSON is a bad record, not a bad format', async () => {
    const server = await startServer();
    const run = await sluice(['fetch'], { input: lines('{"url": "http://127', `{"url": "${server.at('/')}"}`) });
    expect(codes(run.rows)).toEqual(['input', 'ok']);
  });

  test('a record 100,000 levels deep, with double keys or __proto__, is one row', async () => {
    const server = await startServer();
    const deep = `{"url": "${server.at('/')}", "method": "POST", "body": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const double = `{"url": "http://127.0.0.1:1/", "url": "${server.at('/double')}"}`;
    const proto = `{"__proto__": {"url": "${server.at('/never')}"}}`;
    const run = await sluice(['fetch'], { input: lines(`{"url": "${server.at('/')}"}`, deep, double, proto) });
    expect(run.rows).toHaveLength(4);
    expect(run.row(3).error?.code).toBe('input');
    expect(server.callsOf('/never')).toEqual([]);
  });

  test('blank lines take no index, and U+2028 ends no record', async () => {
    const server = await startServer();
    const input = `${ndjson({ url: server.at('/'), id: 'a\u2028b' })}\n\n${ndjson({ url: server.at('/') })}`;
    const run = await sluice(['fetch'], { input });
    expect(run.rows).toHaveLength(2);
    expect(run.row(0).id).toBe('a\u2028b');
  });
});

describe('where the input comes from', () => {
  test('arguments are URLs, and stdin is then left alone', async () => {
    const server = await startServer();
    const run = start(['fetch', server.at('/a'), server.at('/b')]); // stdin stays open: the run must not wait for it
    const ended = await run.ended;
    expect(ended.exitCode).toBe(0);
    expect([ended.row(0).url, ended.row(1).url]).toEqual([server.at('/a'), server.at('/b')]);
  });

  test('a loop over lines of the shell keeps its stdin', async () => {
    const server = await startServer();
    const script = 'while read -r url; do sluice fetch "$url"; done | jq -c "{index: .index, path: .url[-2:]}"';
    const run = await shell(script, { input: lines(server.at('/a'), server.at('/b')), isRows: false });
    expect(run.stdout).toBe(lines('{"index":0,"path":"/a"}', '{"index":0,"path":"/b"}'));
  });

  test('-i may be given several times, `-` is stdin, and indexes go on from one to the next', async () => {
    const server = await startServer();
    const cwd = temporaryFolder({ 'a.txt': server.at('/a'), 'b.ndjson': ndjson({ url: server.at('/b'), id: 'b' }) });
    const args = ['fetch', '-i', 'a.txt', '--input', '-', '-i', 'b.ndjson'];
    const run = await sluice(args, { cwd, input: lines(server.at('/stdin')) });
    expect(run.exitCode).toBe(0);
    expect([0, 1, 2].map((index) => run.row(index).url)).toEqual([
      server.at('/a'),
      server.at('/stdin'),
      server.at('/b'),
    ]);
    expect(run.row(2).id).toBe('b');
  });

  test('a file that cannot be read is wrong usage: one line that names it, nothing sent', async () => {
    const server = await startServer();
    const cwd = temporaryFolder({ 'a.txt': server.at('/a') });
    const names = ['missing.txt', '.'];
    await expectRefused(names.map((name) => [['fetch', '-i', 'a.txt', '-i', name], `read ${name}: `, { cwd }]));
    expect(server.calls).toEqual([]);
  });

  test('--format says what the lines are when the first one would mislead', async () => {
    const server = await startServer();
    const input = lines('# not a comment here', `{"url": "${server.at('/')}"}`);
    const run = await sluice(['fetch', '--format', 'ndjson'], { input });
    expect(codes(run.rows)).toEqual(['input', 'ok']);
  });

  test('a closed stdin is an empty one', async () => {
    const run = await shell('sluice fetch <&-');
    expect(run).toMatchObject({ exitCode: 0, stdout: '' });
  });
});

test('promise 4: a held lane holds only itself', async () => {
  const slow = await startServer({ '*': holdAnswers().handler });
  const refusing = await startServer({ '*': reply(503, '', { 'retry-after': '60' }) });
  const server = await startServer();
  const run = start(['fetch', '-c', '4']);
  run.stdin.write(
    lines(slow.at('/'), refusing.at('/1'), refusing.at('/2'), refusing.at('/3'), server.at('/1'), server.at('/2')),
  );
  expect(new Set([(await run.nextRow()).index, (await run.nextRow()).index])).toEqual(new Set([4, 5]));
  await run.signal('SIGINT');
  await run.signal('SIGINT');
  expect((await run.ended).rows).toHaveLength(6);
});

test('a directory on stdin is wrong usage, not an empty input', async () => {
  const run = await shell('sluice fetch < /');
  expect(run).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(/stdin is a directory/) });
});
