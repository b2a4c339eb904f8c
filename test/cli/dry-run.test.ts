import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reply } from '../support/answers.ts';
import { lines, ndjson, times } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { dryRows } from '../support/row.ts';
import { startServer } from '../support/server.ts';
import { shell, sluice, start } from '../support/sluice.ts';

test('--dry-run shows what would be sent, sends nothing, and ends 1 when a line fails', async () => {
  const server = await startServer();
  const input = lines(server.at('/a b'), 'no url', JSON.stringify({ id: 7, url: server.at('/c'), body: { n: 1 } }));
  const run = await sluice(['fetch', '--dry-run', '-r', '1/s'], { input });
  expect(run.exitCode).toBe(1);
  expect(dryRows(run.rows).map(({ id, ok, url, method, body }) => [id, ok, url, method, body])).toEqual([
    [null, true, `${server.url}/a%20b`, 'GET', null],
    [null, false, 'no url', 'GET', null],
    ['7', true, `${server.url}/c`, 'POST', { n: 1 }],
  ]);
  expect(run.stderr).toBe(
    'sluice: dry run, nothing was sent: 2 requests to 1 host; 1 line failed\n' +
      'sluice: at least 1.0s at 1/s, as long as a call takes no more than 1.00 s (-c 10); not counting retries and redirects\n',
  );
  expect(server.calls).toEqual([]);
});

test('no credential shows, wherever it comes from', async () => {
  const input = ndjson(
    { url: 'https://bob:hush-url@h.example/?k=hush-flag', headers: { 'x-key': 'hush-own' }, body: 'hush-own' },
    { url: 'https://h.example/', headers: { authorization: 'Basic hush-own' } },
  );
  const flags = ['-u', 'ann:hush-flag', '-H', 'x-team: hush-team', '-b', 'a=hush-cookie'];
  const run = await sluice(['fetch', '--dry-run', ...flags], { input });
  expect(run.exitCode).toBe(0);
  expect(run.stdout + run.stderr).not.toContain('hush');
  expect(dryRows(run.rows)[0]?.headers).toMatchObject({ authorization: '***', 'x-team': '***', accept: '*/*' });
});

test('--quiet leaves the rows alone', async () => {
  const run = await sluice(['fetch', '--dry-run', '-q', 'http://127.0.0.1:9/']);
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  expect(run.rows).toHaveLength(1);
});

test('the file of -o is not touched, and what it has done already is left out', async () => {
  const server = await startServer({ '/bad': reply(404) });
  const cwd = temporaryFolder();
  const list = [server.at('/a'), server.at('/bad'), server.at('/b')];
  await sluice(['fetch', '-o', 'out.ndjson', ...list.slice(0, 2)], { cwd, isRows: false });
  const before = readFileSync(join(cwd, 'out.ndjson'), 'utf8');
  const calls = server.calls.length;

  const resumed = await sluice(['fetch', '--dry-run', '-o', 'out.ndjson', '--resume', ...list], {
    cwd,
    isWhole: false,
  });
  expect(dryRows(resumed.rows).map(({ url }) => url)).toEqual(list.slice(1));
  expect(resumed.stderr).toContain('out.ndjson is as it was');
  const refused = await sluice(['fetch', '--dry-run', '-o', 'out.ndjson', ...list], { cwd });
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  const overwritten = await sluice(['fetch', '--dry-run', '-o', 'out.ndjson', '--overwrite', ...list], { cwd });
  expect(overwritten.rows).toHaveLength(3);

  expect(readFileSync(join(cwd, 'out.ndjson'), 'utf8')).toBe(before);
  expect(existsSync(join(cwd, 'out.ndjson.lock'))).toBe(false);
  await sluice(['fetch', '--dry-run', '-o', 'new.ndjson', ...list], { cwd });
  expect(existsSync(join(cwd, 'new.ndjson'))).toBe(false);
  expect(server.calls).toHaveLength(calls);
});

test('the first row comes before the input ends, and a reader who leaves ends it well', async () => {
  const run = start(['fetch', '--dry-run']);
  run.stdin.write('http://h.example/1\n');
  expect(await run.nextRow()).toMatchObject({ index: 0, dry_run: true });
  run.stdin.end();
  expect((await run.ended).exitCode).toBe(0);
  const script = 'sluice fetch --dry-run | head -n 1; echo "$PIPESTATUS" >&2';
  const left = await shell(script, { input: times(20_000, 'http://h.example/'), isWhole: false });
  expect(left.rows).toHaveLength(1);
  expect(left.stderr).toBe('0\n');
});

test('a row of a dry run is not sent: its credentials are stars', async () => {
  const server = await startServer();
  const dry = await sluice(['fetch', '--dry-run', '-u', 'ann:hush', server.at('/')]);
  const run = await sluice(['fetch'], { input: dry.stdout });
  expect(run.exitCode).toBe(1);
  expect(run.row(0).error).toMatchObject({ code: 'input', message: expect.stringContaining('--dry-run') });
  expect(server.calls).toEqual([]);
});

test('records fill templates, and a form shows its parts, files by their names', async () => {
  const cwd = temporaryFolder({ 'users.csv': 'id,name\n1,Ada\n2,"B, ""b"""\n3\n', '1.png': 'x', '2.png': 'x' });
  const base = ['fetch', '--dry-run', '-i', 'users.csv', '--url', 'https://h.example/{{id}}', '--id', 'u-{{id}}'];
  const json = await sluice([...base, '--json', '{"id":"{{id}}","hi":"Hi {{name}}"}'], { cwd });
  expect(json.exitCode).toBe(1);
  expect(dryRows(json.rows).map(({ ok, url, body }) => [ok, url, body])).toEqual([
    [true, 'https://h.example/1', { id: '1', hi: 'Hi Ada' }],
    [true, 'https://h.example/2', { id: '2', hi: 'Hi B, "b"' }],
    [false, null, null],
  ]);
  expect(json.row(1).id).toBe('u-2');
  const form = await sluice([...base, '-F', 'name={{name}}', '-F', 'photo=@{{id}}.png'], { cwd });
  const [ada] = dryRows(form.rows);
  expect(ada).toMatchObject({ ok: true, method: 'POST', body: null });
  expect(ada?.form).toHaveLength(2);
  expect(ada?.form?.join()).toMatch(/Ada.*1\.png/);
});

test('prompt has it too: the body is what the model would be asked', async () => {
  const server = await startServer();
  const base = ['prompt', '--dry-run', '-m', 'any', '--base-url', server.at('/v1'), '--template', 'Hi {{name}}'];
  const env = { OPENAI_API_KEY: 'sk-hush-hush-hush-hush' };
  const run = await sluice(base, { input: ndjson({ id: 'a', name: 'Ada' }, { id: 'b' }), env });
  expect(run.exitCode).toBe(1);
  const [ada, nobody] = dryRows(run.rows);
  expect(ada).toMatchObject({ ok: true, url: server.at('/v1/chat/completions'), method: 'POST' });
  expect(ada?.headers).toMatchObject({ authorization: '***', 'content-type': 'application/json' });
  expect(ada?.body).toMatchObject({ model: 'any', messages: [{ role: 'user', content: 'Hi Ada' }] });
  expect(nobody?.error).toMatchObject({ code: 'template' });
  expect(server.calls).toEqual([]);
});

test('prompt without a model asks nobody which there are', async () => {
  const run = await sluice(['prompt', '--dry-run', 'hi'], { env: { OLLAMA_HOST: 'http://127.0.0.1:9' } });
  expect(run).toMatchObject({ exitCode: 2, stdout: '' });
  expect(run.stderr).toContain('a dry run does not ask for one');
});
