import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { askedOf, echo, refuses, says } from '../llm/chat-answers.ts';
import { start as startMock } from '../mock/start.ts';
import { hangUp, holdAnswers, inTurn, redirect, reply } from '../support/answers.ts';
import { expectRefused } from '../support/in-one-process.ts';
import { lines, ndjson, times } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { parseRow, promptRows } from '../support/row.ts';
import { type CountingServer, type Handler, startServer } from '../support/server.ts';
import { type RunOptions, shell, sluice, start } from '../support/sluice.ts';

const path = '/v1/chat/completions';
const key = 'sk-test-0123456789abcdef';

async function startModel(handler: Handler = echo): Promise<CountingServer> {
  return await startServer({ [path]: handler });
}

/** The arguments that ask a model of this server. */
function asking(server: CountingServer, ...more: string[]): string[] {
  return ['prompt', '-m', 'some-model', '--base-url', `${server.url}/v1`, '--retry-delay', '1ms', ...more];
}

async function ask(
  server: CountingServer,
  { args = [], ...options }: RunOptions & { args?: string[]; input?: string } = {},
) {
  const run = await sluice(asking(server, ...args), options);
  return { ...run, prompts: promptRows(run.rows).sort((a, b) => a.index - b.index) };
}

const messagesOf = (server: CountingServer, nth = 0) => askedOf(server.calls[nth]).messages;

describe('where prompts come from', () => {
  test('arguments are prompts, whatever they look like', async () => {
    const server = await startModel();
    const { prompts, exitCode } = await ask(server, { args: ['Name three rivers', '{"prompt":"x"}', '# x'] });
    expect(prompts.map(({ text }) => text)).toEqual(['Name three rivers', '{"prompt":"x"}', '# x']);
    expect(prompts[0]).toMatchObject({
      ok: true,
      provider: 'openai',
      model: 'some-model',
      finish_reason: 'stop',
      usage: { input_tokens: 3, output_tokens: 5 },
      status: 200,
      attempts: 1,
      ttft_ms: null,
    });
    expect(exitCode).toBe(0);
  });

  test('lines of stdin are prompts, also those that begin with #; blank ones are skipped', async () => {
    const server = await startModel();
    const { prompts } = await ask(server, { input: lines('# one', '', '  two', 'three') });
    expect(prompts.map(({ text }) => text)).toEqual(['# one', '  two', 'three']);
  });

  test('a record brings `prompt` or `messages`, and its id', async () => {
    const server = await startModel();
    const messages = '[{"role":"system","content":"s"},{"role":"user","content":"m","n":12345678901234567890}]';
    const input = lines('{"id":7,"prompt":"p"}', `{"custom_id":"b","messages":${messages}}`);
    const { prompts } = await ask(server, { input, args: ['-c', '1', '--system', 'be brief'] });
    expect(prompts.map(({ id, text }) => [id, text])).toEqual([
      ['7', 'p'],
      ['b', 'm'],
    ]);
    expect(messagesOf(server)).toEqual([
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'p' },
    ]);
    expect(server.calls[1]?.body).toContain(`"messages":${messages}`);
  });

  test('a line that is no prompt is a failed row, and nothing is sent for it', async () => {
    const server = await startModel();
    const input = lines('{"a":1}', '{"a"', '{"prompt":7}', '{"messages":[]}', '{"messages":["x"]}', '[1]');
    const { prompts } = await ask(server, { input, args: ['--format', 'ndjson', '--include', 'input'] });
    expect(prompts.map(({ error }) => error?.code)).toEqual(Array(6).fill('input'));
    expect(prompts[0]?.error?.message).toMatch(/stdin:1: .*neither `messages` nor `prompt`/);
    expect(prompts[0]?.input).toEqual({ a: 1 });
    expect(server.calls).toEqual([]);
  });

  test('a record nested beyond all reason is one failed row, wherever it would be sent', async () => {
    const server = await startModel();
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const input = lines(`{"messages":[{"role":"user","content":${deep}}]}`, `{"prompt":"x","y":${deep}}`, 'z');
    const { prompts } = await ask(server, { input });
    expect(prompts.map(({ error }) => error?.code)).toEqual(['input', undefined, undefined]);
    const rendered = await ask(server, { input, args: ['--template', '{{y}}'] });
    expect(rendered.prompts.map(({ error }) => error?.code)).toEqual(['template', 'input', 'template']);
  });

  test('files are read in the order in which they are given', async () => {
    const server = await startModel();
    const cwd = temporaryFolder({ 'a.txt': 'a\n', 'b.ndjson': ndjson({ prompt: 'b' }) });
    const { prompts } = await ask(server, { cwd, args: ['-i', 'b.ndjson', '-i', 'a.txt'] });
    expect(prompts.map(({ text }) => text)).toEqual(['b', 'a']);
  });
});

