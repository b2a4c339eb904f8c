import { describe, expect, test } from 'vitest';
import { json, reply } from '../support/answers.ts';
import { expectRefused } from '../support/in-one-process.ts';
import { lines, ndjson } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { type CountingServer, startServer } from '../support/server.ts';
import { sluice, start } from '../support/sluice.ts';

const once = ['fetch', '--retries', '0', '--ordered'];
const bodyOf = (server: CountingServer, at = 0) => Buffer.from(server.calls[at]?.body ?? '', 'latin1').toString();

describe('a CSV file', () => {
  const users =
    '\ufeffid,name,note\r\n1,Ada,"a ""q"""\r\n2,"Bob, Jr.","two\r\nlines"\r\nshort\r\n\r\n3,Zoë & Co/?,"__proto__"\r\n';

  test('makes a call of each row, and of a row that does not fit a failure with its line', async () => {
    const server = await startServer();
    const cwd = temporaryFolder({ 'users.csv': users });
    const url = server.at('/u/{{id}}/{{name}}?n={{note}}');
    const run = await sluice([...once, '-i', 'users.csv', '--url', url, '--id', 'u{{id}}', '--include', 'input'], {
      cwd,
    });
    expect(run.exitCode).toBe(1);
    expect(run.rows.map(({ id, ok }) => [id, ok])).toEqual([
      ['u1', true],
      ['u2', true],
      [null, false],
      ['u3', true],
    ]);
    expect(server.calls.map(({ path }) => path).sort()).toEqual([
      '/u/1/Ada?n=a%20%22q%22',
      '/u/2/Bob%2C%20Jr.?n=two%0D%0Alines',
      '/u/3/Zo%C3%AB%20%26%20Co%2F%3F?n=__proto__',
    ]);
    expect(run.row(1).input).toEqual({ id: '2', name: 'Bob, Jr.', note: 'two\r\nlines' });
    expect(run.row(2)).toMatchObject({ attempts: 0, error: { code: 'input' }, input: 'short' });
    expect(run.row(2).error?.message).toBe('users.csv:5: the row has 1 fields, the header 3');
  });

  test('may bring the calls itself: url, method, body, id; an empty cell is none', async () => {
    const server = await startServer();
    const table = `id,url,method,body\na,${server.at('/1')},put,x\n,${server.at('/2')},,\n`;
    const run = await sluice([...once, '--format', 'csv', '-c', '1'], { input: table });
    expect(run.rows.map(({ id, method, ok }) => [id, method, ok])).toEqual([
      ['a', 'PUT', true],
      [null, 'GET', true],
    ]);
    expect(server.calls.map(({ body }) => body)).toEqual(['x', '']);
  });

  test('on stdin is known by a header that a template names', async () => {
    const server = await startServer();
    const run = await sluice([...once, '--url', server.at('/{{id}}'), '-c', '1'], { input: 'id\tname\n1\tx\n2\ty\n' });
    expect(run.exitCode).toBe(0);
    expect(server.calls.map(({ path }) => path)).toEqual(['/1', '/2']);
  });

  test.each([
    ['id,id\n1,2\n', 'two columns of the header are called `id`'],
    [',\n1,2\n', 'no column of the header has a name'],
  ])('with a wrong header is wrong usage, and nothing is sent: %j', async (table, message) => {
    const server = await startServer();
    const cwd = temporaryFolder({ 'good.csv': 'id\n1\n', 'bad.csv': table });
    const args = ['fetch', '-i', 'good.csv', '-i', 'bad.csv', '--url', server.at('/{{id}}'), server.at('/word')];
    const run = await sluice(args, { cwd, isRows: false });
    expect(run).toMatchObject({ exitCode: 2, stdout: '', stderr: `sluice: bad.csv: ${message}\n` });
    expect(server.calls).toEqual([]);
  });

  test('on a stdin that stays open is refused at once', async () => {
    const run = start(['fetch', '--format', 'csv', '--url', 'http://127.0.0.1:1/{{id}}'], { isRows: false });
    run.stdin.write('id,id\n');
    const { exitCode, stderr } = await run.ended;
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: 'sluice: stdin: two columns of the header are called `id`\n',
    });
  });
});

