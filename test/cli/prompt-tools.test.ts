import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { askedOf, echo } from '../llm/chat-answers.ts';
import { start as startMock } from '../mock/start.ts';
import { reply } from '../support/answers.ts';
import { lines } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { promptRows } from '../support/row.ts';
import { startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

const path = '/v1/chat/completions';
const tools = [{ type: 'function', function: { name: 'time' } }];
const link = { type: 'image_url', image_url: { url: 'https://x.example/a.png' } };

test('the tools of a record go along with its prompt or messages, and those of a template’s record do not', async () => {
  const server = await startServer({ [path]: echo });
  const to = ['prompt', '-m', 'any', '--base-url', `${server.url}/v1`, '-c', '1'];
  const record = { prompt: 'how late?', tools, tool_choice: 'required' };
  await sluice(to, { input: lines(JSON.stringify(record), JSON.stringify({ prompt: 'x', tools: [] })) });
  await sluice([...to, '--template', '{{prompt}}'], { input: JSON.stringify(record) });
  expect(askedOf(server.calls[0])).toMatchObject({ tools, tool_choice: 'required' });
  expect(askedOf(server.calls[1])).not.toHaveProperty('tools');
  expect(askedOf(server.calls[2])).not.toHaveProperty('tools');
});

test('what a provider cannot be told is a failed row that names the line, without a call, in a dry run too', async () => {
  const mock = await startMock();
  const input = lines(
    JSON.stringify({ id: 'a', messages: [{ role: 'user', content: [link] }] }),
    JSON.stringify({ id: 'b', prompt: 'x', tools: 'hammer' }),
    JSON.stringify({ id: 'c', prompt: 'x', tools, tool_choice: 'none' }),
    JSON.stringify({ id: 'd', prompt: 'x', tools }),
  );
  const args = ['prompt', '-m', 'ollama:echo', '--base-url', mock.url, '--include', 'input'];
  const run = await sluice(args, { input });
  const rows = promptRows(run.rows).toSorted((a, b) => a.index - b.index);
  expect(rows.map(({ error }) => error?.message ?? null)).toEqual([
    expect.stringMatching(/^stdin:1: messages\[0\]: Ollama takes only embedded images/),
    expect.stringMatching(/^stdin:2: the record's `tools` must be a list, as OpenAI has them/),
    'stdin:3: tool_choice: Ollama knows only auto: leave it out',
    null,
  ]);
  expect(rows.slice(0, 3).map(({ error, attempts, id }) => [error?.code, attempts, id])).toEqual([
    ['input', 0, 'a'],
    ['input', 0, 'b'],
    ['input', 0, 'c'],
  ]);
  const dry = await sluice([...args.slice(0, 5), '--dry-run'], { input, isRows: false });
  const dryRows = dry.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(dryRows.map(({ ok }) => ok)).toEqual([false, false, false, true]);
  expect(dryRows[3].body.tools).toEqual(tools);
});

describe('tool calls in answers', () => {
  const answer = (message: object) =>
    reply(200, JSON.stringify({ choices: [{ message, finish_reason: 'tool_calls' }] }));
  const calls = [{ id: 'c1', type: 'function', function: { name: 'time', arguments: '{"n":1.50}' } }];
  const asking = (url: string, ...more: string[]) => ['prompt', '-m', 'any', '--base-url', `${url}/v1`, 'x', ...more];

  test('are in the row in OpenAI’s form, and go back as they are', async () => {
    const server = await startServer({ [path]: answer({ content: null, tool_calls: calls }) });
    const [row] = promptRows((await sluice(asking(server.url))).rows);
    expect(row).toMatchObject({ ok: true, text: null, tool_calls: calls, finish_reason: 'tool_calls' });
    const messages = [
      { role: 'assistant', content: row?.text, tool_calls: row?.tool_calls },
      { role: 'tool', tool_call_id: 'c1', content: 'noon' },
    ];
    const mock = await startMock();
    const again = ['prompt', '-m', 'anthropic:echo', '--base-url', mock.url, '--dry-run'];
    const { stdout } = await sluice(again, { input: JSON.stringify({ messages }), isRows: false });
    expect(stdout).toContain('{"type":"tool_use","id":"c1","name":"time","input":{"n":1.50}}');
  });

  test('are told on stderr where only text is shown', async () => {
    const server = await startServer({ [path]: answer({ content: null, tool_calls: calls }) });
    const { stdout, stderr, exitCode } = await sluice(asking(server.url, '--text'), { isRows: false });
    expect([stdout, exitCode]).toEqual(['', 0]);
    expect(stderr).toContain('#0: no text: the model wants tools called (time); rows show how');
  });

  test('of Gemini keep its signature', async () => {
    const part = { functionCall: { name: 'time', args: {} }, thoughtSignature: 'c2ln' };
    const body = { candidates: [{ content: { parts: [part] }, finishReason: 'STOP' }] };
    const server = await startServer({ '*': reply(200, JSON.stringify(body)) });
    const run = await sluice(['prompt', '-m', 'gemini:g', '--base-url', server.url, 'x']);
    expect(promptRows(run.rows)[0]?.tool_calls).toEqual([
      {
        id: null,
        type: 'function',
        function: { name: 'time', arguments: '{}' },
        extra_content: { google: { thought_signature: 'c2ln' } },
      },
    ]);
  });

  test('are no answer yet, so no schema is held against them', async () => {
    const server = await startServer({ [path]: answer({ content: null, tool_calls: calls }) });
    const schema = join(temporaryFolder({ 'schema.json': '{"type":"object"}' }), 'schema.json');
    const [row] = promptRows((await sluice(asking(server.url, '--schema', schema))).rows);
    expect(row).toMatchObject({ ok: true, json: null, tool_calls: calls });
  });
});
