import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inTurn, redirect, reply } from '../support/answers.ts';
import { ndjson } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { type Call, startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

type Part = { name: string | null; filename: string | null; type: string | null; text: string };

/** The parts of a form, read by somebody else than who wrote them: the platform's own parser. */
async function partsOf({ headers, body }: Call): Promise<Part[]> {
  const response = new Response(Buffer.from(body, 'latin1'), {
    headers: { 'content-type': String(headers['content-type']) },
  });
  const parts: Part[] = [];
  for (const [name, value] of await response.formData()) {
    const isFile = typeof value !== 'string';
    const text = isFile ? await value.text() : value;
    parts.push({ name, filename: isFile ? value.name : null, type: isFile ? value.type : null, text });
  }
  return parts;
}

describe('-F', () => {
  test('sends texts, files and the text of files, each as it is', async () => {
    const server = await startServer();
    const cwd = temporaryFolder({ 'a b.txt': 'one\r\ntwo', 'x;y.bin': 'bytes' });
    const forms = ['a=1;2 é', 'f=@a b.txt', 'g=@"x;y.bin";type=image/png;filename="q;"', 't=<a b.txt'];
    const run = await sluice(['fetch', ...forms.flatMap((form) => ['-F', form]), server.at('/')], { cwd });
    expect(run.row(0)).toMatchObject({ ok: true, method: 'POST' });
    const [call] = server.calls;
    expect(call && (await partsOf(call))).toEqual([
      { name: 'a', filename: null, type: null, text: '1;2 é' },
      { name: 'f', filename: 'a b.txt', type: 'text/plain', text: 'one\r\ntwo' },
      { name: 'g', filename: 'q;', type: 'image/png', text: 'bytes' },
      { name: 't', filename: null, type: null, text: 'one\r\ntwo' },
    ]);
    expect(call?.headers['content-length']).toBe(String(call?.body.length));
    expect(call?.headers).not.toHaveProperty('transfer-encoding');
  });

  test('has templates in names, texts and files; a value cannot leave its part', async () => {
    const server = await startServer();
    const cwd = temporaryFolder({ 'one.txt': '1', 'two.txt': '2' });
    const input = ndjson({ n: 'one', t: '"\r\n--x' }, { n: 'two', t: '{{n}}' });
    const args = ['fetch', '--url', server.at('/'), '-c', '1', '-F', '{{t}}=@{{n}}.txt;filename={{t}}'];
    await sluice(args, { cwd, input });
    const parts = await Promise.all(server.calls.map(partsOf));
    expect(parts.flat().map(({ filename, text }) => [filename, text])).toEqual([
      ['"\r\n--x', '1'],
      ['{{n}}', '2'],
    ]);
  });

  test('reads no file outside the folder that its template names, whatever a record says', async () => {
    const server = await startServer();
    const cwd = temporaryFolder({ 'secret.txt': 'mine' });
    mkdirSync(join(cwd, 'in', 'deep'), { recursive: true });
    for (const path of ['in/a.txt', 'in/deep/b.txt']) writeFileSync(join(cwd, path), 'content');
    const paths = ['../secret.txt', 'deep/../../secret.txt', '..', './x', '..\\secret.txt', 'a.txt', 'deep/b.txt'];
    const input = ndjson(...paths.map((path) => ({ path })));
    for (const mark of ['@', '<']) {
      const run = await sluice(['fetch', '--url', server.at('/'), '--ordered', '-F', `f=${mark}in/{{path}}`], {
        cwd,
        input,
      });
      const rows = paths.map((_path, at) => run.row(at));
      expect(rows.map(({ error }) => error?.code ?? null)).toEqual([...Array(5).fill('template'), null, null]);
      expect(rows[0]?.error?.message).toContain('{{path}}: `../secret.txt` would leave the folder');
    }
    expect(server.calls.some(({ body }) => body.includes('mine'))).toBe(false);
  });

  test('reads the file that a record names in full, or with |raw', async () => {
    const server = await startServer();
    const cwd = temporaryFolder({ 'secret.txt': 'mine', 'a.txt': 'a' });
    const input = ndjson({ path: `../${basename(cwd)}/secret`, folder: cwd });
    for (const form of ['f=@./{{path|raw}}.txt', 'f=@{{folder}}/a.txt']) {
      expect((await sluice(['fetch', '--url', server.at('/'), '-F', form], { cwd, input })).row(0).ok).toBe(true);
    }
    const refused = await sluice(['fetch', '--url', server.at('/'), '-F', 'f=@{{folder}}.txt'], { cwd, input });
    expect(refused.row(0).error?.code).toBe('template');
  });

  test('opens its files anew for each attempt and for a redirect', async () => {
    const server = await startServer({ '/': redirect('/there', 307), '/there': inTurn(reply(500), reply(200)) });
    const cwd = temporaryFolder({ f: 'x'.repeat(300_000) });
    const args = ['fetch', '-F', 'f=@f', '--retry-unsafe', '--retry-delay', '1ms', server.at('/')];
    const run = await sluice(args, { cwd });
    expect(run.row(0)).toMatchObject({ ok: true, attempts: 2, redirects: 1 });
    const parts = await Promise.all(server.calls.map(partsOf));
    expect(parts.map(([part]) => part?.text.length)).toEqual([300_000, 300_000, 300_000, 300_000]);
  });

  test('a file that cannot be read fails its row, and nothing is sent for it', async () => {
    const server = await startServer();
    const cwd = temporaryFolder({ here: '1' });
    const args = ['fetch', '--ordered', '--url', server.at('/'), '-F', 'f=@{{line}}'];
    const run = await sluice(args, { cwd, input: 'here\ngone\n/\n' });
    expect(run.rows.map(({ error }) => error?.message ?? null)).toEqual([
      null,
      'cannot read gone: there is no such file',
      'cannot read /: it is a directory',
    ]);
    expect(run.row(1).error?.code).toBe('input');
    expect(server.calls).toHaveLength(1);
  });

  test('a row shows the form’s parts, and is done again only with -F', async () => {
    const server = await startServer({ '/': reply(500) });
    const cwd = temporaryFolder({ f: '1' });
    const form = ['-F', 'f=@f', '-F', 'a=b'];
    const first = await sluice(['fetch', ...form, '--include', 'request', server.at('/')], { cwd });
    expect(first.row(0).request).toMatchObject({ body: null, form: ['f=@f;type=application/octet-stream', 'a=b'] });
    const bare = await sluice(['fetch'], { cwd, input: first.stdout });
    expect(bare.row(0).error?.message).toMatch(/its body was a form.*give -F again/);
    await sluice(['fetch', ...form], { cwd, input: first.stdout });
    const calls = await Promise.all(server.calls.map(partsOf));
    expect(calls).toHaveLength(2);
    expect(calls[1]).toEqual(calls[0]);
  });
});