describe('--url', () => {
  test('makes the URL of lines and arguments too; # begins no comment then', async () => {
    const server = await startServer();
    await sluice([...once, '-c', '1', '--url', server.at('/{{line}}'), 'a b', '-i', '-'], { input: '#1\n{"x":1}\n' });
    expect(server.calls.map(({ path }) => path)).toEqual(['/a%20b', '/%231', '/%7B%22x%22%3A1%7D']);
  });

  test('leaves a record to be data: its own method, headers and body are not sent', async () => {
    const server = await startServer();
    const record = { url: 'http://other.invalid/', method: 'VISA', headers: { 'x-a': '1' }, body: 'text', id: 7 };
    const run = await sluice([...once, '--url', server.at('/{{id}}')], { input: ndjson(record) });
    expect(run.row(0)).toMatchObject({ ok: true, id: '7', method: 'GET', url: server.at('/7') });
    expect(server.calls[0]).toMatchObject({ path: '/7', body: '' });
    expect(server.calls[0]?.headers).not.toHaveProperty('x-a');
  });

  test('a missing field fails its row, the others go on', async () => {
    const server = await startServer();
    const run = await sluice([...once, '--url', server.at('/{{id}}')], {
      input: ndjson({ id: 1 }, { name: 'x' }, { id: '..' }),
    });
    expect(run.rows.map(({ error }) => error?.code ?? null)).toEqual([null, 'template', 'template']);
    expect(run.row(1).error?.message).toBe('stdin:2: {{id}}: the record has no `id`; it has name');
    expect(run.row(1)).toMatchObject({ url: null, attempts: 0 });
    expect(server.calls).toHaveLength(1);
  });

  test('a template or value that can never work is wrong usage', async () => {
    const wrong: [args: string[], message: RegExp][] = [
      [['--url', 'http://h/{{id'], /^sluice: --url: \{\{ without its \}\}/],
      [['--url', 'http://h/{{id|upper}}'], /^sluice: --url: .*there is no `upper`/],
      [['--url', ' '], /^sluice: --url: expected a URL/],
      [['--url', 'ftp://h/{{id}}'], /^sluice: --url: only http and https/],
      [['--url', 'users/{{id}}'], /^sluice: --url: not a URL/],
      [['--url', '{{v}}', '--var', 'v=nonsense here'], /^sluice: --url: not a URL/],
      [['--id', '{{env.NOPE}}'], /^sluice: --id: .*NOPE is not set/],
      [['-H', 'x-a: {{'], /^sluice: --header: /],
      [['-d', '{{'], /^sluice: --data: .*write \{\{'\{\{'\}\}/],
      [['--json', '{"n":{{n}}}'], /^sluice: --json: not valid JSON.*stands in quotes/],
      [['-d', '{"n":{{n}}}', '-H', 'content-type: application/json'], /^sluice: --data: .*stands in quotes/],
      [['--var', 'x'], /^sluice: --var: expected NAME=VALUE/],
      [['-F', 'a=1', '-d', 'b'], /^sluice: -F: a form cannot be joined/],
      [['-F', 'a'], /^sluice: --form: expected NAME=VALUE/],
    ];
    await expectRefused(wrong.map(([args, message]) => [['fetch', ...args, 'http://127.0.0.1:1/'], message]));
  });
});

describe('the body of a record', () => {
  test('goes out as it is written but for white space: order, repeats, escapes; when its row is done again too', async () => {
    const written = '{"b":1,"10":"\\u00e9","2":"\\ud800","a":1e2,"a":[1.0]}';
    const server = await startServer();
    const cwd = temporaryFolder({});
    const input = lines(`{"url":"${server.at('/')}","\\u0062ody": ${written.replaceAll(',', ' , ')} ,"method":"PUT"}`);
    const first = await sluice([...once, '--include', 'request', '-o', 'out.ndjson'], { cwd, input });
    expect(first.exitCode).toBe(0);
    await sluice([...once, '-i', 'out.ndjson', '-o', 'again.ndjson'], { cwd });
    expect([bodyOf(server, 0), bodyOf(server, 1)]).toEqual([written, written]);
    // Known again: the same body makes the same key.
    await sluice([...once, '-i', 'out.ndjson', '-o', 'again.ndjson', '--resume'], { cwd });
    expect(server.calls).toHaveLength(2);
  });
});

