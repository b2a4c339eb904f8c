import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { drip, hangUp, inTurn, json, redirect, reply, stall } from '../support/answers.ts';
import { expectRefused } from '../support/in-one-process.ts';
import { ndjson } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { startServer } from '../support/server.ts';
import { sluice, start } from '../support/sluice.ts';

const saving = ['fetch', '--retries', '0', '--output-dir', 'saved'];
const filesIn = (cwd: string) => readdirSync(join(cwd, 'saved')).sort();
const contentOf = (cwd: string, name: string) => readFileSync(join(cwd, 'saved', name), 'utf8');

describe('a body that is ok', () => {
  test('goes to a file of the folder; the row names it in place of the body', async () => {
    const server = await startServer({ '/a.txt': reply(200, 'one'), '/r': redirect('/a.txt'), '/empty': reply(200) });
    const cwd = temporaryFolder();
    const urls = ['/a.txt', '/r', '/empty', '/'].map((path) => server.at(path));
    const run = await sluice([...saving, '--ordered', ...urls], { cwd });
    expect(run.exitCode).toBe(0);
    expect(run.rows.map((row) => ('body_file' in row ? row.body_file : null))).toEqual([
      'saved/0-a.txt',
      'saved/1-r',
      'saved/2-empty',
      'saved/3',
    ]);
    expect(run.row(0)).toMatchObject({ bytes: 3, status: 200 });
    expect(run.row(0)).not.toHaveProperty('body');
    expect(filesIn(cwd)).toEqual(['0-a.txt', '1-r', '2-empty', '3']);
    expect(['0-a.txt', '1-r', '2-empty', '3'].map((name) => contentOf(cwd, name))).toEqual(['one', 'one', '', 'ok']);
  });

  test('has the record’s id in its name, or the name that the template gives', async () => {
    const server = await startServer();
    const cwd = temporaryFolder();
    const input = ndjson({ id: 'ada', url: server.at('/x%20y.txt') }, { id: '../up', url: server.at('/') });
    await sluice([...saving], { cwd, input });
    await sluice([...saving, '--name', '{{id}}.{{index}}.bin'], { cwd, input });
    expect(filesIn(cwd)).toEqual(['___up', '___up.1.bin', 'ada-x y.txt', 'ada.0.bin']);
    expect(readdirSync(cwd)).toEqual(['saved']);
  });

  test('is not the one of a 404, of a HEAD or of a 204: those rows are as ever', async () => {
    const server = await startServer({ '/404': json('{"no":1}', 404), '/204': reply(204) });
    const cwd = temporaryFolder();
    const run = await sluice([...saving, '--ordered', server.at('/404'), server.at('/204')], { cwd });
    expect(run.rows.map(({ ok, body }) => [ok, body])).toEqual([
      [false, { no: 1 }],
      [true, null],
    ]);
    await sluice([...saving, '-I', server.at('/')], { cwd });
    expect(filesIn(cwd)).toEqual([]);
  });
});

