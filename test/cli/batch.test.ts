import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inTurn, json, reply } from '../support/answers.ts';
import { expectRefused } from '../support/in-one-process.ts';
import { ndjson } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

const path = '/v1/chat/completions';
const request = (name: string) => ({ custom_id: name, method: 'POST', url: path, body: { model: 'm', messages: [] } });
type Line = { id: string; custom_id: string; response: { status_code: number; body: unknown } | null; error: unknown };
const linesIn = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

test('a file made for the Batch API runs unchanged and gives its output lines, each id its own', async () => {
  const server = await startServer({ [path]: json('{"id":"chatcmpl","created":1711475054}') });
  const args = ['fetch', '--base-url', server.url, '--output-format', 'openai-batch'];
  const run = await sluice(args, { input: ndjson(request('a'), request('b')), isRows: false });
  expect(run.exitCode).toBe(0);
  const lines = linesIn(run.stdout);
  expect(lines.map((line) => line.custom_id).sort()).toEqual(['a', 'b']);
  expect(new Set(lines.map(({ id }) => id)).size).toBe(2);
  for (const line of lines) {
    expect(Object.keys(line)).toEqual(['id', 'custom_id', 'response', 'error']);
    expect(line.response).toEqual({
      status_code: 200,
      request_id: '',
      body: { id: 'chatcmpl', created: 1711475054 },
    });
  }
});

test('such a file is resumed by custom_id', async () => {
  const server = await startServer({ [path]: inTurn(json('{}'), reply(400, 'no'), json('{"now":true}')) });
  const cwd = temporaryFolder();
  const args = ['fetch', '--base-url', server.url, '--output-format', 'openai-batch', '-c', '1', '-o', 'out'];
  const input = ndjson(request('a'), request('b'));
  const first = await sluice(args, { input, cwd, isRows: false });
  expect(first.exitCode).toBe(1);
  const dry = await sluice([...args, '--resume', '--dry-run'], { input, cwd, isRows: false });
  expect(dry.stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(JSON.parse(dry.stdout)).toMatchObject({ id: 'b', dry_run: true });
  const second = await sluice([...args, '--resume'], { input, cwd });
  expect(second.exitCode).toBe(0);
  expect(second.stderr).toBe('sluice: going on with out: 1 done; 1 failed, to be done again\n');
  const lines = linesIn(readFileSync(join(cwd, 'out'), 'utf8'));
  expect(lines.map((line) => [line.custom_id, line.response?.body])).toEqual([
    ['a', {}],
    ['b', { now: true }],
  ]);
  expect(server.calls).toHaveLength(3);
});

test('a file of the other format is left as it is: exit 2', async () => {
  const server = await startServer({ [path]: json('{}') });
  const cwd = temporaryFolder();
  const args = ['fetch', '--base-url', server.url, '-o', 'out'];
  const batch = [...args, '--output-format', 'openai-batch'];
  await sluice(batch, { input: ndjson(request('a')), cwd });
  const before = readFileSync(join(cwd, 'out'), 'utf8');
  const asRows = await sluice([...args, '--resume'], { input: ndjson(request('a')), cwd });
  expect([asRows.exitCode, asRows.stderr]).toEqual([2, expect.stringContaining('it holds Batch lines')]);
  expect(readFileSync(join(cwd, 'out'), 'utf8')).toBe(before);
  const dry = await sluice([...args, '--resume', '--dry-run'], { input: ndjson(request('a')), cwd });
  expect([dry.exitCode, dry.stderr]).toEqual([2, expect.stringContaining('it holds Batch lines')]);
  await sluice([...args, '--overwrite'], { input: ndjson(request('a')), cwd });
  const asBatch = await sluice([...batch, '--resume'], { input: ndjson(request('a')), cwd });
  expect([asBatch.exitCode, asBatch.stderr]).toEqual([2, expect.stringContaining('it holds rows')]);
  expect(server.calls).toHaveLength(2);
});

test('what has no place in Batch lines, or would make others of them, is wrong usage', async () => {
  const wrong: [flag: string, value: string, says: string][] = [
    ['--query', 'body', '--query: Batch lines have no room'],
    ['--merge', 'x', '--merge: Batch lines have no room'],
    ['--include', 'headers', '--include: Batch lines have no room'],
    ['--body', 'text', '--body: Batch lines'],
    ['--body', 'none', '--body: Batch lines'],
    ['--body', 'base64', '--body: Batch lines'],
    ['--body', 'json', '--body: Batch lines'],
  ];
  const base = ['fetch', '--output-format', 'openai-batch', 'http://127.0.0.1:9/'];
  await expectRefused(wrong.map(([flag, value, says]) => [[...base, flag, value], says]));
});