describe('templates in the request', () => {
  test('--json: values keep their types and digits', async () => {
    const server = await startServer();
    const body = '{"ref":"{{ref}}","amount":"{{amount}}","note":"for {{ref}}"}';
    await sluice([...once, '--url', server.at('/'), '--json', body], {
      input: lines('{"ref":"a\\"b","amount":12345678901234567890.10}'),
    });
    expect(bodyOf(server)).toBe('{"ref":"a\\"b","amount":12345678901234567890.10,"note":"for a\\"b"}');
    expect(server.calls[0]).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } });
  });

  test('-d: values are encoded for the form, for JSON, for XML, by the content type', async () => {
    const server = await startServer();
    const input = ndjson({ a: 'x&y="1" <é>' });
    const send = (...args: string[]) => sluice([...once, '--url', server.at('/'), ...args], { input });
    await send('-d', 'a={{a}}', '-d', 'b=c d', '--data-urlencode', 'e=<{{a}}>');
    await send('-d', '{"a":"{{a}}"}', '-H', 'Content-Type: application/json');
    await send('-d', '<a>{{a}}</a>', '-H', 'Content-Type: application/xml');
    await send('-d', '{{a}}', '-H', 'Content-Type: text/plain');
    await send('--data-binary', '{{a}}');
    await send('-G', '-d', 'a={{a}}');
    expect(server.calls.map((_, at) => bodyOf(server, at))).toEqual([
      'a=x%26y%3D%221%22%20%3C%C3%A9%3E&b=c d&e=%3Cx%26y%3D%221%22%20%3C%C3%A9%3E%3E',
      '{"a":"x&y=\\"1\\" <é>"}',
      '<a>x&amp;y=&quot;1&quot; &lt;é&gt;</a>',
      'x&y="1" <é>',
      '{{a}}',
      '',
    ]);
    expect(server.calls.at(-1)?.path).toBe('/?a=x%26y%3D%221%22%20%3C%C3%A9%3E');
  });

  test('@file: -d, --json and -H are templates, --data-binary is bytes; {{"{{"}} is two braces', async () => {
    const server = await startServer();
    const cwd = temporaryFolder({
      'body.json': '{"n": "{{n}}", "t": "{{\'{{\'}}n}}"}',
      headers: 'x-n: {{n}}\n',
      raw: '{{n}}\n',
    });
    const input = ndjson({ n: 7 });
    const to = [...once, '--url', server.at('/')];
    await sluice([...to, '--json', '@body.json', '-H', '@headers'], { cwd, input });
    await sluice([...to, '--data-binary', '@raw'], { cwd, input });
    expect(bodyOf(server)).toBe('{"n": 7, "t": "{{n}}"}');
    expect(server.calls[0]?.headers).toMatchObject({ 'x-n': '7' });
    expect(bodyOf(server, 1)).toBe('{{n}}\n');
  });

  test('a header takes no line end from a record; the row fails and the others go on', async () => {
    const server = await startServer();
    const input = ndjson({ a: 'x\r\nx-evil: 1' }, { a: 'x\0' }, { a: ' fine ' }, { b: 1 });
    const run = await sluice([...once, '--url', server.at('/'), '-H', 'x-a: {{a}}'], { input });
    expect(run.rows.map(({ error }) => error?.code ?? null)).toEqual(['input', 'input', null, 'template']);
    expect(server.calls.map(({ headers }) => headers['x-a'])).toEqual(['fine']);
  });

  test('--var has the last word, a record’s fields the one before', async () => {
    const server = await startServer();
    const url = '{{base}}/{{v}}/{{index}}';
    const vars = ['--var', `base=${server.url}`, '--var', 'v=a=b'];
    await sluice([...once, '--url', url, ...vars], { input: ndjson({ base: 'http://evil.invalid', index: 9 }) });
    expect(server.calls[0]?.path).toBe('/a%3Db/9');
  });

  test('what comes from the environment is in no row', async () => {
    const server = await startServer({ '*': reply(404) });
    const args = [...once, '-v', '--url', server.at('/?k={{env.K}}'), '-d', '{{env.K}}', '--include', 'request,input'];
    const run = await sluice(args, { env: { K: 's3cr3t/x' }, input: 'a\n' });
    expect(server.calls[0]).toMatchObject({ path: '/?k=s3cr3t%2Fx' });
    expect(run.row(0).request).toMatchObject({ body: '***' });
    expect(run.stdout + run.stderr).not.toMatch(/s3cr3t/);
  });

  test('a credential that a record brings into a header is in no row', async () => {
    const server = await startServer({ '*': reply(404) });
    const args = [...once, '--url', server.at('/'), '-H', 'authorization: Bearer {{t}}', '--include', 'request,input'];
    const run = await sluice(args, { input: ndjson({ t: 's3cr3t' }) });
    expect(server.calls[0]?.headers.authorization).toBe('Bearer s3cr3t');
    expect(run.stdout).not.toContain('s3cr3t');
  });

  test('records with a URL of their own have templates too, in what they do not bring', async () => {
    const server = await startServer();
    const input = ndjson(
      { url: server.at('/1'), n: 1 },
      { url: server.at('/2'), n: 2, body: 'own', headers: { 'x-n': 'own' } },
    );
    await sluice([...once, '-c', '1', '-d', '{{n}}', '-H', 'x-n: {{n}}'], { input });
    expect(server.calls.map(({ body, headers }) => [body, headers['x-n']])).toEqual([
      ['1', '1'],
      ['own', 'own'],
    ]);
  });

  test('{{…}} in a record is never a template', async () => {
    const server = await startServer();
    const input = ndjson({
      url: server.at('/?{{env.HOME}}'),
      method: 'POST',
      body: '{{env.HOME}}',
      headers: { 'x-a': '{{env.HOME}}' },
    });
    await sluice(once, { input });
    expect(server.calls[0]).toMatchObject({
      path: '/?{{env.HOME}}',
      body: '{{env.HOME}}',
      headers: { 'x-a': '{{env.HOME}}' },
    });
  });
});