describe('compressed bodies', () => {
  const text = 'sluice '.repeat(50_000);
  /** One run over bodies in these encodings. */
  async function saved(bodies: readonly (readonly [encoding: string, bytes: Uint8Array])[]) {
    const server = await startServer();
    const urls = bodies.map(([encoding, bytes], at) =>
      server.at(`/${at}`, reply(200, bytes, { 'content-encoding': encoding })),
    );
    const cwd = temporaryFolder();
    const run = await sluice([...saving, '--name', '{{index}}', ...urls], { cwd });
    return { run, cwd };
  }

  test('are decoded on the way', async () => {
    const bodies: [encoding: string, bytes: Uint8Array][] = [
      ['gzip', gzipSync(text)],
      ['br', brotliCompressSync(text)],
      ['zstd', zstdCompressSync(text)],
      ['deflate', deflateSync(text)],
      ['deflate', deflateRawSync(text)],
      ['gzip, br', brotliCompressSync(gzipSync(text))],
    ];
    const { run, cwd } = await saved(bodies);
    for (const [at, [encoding]] of bodies.entries()) {
      expect(run.row(at), encoding).toMatchObject({ ok: true, bytes: text.length });
      expect(contentOf(cwd, `${at}`) === text, encoding).toBe(true);
    }
  });

  test('that are archives by name and type are saved as they were sent', async () => {
    const archive = gzipSync('a tar');
    const server = await startServer();
    const at = (path: string, type: string) =>
      server.at(path, reply(200, archive, { 'content-encoding': 'gzip', 'content-type': type }));
    const urls = [at('/x.tar.gz', 'application/x-tar'), at('/x.svgz', 'image/svg+xml'), at('/y.tar.gz', 'text/html')];
    const cwd = temporaryFolder();
    const run = await sluice([...saving, ...urls], { cwd });
    expect(run.exitCode).toBe(0);
    const read = (name: string) => readFileSync(join(cwd, 'saved', name));
    expect(read('0-x.tar.gz')).toEqual(archive);
    expect(read('1-x.svgz')).toEqual(archive);
    expect(read('2-y.tar.gz').toString()).toBe('a tar');
    expect([0, 1, 2].map((index) => run.row(index).bytes)).toEqual([archive.length, archive.length, 5]);
  });

  test('stay as they were sent with --no-compressed', async () => {
    const bytes = gzipSync(text);
    const server = await startServer({
      '/x': reply(200, bytes, { 'content-encoding': 'gzip', 'content-type': 'text/html; charset=utf-8' }),
    });
    const cwd = temporaryFolder();
    const run = await sluice([...saving, '--name', 'x', '--no-compressed', `${server.url}/x`], { cwd });
    expect(run.row(0)).toMatchObject({ ok: true, bytes: bytes.length });
    expect(readFileSync(join(cwd, 'saved', 'x'))).toEqual(bytes);
    expect(server.calls[0]?.headers).not.toHaveProperty('accept-encoding');
    const row = (await sluice(['fetch', '--no-compressed', `${server.url}/x`])).row(0);
    expect(row).toMatchObject({ ok: true, body_base64: bytes.toString('base64'), bytes: bytes.length });
  });

  test('that are broken are failed rows and leave no file', async () => {
    const bodies: [encoding: string, bytes: Uint8Array, code: string][] = [
      ['gzip', gzipSync(text).subarray(0, 200), 'truncated'],
      ['br', brotliCompressSync(text).subarray(0, 20), 'truncated'],
      ['zstd', zstdCompressSync(text).subarray(0, 20), 'truncated'],
      ['gzip', Buffer.from('no gzip at all'), 'decode'],
      ['x-own', Buffer.from('x'), 'decode'],
      ['gzip,gzip,gzip,gzip,gzip,gzip', Buffer.from('x'), 'decode'],
    ];
    const { run, cwd } = await saved(bodies.map(([encoding, bytes]) => [encoding, bytes]));
    for (const [at, [encoding, , code]] of bodies.entries())
      expect(run.row(at).error, encoding).toMatchObject({ code });
    expect(filesIn(cwd)).toEqual([]);
  });
});

describe('a name that is taken', () => {
  test('is never overwritten: a failed row `output`; --overwrite takes its place', async () => {
    const server = await startServer({ '/': reply(200, 'new') });
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'saved'));
    writeFileSync(join(cwd, 'saved/0'), 'old');
    const run = await sluice([...saving, server.at('/')], { cwd });
    expect(run.exitCode).toBe(1);
    expect(run.row(0)).toMatchObject({ status: 200, attempts: 1, error: { code: 'output', retryable: false } });
    expect(run.row(0).error?.message).toContain('saved/0 is there already');
    expect(contentOf(cwd, '0')).toBe('old');
    const again = await sluice([...saving, '--overwrite', server.at('/')], { cwd });
    expect(again.exitCode).toBe(0);
    expect(filesIn(cwd)).toEqual(['0']);
    expect(contentOf(cwd, '0')).toBe('new');
  });

  test('goes to one job of a run; the others fail', async () => {
    const server = await startServer();
    const cwd = temporaryFolder();
    const urls = Array.from({ length: 12 }, (_, at) => server.at(`/${at}`));
    const run = await sluice([...saving, '--name', 'same', '-c', '12', ...urls], { cwd });
    expect(run.rows.filter(({ ok }) => ok)).toHaveLength(1);
    expect(run.rows.filter(({ error }) => error?.code === 'output')).toHaveLength(11);
    expect(filesIn(cwd)).toEqual(['same']);
  });

  test('a link out of the folder is not followed, nor written through', async () => {
    const server = await startServer({ '/': reply(200, 'new') });
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'saved'));
    symlinkSync(join(cwd, 'outside'), join(cwd, 'saved/0'));
    const run = await sluice([...saving, server.at('/')], { cwd });
    expect(run.row(0).error?.code).toBe('output');
    await sluice([...saving, '--overwrite', server.at('/')], { cwd });
    expect(existsSync(join(cwd, 'outside'))).toBe(false);
    expect(contentOf(cwd, '0')).toBe('new');
  });
});