describe('--template and --system', () => {
  test('make the messages of a record; a missing field is a row `template` without a call', async () => {
    const server = await startModel();
    const input = ndjson({ id: 'a', body: 'text', lang: 'de' }, { id: 'b', title: 'x' });
    const args = ['--template', 'Summarise: {{body}}', '--system', 'Answer in {{lang}}'];
    const { prompts, exitCode } = await ask(server, { input, args });
    expect(messagesOf(server)).toEqual([
      { role: 'system', content: 'Answer in de' },
      { role: 'user', content: 'Summarise: text' },
    ]);
    expect(prompts[1]).toMatchObject({ id: 'b', ok: false, attempts: 0, error: { code: 'template' } });
    expect(prompts[1]?.error?.message).toMatch(/`body`.*it has id, title/);
    expect(server.calls).toHaveLength(1);
    expect(exitCode).toBe(1);
  });

  test('take a line, its index, and the environment', async () => {
    const server = await startModel();
    const args = ['--template', '{{env.WHO}} {{index}}: {{line}}'];
    const { prompts } = await ask(server, { input: lines('x', 'y {{env.HOME}}'), args, env: { WHO: 'Ada' } });
    expect(prompts.map(({ text }) => text)).toEqual(['Ada 0: x', 'Ada 1: y {{env.HOME}}']);
  });

  test('come from a file by @FILE', async () => {
    const server = await startModel();
    const cwd = temporaryFolder({ 'prompt.txt': 'First line\n{{line}}\n', 'system.txt': 'be brief\n' });
    await ask(server, { cwd, input: lines('x'), args: ['--template', '@prompt.txt', '--system', '@system.txt'] });
    expect(messagesOf(server).map(({ content }) => content)).toEqual(['be brief', 'First line\nx']);
  });

  test('what cannot be a template is wrong usage', async () => {
    const server = await startModel();
    await expectRefused([
      [asking(server, '--template', '{{a'), /--template: \{\{ without/],
      [asking(server, '--system', '{{a|b}}'), /--system: .*no `b`/],
      [asking(server, '--template', '{{env.NOPE}}'), /NOPE is not set/],
      [asking(server, '--template', '@nowhere.txt'), /nowhere\.txt: there is no such file/],
    ]);
    expect(server.calls).toEqual([]);
  });
});

describe('rows are records for the next stage', () => {
  test('fetch | prompt keeps ids, and passes failed rows on as `upstream` without a call', async () => {
    const server = await startServer({ [path]: echo, '/a': reply(200, 'page a'), '/b': reply(404, 'gone') });
    const input = ndjson({ id: 'a', url: server.at('/a') }, { id: 'b', url: server.at('/b') });
    const script = `sluice fetch | sluice prompt -m some-model --base-url ${server.url}/v1 --template 'Title: {{body}}'`;
    const run = await shell(script, { input });
    const [first, second] = promptRows(run.rows).sort((one, two) => `${one.id}`.localeCompare(`${two.id}`));
    expect(first).toMatchObject({ id: 'a', ok: true, text: 'Title: page a' });
    expect(second).toMatchObject({
      id: 'b',
      ok: false,
      attempts: 0,
      error: { code: 'upstream', cause: { code: 'http' } },
    });
    expect(second?.error?.message).toContain('404');
    expect(server.callsOf(path)).toHaveLength(1);
    expect(run.exitCode).toBe(1);
  });

  test('prompt | prompt asks about the first one’s text', async () => {
    const server = await startModel();
    const prompt = `sluice prompt -m some-model --base-url ${server.url}/v1`;
    const run = await shell(`${prompt} hello | ${prompt} --template 'again: {{text}}'`);
    expect(promptRows(run.rows)[0]?.text).toBe('again: hello');
  });

  test('without a template a row with its input is done again, under its id', async () => {
    const server = await startModel(inTurn(refuses(400, { message: 'no' }), refuses(400, { message: 'no' }), echo));
    const args = ['--include', 'input', '--system', '{{line}}!'];
    const first = await ask(server, { input: lines('one', '{"id":"x","prompt":"two"}'), args });
    expect(first.exitCode).toBe(1);
    const again = await ask(server, { input: first.stdout, args });
    expect(again.prompts.map(({ id, text }) => [id, text])).toEqual(
      expect.arrayContaining([
        [null, 'one'],
        ['x', 'two'],
      ]),
    );
    const none = await ask(server, { input: (await ask(server, { args: ['x'] })).stdout });
    expect(none.prompts[0]?.error?.message).toMatch(/--include input/);
  });

  test('a row of fetch is no prompt by itself', async () => {
    const server = await startServer({ [path]: echo, '/a': reply(200, 'page') });
    const rows = (await sluice(['fetch', server.at('/a')])).stdout;
    const { prompts } = await ask(server, { input: rows });
    expect(prompts[0]?.error).toMatchObject({ code: 'input', message: expect.stringContaining('--template') });
  });
});

describe('what is sent', () => {
  test('is the model, the messages and what was asked for, nothing else', async () => {
    const server = await startModel();
    await ask(server, { args: ['hi'] });
    const streaming = { stream: true, stream_options: { include_usage: true } };
    expect(askedOf(server.calls[0])).toEqual({
      ...streaming,
      model: 'some-model',
      messages: [{ role: 'user', content: 'hi' }],
    });
    expect(server.calls[0]).toMatchObject({ method: 'POST', path });
    const params = ['--param', 'top_p=0.5', '--param', 'user=me', '--param', 'stop=["a"]', '--param', 'x=1e'];
    await ask(server, { args: ['hi', '--max-tokens', '5', '--temperature', '0', ...params] });
    expect(askedOf(server.calls[1])).toMatchObject({
      max_tokens: 5,
      temperature: 0,
      top_p: 0.5,
      user: 'me',
      stop: ['a'],
      x: '1e',
    });
  });

  test('`openai:` before a model names the way to ask, not the model', async () => {
    const server = await startModel();
    await sluice(['prompt', 'x', '-m', 'openai:gpt-5', '--base-url', `${server.url}/v1`]);
    expect(askedOf(server.calls[0]).model).toBe('gpt-5');
  });

  test('--base-url comes before OPENAI_BASE_URL, and both may end with a slash', async () => {
    const server = await startModel();
    const other = await startModel();
    const env = { OPENAI_BASE_URL: `${server.url}/v1/` };
    await sluice(['prompt', 'x', '-m', 'm'], { env });
    expect(server.calls).toHaveLength(1);
    await sluice(['prompt', 'x', '-m', 'm', '--base-url', `${other.url}/v1/`], { env });
    expect([server.calls.length, other.calls.length]).toEqual([1, 1]);
  });

  test('never more at once than -c', async () => {
    const held = holdAnswers(echo);
    const server = await startModel(held.handler);
    const run = start(asking(server, '-c', '3'));
    run.stdin.end(times(9, 'x'));
    await server.called(3);
    held.open();
    expect((await run.ended).rows).toHaveLength(9);
    expect(server.maxInFlight).toBe(3);
  });
});

test('the summary counts tokens, and -v tells the status of each attempt', async () => {
  const server = await startModel(inTurn(refuses(500, { message: 'busy' }), echo));
  const args = ['hi', '-v', '--summary', 'json'];
  const { stderr } = await ask(server, { args });
  expect(stderr).toContain('"usage":{"input_tokens":3,"output_tokens":5}');
  expect(stderr).toMatch(/^#0 attempt 1 some-model at \S+: 500 http: .*\n/m);
  expect(stderr).toMatch(/^#0 attempt 2 some-model at \S+: 200 ok \(/m);
});

describe('the key', () => {
  test('is sent as a bearer token, and appears nowhere, even where the server says it back', async () => {
    const tells: Handler = (call, response) => {
      const said = `${call.headers.authorization}`;
      refuses(401, { message: `Incorrect API key: ${said}` }, { 'x-key': said })(call, response);
    };
    const server = await startModel(inTurn(refuses(500, { message: key }), tells));
    const args = ['hi', '-v', '--include', 'headers,timings,attempts,input', '--summary', 'table'];
    const run = await ask(server, { args, env: { OPENAI_API_KEY: key } });
    expect(server.calls.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${key}`, `Bearer ${key}`]);
    expect(run.stdout + run.stderr).not.toContain(key);
    expect(run.prompts[0]?.error).toMatchObject({ code: 'http', retryable: false });
    expect(run.prompts[0]?.error?.message).toMatch(/the key came from OPENAI_API_KEY/);
    expect(run.prompts[0]?.attempts).toBe(2);
  });

  test('may come from another variable', async () => {
    const server = await startModel();
    const env = { OPENAI_API_KEY: 'other', MY_KEY: `${key}\n` };
    await ask(server, { args: ['hi', '--api-key-env', 'MY_KEY'], env });
    expect(server.calls[0]?.headers.authorization).toBe(`Bearer ${key}`);
  });

  test('is not needed by a server on this machine', async () => {
    const server = await startModel();
    await ask(server, { args: ['hi'], env: { OPENAI_API_KEY: '' } });
    expect(server.calls[0]?.headers.authorization).toBeUndefined();
  });

  test('is needed by any other: wrong usage that names the variable', async () => {
    const bases = [[], ['--base-url', 'https://llm.invalid/v1'], ['--base-url', 'http://127.0.0.1.invalid/v1']];
    await expectRefused(bases.map((base) => [['prompt', 'x', '-m', 'm', ...base], /OPENAI_API_KEY is not set/]));
  });

  test('does not go where a redirect leads', async () => {
    const elsewhere = await startModel();
    const server = await startModel(redirect(elsewhere.at(path), 307));
    const { prompts } = await ask(server, { args: ['hi'], env: { OPENAI_API_KEY: key } });
    expect(prompts[0]?.error).toMatchObject({ code: 'redirect', message: expect.stringContaining(elsewhere.url) });
    expect(elsewhere.calls).toEqual([]);
  });

  test('that cannot stand in a header is wrong usage, and is not shown', async () => {
    const server = await startModel();
    const env = { OPENAI_API_KEY: 'sk-ключ-0123456789' };
    const said = await expectRefused([[asking(server, 'hi'), 'OPENAI_API_KEY', { env }]]);
    expect(said.join('')).not.toContain('ключ');
  });
});

test('wrong usage is told before anything is sent', async () => {
  const wrong: [args: string[], message: RegExp][] = [
    [[], /--model: no model is given/],
    [['-m', ''], /--model/],
    [['-m', 'anthropic:claude-haiku'], /ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN is not set/],
    [['-m', 'gemini:'], /--model: expected PROVIDER:MODEL/],
    [['-m', 'm', '--anthropic-version', '2026-10-21'], /--anthropic-version: it is for anthropic/],
    [['-m', 'ollama:m', '--api', 'responses'], /--api: it chooses between OpenAI's APIs/],
    [['-m', 'm', '--schema', 'nowhere.json'], /--schema: cannot read nowhere\.json/],
    [['y', '-m', 'm', '--stream', '--text'], /--stream and --text together are for one prompt/],
    [['-m', 'm', '--base-url', 'localhost'], /--base-url: expected a URL such as/],
    [['-m', 'm', '--base-url', 'http://user:pa55word@127.0.0.1/v1'], /--base-url: it may not hold a user/],
    [['-m', 'm', '--param', 'stream=true'], /--param: stream is set by sluice itself/],
    [['-m', 'm', '--param', 'x'], /--param: expected KEY=VALUE/],
    [['-m', 'm', '--temperature', 'hot'], /--temperature: expected a number/],
    [['-m', 'm', '--max-tokens', '0'], /--max-tokens: expected a whole number/],
    [['-m', 'm', '--include', 'body'], /--include: expected some of headers, timings, attempts, input/],
  ];
  const env = { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };
  const said = await expectRefused(wrong.map(([args, message]) => [['prompt', 'x', ...args], message, { env }]));
  expect(said.join('')).not.toContain('pa55word');
});

describe('what goes wrong', () => {
  test('a prompt is asked again freely: after a 500, and when the connection breaks', async () => {
    const server = await startModel(inTurn(refuses(500, { message: 'oh' }), hangUp, says('well')));
    const { prompts } = await ask(server, { args: ['hi'] });
    expect(prompts[0]).toMatchObject({ ok: true, attempts: 3, text: 'well' });
  });

  test('an empty account is `quota`, asked once', async () => {
    const server = await startModel(
      refuses(429, { code: 'insufficient_quota', message: 'no' }, { 'retry-after': '0' }),
    );
    const { prompts, exitCode } = await ask(server, { args: ['hi'] });
    expect(prompts[0]).toMatchObject({ attempts: 1, status: 429, error: { code: 'quota', retryable: false } });
    expect(server.calls).toHaveLength(1);
    expect(exitCode).toBe(1);
  });

  test.each([
    ['retry-after-ms', { 'retry-after-ms': '20' }],
    ['x-ratelimit-reset-*', { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '20ms' }],
  ])('a 429 with %s holds the lane and uses no retry', async (_, headers) => {
    const limited = refuses(429, { code: 'rate_limit_exceeded', message: 'slow down' }, headers);
    const server = await startModel(inTurn(limited, limited, echo));
    const { prompts, stderr } = await ask(server, { args: ['hi', '--retries', '0', '-v'] });
    expect(prompts[0]).toMatchObject({ ok: true, attempts: 3 });
    expect(stderr).toMatch(/is held for 0\.02 s/);
  });

  test('--lane names what is held: one account’s 429 holds no other’s', async () => {
    const held = holdAnswers(echo);
    const server = await startModel((call, response) => {
      if (call.body.includes('poor')) refuses(429, { message: 'no' }, { 'retry-after': '60' })(call, response);
      else held.handler(call, response);
    });
    const run = start(asking(server, '-c', '1', '--lane', '{{account}}', '--retry-after-max', '1s'));
    run.stdin.end(
      ndjson({ account: 'a', prompt: 'poor' }, { account: 'b', prompt: 'x' }, { account: 'a', prompt: 'y' }),
    );
    await server.called(2);
    held.open();
    const codes = promptRows((await run.ended).rows).map(({ index, error }) => [index, error?.code]);
    expect(codes).toEqual(
      expect.arrayContaining([
        [0, 'rate_limited'],
        [1, undefined],
        [2, 'rate_limited'],
      ]),
    );
    expect(server.calls).toHaveLength(2);
  });

  test('a 429 without a time, again and again, is `rate_limited`', async () => {
    const server = await startModel(refuses(429, { message: 'slow down' }));
    const { prompts } = await ask(server, { args: ['hi', '--retries', '1'] });
    expect(prompts[0]).toMatchObject({ attempts: 2, error: { code: 'rate_limited', retryable: true } });
  });

  test('an answer may come compressed; one that ends too early is `truncated`, and asked for again', async () => {
    const whole = gzipSync('{"choices":[{"message":{"content":"packed"},"finish_reason":"stop"}]}');
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const server = await startModel(inTurn(reply(200, whole.subarray(0, -12), headers), reply(200, whole, headers)));
    const { prompts, stderr } = await ask(server, { args: ['hi', '-v'] });
    expect(prompts[0]).toMatchObject({ ok: true, text: 'packed', attempts: 2, usage: null });
    expect(stderr).toMatch(/attempt 1 .*truncated/);
  });

  test('a 200 that is no completion is `decode`', async () => {
    const server = await startModel(reply(200, '<html>Welcome</html>', { 'content-type': 'text/html' }));
    const { prompts } = await ask(server, { args: ['hi'] });
    expect(prompts[0]).toMatchObject({ ok: false, status: 200, attempts: 1, error: { code: 'decode', phase: 'body' } });
  });

  test('an answer that is too slow is `timeout`', async () => {
    const server = await startModel(holdAnswers().handler);
    const { prompts } = await ask(server, { args: ['hi', '--timeout', '50ms', '--retries', '0'] });
    expect(prompts[0]?.error).toMatchObject({ code: 'timeout', phase: 'headers', retryable: true });
  });

  test('--retry-on decides what is asked again', async () => {
    const server = await startModel(refuses(500, { message: 'no' }));
    const { prompts } = await ask(server, { args: ['hi', '--retry-on', '429'] });
    expect(prompts[0]).toMatchObject({ attempts: 1, error: { retryable: false } });
  });

  test('a hostile answer is shown in words, on one line', async () => {
    const server = await startModel(reply(500, '<html>\u001b[31m\u0085\n</html>', { 'content-type': 'text/html' }));
    const { prompts, stderr } = await ask(server, { args: ['hi', '-v', '--retries', '0'] });
    expect(prompts[0]?.error?.message).toMatch(/<html> \[31m <\/html>$/);
    expect(stderr).not.toContain('\u001b');
  });
});

test('--resume does what is not done yet, known by its id or by what it says', async () => {
  const failing: Handler = (call, response) =>
    call.body.includes('bad') && server.calls.length <= 4
      ? refuses(400, { message: 'no' })(call, response)
      : echo(call, response);
  const server = await startModel(failing);
  const cwd = temporaryFolder();
  const input = lines('one', '{"id":"x","prompt":"bad two"}', 'bad three', 'one');
  const options = { cwd, isRows: false };
  const first = await ask(server, { ...options, input, args: ['-o', 'out.ndjson'] });
  expect([first.exitCode, first.stdout]).toEqual([1, '']);
  const second = await ask(server, { ...options, input: lines('new') + input, args: ['-o', 'out.ndjson', '--resume'] });
  expect(second.exitCode).toBe(0);
  expect(server.calls.slice(4).map((call) => askedOf(call).messages[0]?.content)).toEqual(
    expect.arrayContaining(['new', 'bad two', 'bad three']),
  );
  expect(server.calls).toHaveLength(7);
  const rows = promptRows(readFileSync(join(cwd, 'out.ndjson'), 'utf8').trimEnd().split('\n').map(parseRow));
  expect(rows).toHaveLength(5);
  expect(rows.map(({ text }) => text)).toEqual(expect.arrayContaining(['one', 'bad two', 'bad three', 'new']));
});

test('Ctrl-C: what runs is cancelled after the grace, what was read has its row, and the run dies by the signal', async () => {
  const server = await startModel(holdAnswers().handler);
  const run = start(asking(server, '-c', '1', '--grace', '0'));
  run.stdin.write(lines('one', 'two'));
  await server.called(1);
  await run.signal('SIGINT');
  const ended = await run.ended;
  expect(ended.signal).toBe('SIGINT');
  expect(ended.rows.map(({ error }) => error?.code)).toEqual(['cancelled', 'cancelled']);
  await server.quiet();
});

test('`sluice mock` answers `sluice prompt`', async () => {
  const mock = await startMock();
  const asked = (...args: string[]) =>
    sluice(['prompt', '--retry-delay', '1ms', ...args], { env: { OPENAI_BASE_URL: `${mock.url}/v1` } });
  const [row] = promptRows((await asked('hello', '-m', 'echo')).rows);
  expect(row).toMatchObject({ ok: true, text: 'You said: hello', usage: { input_tokens: 2, output_tokens: 4 } });
  const [cut] = promptRows((await asked('hello', '-m', 'echo', '--max-tokens', '2')).rows);
  expect(cut).toMatchObject({ ok: true, text: 'You said', finish_reason: 'length' });
  const codes = ['fail:500', 'fail:quota', 'fail:error', 'refuse', 'slow:1ms'].map(
    async (model) => (await asked('x', '-m', model)).rows[0]?.error?.code,
  );
  expect(await Promise.all(codes)).toEqual(['http', 'quota', 'http', 'refused', undefined]);
});

test('help says what a prompt needs', async () => {
  const { stdout, exitCode } = await sluice(['prompt', '--help'], { isRows: false });
  expect(exitCode).toBe(0);
  for (const word of ['--template', '--base-url', 'OPENAI_BASE_URL', '--api-key-env', 'default: 10m']) {
    expect(stdout).toContain(word);
  }
  expect(stdout).not.toContain('--retry-unsafe');
});