describe('--base-url', () => {
  test.each([
    ['', '/v1/chat/completions', '/v1/chat/completions'],
    ['/v1', '/v1/chat/completions', '/v1/chat/completions'],
    ['/v1/', '/v1/chat/completions', '/v1/chat/completions'],
    ['/openai/v1', '/v1/chat/completions', '/openai/v1/chat/completions'],
    ['/api', '/users/1', '/api/users/1'],
  ])('%j takes lines of OpenAI’s Batch API unchanged: %s', async (base, url, path) => {
    const server = await startServer();
    const line = { custom_id: 'r-1', method: 'POST', url, body: { model: 'm', messages: [] } };
    const run = await sluice([...once, '--base-url', server.url + base], { input: ndjson(line) });
    expect(run.row(0)).toMatchObject({ ok: true, id: 'r-1', method: 'POST' });
    expect(server.calls[0]).toMatchObject({
      path,
      body: '{"model":"m","messages":[]}',
      headers: { 'content-type': 'application/json' },
    });
  });
});

describe('hostile records', () => {
  test('are data: __proto__, names that come twice, huge fields and numbers, endless nesting', async () => {
    const server = await startServer();
    const big = 'x'.repeat(10_000_000);
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const input = lines(
      '{"__proto__":{"polluted":1},"id":"a","id":"b","n":90071992547409931}',
      `{"id":"big","n":1,"text":"${big}"}`,
      `{"id":"deep","n":${deep}}`,
      '{"id":"x","n":1}',
    );
    const args = [...once, '--url', server.at('/{{id}}'), '--json', '{"n":"{{n}}"}', '--max-line', '20MB'];
    const run = await sluice(args, { input });
    expect(run.rows.map(({ id, ok }) => [id, ok])).toEqual([
      ['b', true],
      ['big', true],
      ['deep', false],
      ['x', true],
    ]);
    expect(run.row(2).error).toMatchObject({ code: 'input' });
    expect(server.callsOf('/b')[0]?.body).toBe('{"n":90071992547409931}');
  });

  test('with fields of the wrong type fail by name', async () => {
    const run = await sluice(once, {
      input: ndjson(
        { url: 1 },
        { url: 'http://127.0.0.1:1/', headers: 'a: b' },
        { url: 'http://127.0.0.1:1/', method: {} },
        {},
      ),
    });
    expect(run.rows.map(({ error }) => error?.message.replace(/^stdin:\d+: /, ''))).toEqual([
      "the record's `url` must be a string",
      "the record's `headers` must be an object",
      "the record's `method` must be a string",
      'the record has no `url`',
    ]);
  });
});