describe('a download that does not come to its end leaves no file', () => {
  test('broken off, and then done again', async () => {
    const cut = (_call: unknown, response: ServerResponse) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => response.socket?.destroy());
    };
    const server = await startServer({ '/cut': cut, '/': inTurn(cut, hangUp, reply(200, 'whole')) });
    const cwd = temporaryFolder();
    const run = await sluice([...saving, server.at('/cut')], { cwd });
    expect(run.row(0).error?.code).toBe('truncated');
    expect(filesIn(cwd)).toEqual([]);
    const again = await sluice(['fetch', '--output-dir', 'saved', '--retry-delay', '1ms', server.at('/')], { cwd });
    expect(again.row(0)).toMatchObject({ ok: true, attempts: 3 });
    expect(filesIn(cwd)).toEqual(['0']);
  });

  test('timed out, silent, too large, or cancelled', async () => {
    const server = await startServer({ '/drip': drip, '/stall': stall, '/big': reply(200, 'x'.repeat(5000)) });
    const cwd = temporaryFolder();
    const one = async (...args: string[]) => (await sluice([...saving, ...args], { cwd })).row(0).error;
    expect(await one('--timeout', '200ms', server.at('/drip'))).toMatchObject({ code: 'timeout', phase: 'body' });
    expect(await one('--idle-timeout', '200ms', server.at('/stall'))).toMatchObject({ code: 'timeout', phase: 'idle' });
    expect(await one('--max-body', '1000', server.at('/big'))).toMatchObject({ code: 'too_large' });
    const running = start([...saving, '--grace', '0', server.at('/drip')], { cwd });
    await server.called(2, '/drip');
    await running.signal('SIGINT');
    expect((await running.ended).row(0).error?.code).toBe('cancelled');
    expect(filesIn(cwd)).toEqual([]);
  });
});

test('a body larger than --max-body’s default is saved whole, since that counts only if given', async () => {
  const big = Buffer.alloc(24 * 1024 ** 2, 'sluice');
  const server = await startServer({ '/': reply(200, big) });
  const cwd = temporaryFolder();
  const run = await sluice([...saving, server.at('/')], { cwd });
  expect(run.row(0)).toMatchObject({ ok: true, bytes: big.length });
  expect(readFileSync(join(cwd, 'saved/0')).equals(big)).toBe(true);
});

test('where the folder cannot be written, rows fail with `output`, and none is lost', async () => {
  const server = await startServer();
  const run = await sluice(['fetch', '--output-dir', '/dev/fd', server.at('/a'), server.at('/b')]);
  expect(run.exitCode).toBe(1);
  expect(run.rows.map(({ error }) => error?.code)).toEqual(['output', 'output']);
});

test('what cannot be a folder or a name is wrong usage, and nothing is sent', async () => {
  const server = await startServer();
  const wrong: [flags: string[], message: string][] = [
    [['--name', 'x'], '--name: it names the files of --output-dir'],
    [['--output-dir', ''], '--output-dir: expected a folder'],
    [['--output-dir', 'd', '--name', 'a/{{id}}'], 'without folders'],
    [['--output-dir', 'd', '--name', '{{id'], '--name: {{ without its }}'],
    [['--output-dir', 'd', '--output-format', 'openai-batch'], '--output-dir: Batch lines hold their bodies'],
    [['--output-dir', '/dev/null/x'], '--output-dir: /dev/null/x cannot be made: a file is in its place'],
  ];
  await expectRefused(wrong.map(([flags, message]) => [['fetch', ...flags, server.at('/')], message]));
  expect(server.calls).toHaveLength(0);
});
