import { expect, test } from 'vitest';
import { askedOf, echo } from '../llm/chat-answers.ts';
import { start as startMock } from '../mock/start.ts';
import { lines } from '../support/input.ts';
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
    expect.stringMatching(/^stdin:2: the record's `tools` must be a list of objects/),
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