test('prompt takes tables, --id and --var too', async () => {
  const server = await startServer({
    '/v1/chat/completions': json(
      '{"choices":[{"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]}',
    ),
  });
  const args = [
    'prompt',
    '-m',
    'm',
    '--base-url',
    `${server.url}/v1`,
    '--template',
    '{{v}} {{name}}?',
    '--var',
    'v=Is it',
  ];
  const run = await sluice([...args, '--id', 't{{id}}'], { input: 'id,name\n7,"Ada, L."\n' });
  expect(run.rows.map(({ id, ok }) => [id, ok])).toEqual([['t7', true]]);
  expect(server.calls[0]?.body).toContain('"content":"Is it Ada, L.?"');
});

test('a JSON list in place of records is told in its row', async () => {
  const run = await sluice(once, { input: '[{"url":"http://h/"}]\n' });
  expect(run.row(0).error?.message).toMatch(/jq -c '\.\[\]' makes records/);
});

test('a forgotten -i is told in the row', async () => {
  const cwd = temporaryFolder({ 'urls.txt': 'http://h/\n' });
  const run = await sluice(['fetch', 'urls.txt'], { cwd });
  expect(run.row(0).error?.message).toMatch(/there is a file of that name: -i urls\.txt reads its lines/);
});

test('a column that a template asks for and the table has not is found before anything is sent', async () => {
  const run = await sluice(['fetch', '--format', 'csv', '--url', 'http://127.0.0.1:9/{{nope}}'], {
    input: 'id,name\n1,a\n',
  });
  expect(run).toMatchObject({ exitCode: 2, stdout: '' });
  expect(run.stderr).toContain('it has no column `nope`, which a template asks for; it has id, name');
});

test.each([
  ['id;name\n1;a\n', 'csv', /it has id;name \(one column: do ; separate several\?.*convert it first\)/],
  ['id\tname\n1\ta\n', 'csv', /\(tabs separate the columns: --format tsv\)/],
  ['id,name\n1,a\n', 'tsv', /\(commas separate the columns: --format csv\)/],
])('a table with another separator, %j as %s, is told to be one', async (input, format, message) => {
  const run = await sluice(['fetch', '--format', format, '--url', 'http://127.0.0.1:9/{{id}}'], { input });
  expect(run).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(message) });
});

test('a credential of the environment is no name for a file', async () => {
  const args = ['fetch', 'http://127.0.0.1:9/', '--output-dir', 'bodies', '--name', 'f{{env.TOKEN}}'];
  const said = await expectRefused([[args, '--name', { env: { TOKEN: 'abcdef' } }]]);
  expect(said.join('')).not.toContain('abcdef');
});

test.each([
  ['--json', '{"a":"{{env.TOKEN}}"}'],
  ['-F', 'a={{env.TOKEN}}'],
])('a credential in a body does not follow to another origin: %s', async (flag, body) => {
  const elsewhere = await startServer();
  const server = await startServer({ '/': reply(307, '', { location: elsewhere.at('/') }) });
  const run = await sluice(['fetch', server.at('/'), flag, body, '--retries', '0'], {
    env: { TOKEN: 'abcdef' },
  });
  expect(run.row(0).error).toMatchObject({ code: 'redirect' });
  expect(elsewhere.calls).toEqual([]);
});

test('columns without a name, an index in front or a comma behind, are left out', async () => {
  const args = [
    'fetch',
    '--dry-run',
    '--format',
    'csv',
    '--url',
    'http://127.0.0.1:9/{{id}}',
    '--json',
    '{"n":"{{n}}"}',
  ];
  const run = await sluice(args, { input: ',id,n,\n0,a,x,\n1,b,y,\n' });
  expect(run.rows.map(({ url, body }) => [url, body])).toEqual([
    ['http://127.0.0.1:9/a', { n: 'x' }],
    ['http://127.0.0.1:9/b', { n: 'y' }],
  ]);
});
