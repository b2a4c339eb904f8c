import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inTurn, json, reply } from '../support/answers.ts';
import { expectRefused } from '../support/in-one-process.ts';
import { ndjson } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { parseRow } from '../support/row.ts';
import { startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

const shaped = { isRows: false };

test('--query prints a field of each ok row with its digits; a failed row is a line on stderr, exit 1', async () => {
  const server = await startServer({ '/a': json('{"id": 1234567890123456789}'), '/b': reply(404, 'no\u001b[31m') });
  const run = await sluice(['fetch', '--query', 'body.id', server.at('/a'), server.at('/b')], shaped);
  expect(run.stdout).toBe('1234567890123456789\n');
  expect(run.stderr).toBe(`sluice: #1 http: ${server.host} answered 404 Not Found\n`);
  expect(run.exitCode).toBe(1);
});

test('--raw prints strings bare and a list line by line', async () => {
  const server = await startServer({ '/': json('{"tags":["a","b c"]}') });
  const run = await sluice(['fetch', '--query', 'body.tags', '--raw', server.at('/')], shaped);
  expect(run.stdout).toBe('a\nb c\n');
  expect(run.exitCode).toBe(0);
});

test('a query that does not fit a row fails it: exit 1, and with --fail-fast exit 3', async () => {
  const server = await startServer({ '/': json('{"n":1}') });
  const lines = ndjson(...Array.from({ length: 30 }, (_, at) => ({ id: `r${at}`, url: server.at('/') })));
  const args = ['fetch', '-c', '1', '--query', 'length(body.n)'];
  const all = await sluice(args, { ...shaped, input: lines });
  expect(all.exitCode).toBe(1);
  expect(all.stdout).toBe('');
  expect(all.stderr.match(/^sluice: #\d+ r\d+ query: .*$/gm)).toHaveLength(30);
  const first = await sluice([...args, '--fail-fast', '--window', '5'], { ...shaped, input: lines });
  expect(first.exitCode).toBe(3);
  expect(server.calls.length).toBeLessThan(60);
});

test('with -o the file has whole rows, the query’s failures among them, and stdout what was asked for', async () => {
  const server = await startServer({ '/a': json('{"id":1.50}'), '/b': json('{"id":[1]}') });
  const cwd = temporaryFolder();
  const args = ['fetch', '-o', 'rows', '--ordered', '--query', 'abs(body.id)', server.at('/a'), server.at('/b')];
  const run = await sluice(args, { ...shaped, cwd });
  expect(run.stdout).toBe('1.5\n');
  expect(run.exitCode).toBe(1);
  const rows = readFileSync(join(cwd, 'rows'), 'utf8').trimEnd().split('\n').map(parseRow);
  expect(rows.map(({ ok, body, error }) => [ok, body, error?.code])).toEqual([
    [true, { id: 1.5 }, undefined],
    [false, { id: [1] }, 'query'],
  ]);
  const plain = await sluice(['fetch', '-o', 'more', server.at('/a')], { ...shaped, cwd });
  expect(plain.stdout).toBe('');
});

test('--merge prints the record as it was, with its row in the field; failed rows too', async () => {
  const server = await startServer({ '/a': json('{}'), '/b': reply(404) });
  const input = `{"url":"${server.at('/a')}","n":1.10,"big":12345678901234567890}\n${server.at('/b')}\n`;
  const run = await sluice(['fetch', '--merge', 'result', '--ordered'], { ...shaped, input });
  const [first = '', second = ''] = run.stdout.split('\n');
  expect(first).toContain(`{"url":"${server.at('/a')}","n":1.10,"big":12345678901234567890,"result":{"index":0,`);
  expect(JSON.parse(second)).toMatchObject({ line: server.at('/b'), result: { ok: false, status: 404 } });
  for (const line of [first, second]) parseRow(JSON.stringify(JSON.parse(line).result));
  expect(run.exitCode).toBe(1);
});

test('rows of `prompt` are shaped too', async () => {
  const choice = { message: { role: 'assistant', content: 'Two\nlines' }, finish_reason: 'stop' };
  const server = await startServer({ '/v1/chat/completions': json(JSON.stringify({ choices: [choice] })) });
  const args = ['prompt', 'Hi', '--base-url', server.at('/v1'), '-m', 'any'];
  const text = await sluice([...args, '--query', 'text', '--raw'], shaped);
  expect([text.stdout, text.exitCode]).toEqual(['Two\nlines\n', 0]);
  const both = await sluice([...args, '--merge', 'answer', '--query', '[line, answer.ok]'], shaped);
  expect(both.stdout).toBe('["Hi",true]\n');
  const clash = await sluice([...args, '--query', 'text', '--text'], shaped);
  expect([clash.exitCode, clash.stderr]).toEqual([2, expect.stringContaining('--text: it shapes stdout')]);
});

test('with --raw a reader gets as many lines as there are rows, an empty one for null', async () => {
  const server = await startServer({ '/': inTurn(json('{"a":"x"}'), json('{}'), json('{"a":"y"}')) });
  const urls = [1, 2, 3].map(() => server.at('/'));
  const run = await sluice(['fetch', '-c', '1', '--query', 'body.a', '--raw', ...urls], shaped);
  expect(run.stdout).toBe('x\n\ny\n');
});

test('a query or name that can never work is wrong usage, and nothing is sent', async () => {
  const server = await startServer();
  const wrong: [flags: string[], message: string][] = [
    [['--query', 'a b'], '--query: expected a JMESPath expression: wrong from `b` on (character 3)'],
    [['--query', 'nofn(@)'], '--query: JMESPath has no function nofn'],
    [['--raw'], '--raw: it needs --query'],
    [['--merge', ''], '--merge: expected the name of a field'],
  ];
  await expectRefused(wrong.map(([flags, message]) => [['fetch', ...flags, server.at('/')], message]));
  expect(server.calls).toHaveLength(0);
});
