import { describe, expect, test } from 'vitest';
import { expectRefused, inOneProcess } from '../support/in-one-process.ts';
import { temporaryFolder } from '../support/places.ts';
import { startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

/** Flag as typed, wrong value, and the name that the one line must carry. */
const wrong: [flag: string, value: string, name?: string][] = [
  ['-c', '0', 'concurrency'],
  ['--concurrency', 'many'],
  ['-r', 'fast', 'rate'],
  ['--rate', '0/s'],
  ['--burst', '0'],
  ['--timeout', 'soon'],
  ['--connect-timeout', '5 parsecs'],
  ['--idle-timeout', 'x'],
  ['--deadline', 'tomorrow'],
  ['--grace', 'some'],
  ['--retries', '1.5'],
  ['--retry-delay', '1x'],
  ['--retry-max-delay', 'x'],
  ['--retry-after-max', 'x'],
  ['--retry-on', 'sometimes'],
  ['--max-failures', '200%'],
  ['--max-body', 'lots'],
  ['--max-line', 'long'],
  ['--max-redirects', 'ten'],
  ['--ok-status', '2xx-ish'],
  ['--include', 'everything'],
  ['--body', 'yaml'],
  ['--format', 'xml'],
  ['--summary', 'loud'],
  ['-X', 'TWO WORDS', 'request'],
  ['-H', 'no-colon', 'header'],
  ['-H', 'bad name: x', 'header'],
  ['-H', 'a: b\r\nc: d', 'header'],
  ['-H', '@missing.txt', 'header'],
  ['-d', '@missing.txt', 'data'],
  ['--json', '@missing.json'],
];

test('a wrong value is one line that names flag, value and expectation; exit 2, nothing sent', async () => {
  const server = await startServer();
  const nameOf = (flag: string) => flag.replace('--', '');
  const said = await expectRefused(
    wrong.map(([flag, value, name = nameOf(flag)]) => [
      ['fetch', flag, value, server.at('/')],
      name === 'request' ? /-X|method|request/ : name,
    ]),
  );
  for (const [at, [flag, value, name = nameOf(flag)]] of wrong.entries()) {
    const what = `${flag} ${value}`;
    // A header without its colon may well be a credential: its value is not repeated.
    if (name !== 'header') expect(said[at], what).toContain(value.replace(/^@/, ''));
    if (!value.startsWith('@')) expect(said[at], what).toMatch(/expected|\bnot an? |cannot/i);
  }
  expect(server.calls).toEqual([]);
});

test.each([
  ['-c', '0'],
  ['-H', 'a: b\r\nc: d'],
  ['-d', '@missing.txt'],
])('a process of its own ends so too: %s %j', async (flag, value) => {
  const server = await startServer();
  const args = ['fetch', flag, value, server.at('/')];
  const run = await sluice(args);
  expect(run).toMatchObject({ exitCode: 2, stdout: '' });
  const { exitCode, stdout, stderr } = run;
  expect([{ exitCode, stdout, stderr }]).toEqual(await inOneProcess([{ args }]));
  expect(server.calls).toEqual([]);
});

describe('curl’s habits', () => {
  test('a flag takes one value and never the URL behind it', async () => {
    const server = await startServer();
    const takers = [
      '-H',
      'a: b',
      '-H',
      'c: d',
      '--include',
      'headers',
      '-A',
      'me',
      '--retry-on',
      'timeout',
      '-b',
      'e=f',
    ];
    const run = await sluice(['fetch', ...takers, server.at('/1'), server.at('/2')]);
    expect(run.exitCode).toBe(0);
    expect(run.rows).toHaveLength(2);
    expect(server.calls[0]?.headers).toMatchObject({ a: 'b', c: 'd' });
  });

  test('-L -s -S -f are accepted, alone and together, and --compressed too', async () => {
    const server = await startServer();
    for (const flags of [
      ['-L', '-s', '-S', '-f'],
      ['-sSfL'],
      ['-fsSL', '--compressed'],
      ['--location', '--silent', '--fail'],
    ]) {
      const run = await sluice(['fetch', ...flags, server.at('/')]);
      expect(run, flags.join(' ')).toMatchObject({ exitCode: 0, stderr: '' });
    }
  });

  test('a value may stand next to its letter, and flags behind the URL', async () => {
    const server = await startServer();
    const run = await sluice(['fetch', server.at('/'), '-XPUT', '-dhello', '-c5']);
    expect(run.exitCode).toBe(0);
    expect(server.calls[0]).toMatchObject({ method: 'PUT', body: 'hello' });
  });
});

test('--help tells every flag, on stdout', async () => {
  const run = await sluice(['fetch', '--help'], { isRows: false });
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  const flags =
    'input format max-line request header data data-binary data-urlencode json get head cookie referer user bearer-env user-agent max-redirects concurrency rate burst timeout connect-timeout idle-timeout deadline retries retry-on retry-delay retry-max-delay retry-after-max retry-unsafe fail-fast max-failures grace include body max-body ok-status quiet verbose progress summary';
  const missing = flags
    .split(' ')
    .filter((flag) => !run.stdout.includes(`--${flag}`) && !run.stdout.includes(`--[no-]${flag}`));
  expect(missing).toEqual(['request'].filter(() => run.stdout.includes('--method')));
});

test('a flag or command that does not exist is told with the one that was most likely meant, and nothing is sent', async () => {
  const server = await startServer();
  await expectRefused([
    [['fetch', '--concurency', '3', server.at('/')], /--concurency\b.*did you mean --concurrency\?/],
    [['fetchh'], 'did you mean fetch?'],
    [['fetch', '--dryrun'], 'did you mean --dry-run?'],
    [['fetch', '--conc', '3'], 'did you mean --concurrency?'],
    [['fetch', '--max-time', '3'], 'did you mean --timeout?'],
    [['fetch', '-Z', server.at('/')], 'did you mean --concurrency?'],
    [['prompt', '--json-schema', 'x'], 'did you mean --schema?'],
    [['mock', '--max-time', '3'], '--max-time (see sluice mock --help)'],
    [['fetch', '--template', 'x'], 'sluice prompt has one'],
    [['http://127.0.0.1/'], 'did you mean sluice fetch http://127.0.0.1/?'],
  ]);
  expect(server.calls).toEqual([]);
});

const refused: [args: string[], message: string][] = [
  [['fetch', '--rate'], '--rate: expected a value such as 50/s, got nothing'],
  [['fetch', '-o'], '--output: expected FILE, got nothing'],
  [['fetch', '--format'], '--format: expected one of auto, lines, ndjson'],
  [['fetch', '--body', 'yaml'], '--body: expected one of auto, json, text, base64, none, got `yaml`'],
  [['fetch', '-r', '5/s', '-r', '6/s', 'http://h/'], '--rate: it can be given only once'],
  [['fetch', '-I', '-X', 'POST', 'http://h/'], '-I and -X POST contradict each other: give one of them'],
  [
    ['fetch', '--bearer-env', '', 'http://h/'],
    '--bearer-env: expected the name of an environment variable, got nothing',
  ],
  [['fetch', '-Y', 'http://h/'], 'sluice fetch has no flag -Y (see sluice fetch --help)'],
  [['prompt', '-m'], '--model: expected PROVIDER:MODEL, got nothing'],
  [['prompt', '--retry-unsafe'], 'sluice prompt has no flag --retry-unsafe (sluice fetch has one)'],
  [['mock', '--port', 'x'], '--port: expected a whole number from 0 to 65535, got `x`'],
  [['mock', 'extra'], 'sluice mock takes no argument, got `extra`'],
  [['mock', '--latency=soon'], '--latency: expected a duration like 500ms, 30s or 5m (at most 24 days), got `soon`'],
  [['help', 'fetchh'], 'there is no command `fetchh` (did you mean fetch?)'],
  [['example.com/a'], 'there is no command `example.com/a` (did you mean sluice fetch example.com/a?)'],
  [['localhost:80'], 'there is no command `localhost:80` (did you mean sluice fetch localhost:80?)'],
  [['http://u:hush@h/'], 'there is no command `http://***@h/` (did you mean sluice fetch http://***@h/?)'],
  [['-uann:hush', 'http://h/'], 'there is no command `-u` (did you mean sluice fetch, with these flags behind it?)'],
  [['xyzzy'], 'there is no command `xyzzy` (there are '],
];

test('one line says what was expected and what was given; exit 2', async () => {
  await expectRefused(refused.map(([args, message]) => [args, `sluice: ${message}`]));
});

test('a file of URLs in the place of a command is told to be an input', async () => {
  const cwd = temporaryFolder({ 'urls.txt': '' });
  const says = 'sluice: there is no command `urls.txt` (did you mean sluice fetch -i urls.txt?)\n';
  await expectRefused([[['urls.txt'], says, { cwd }]]);
});

test('a limit that held no call is told by -v, and by a dry run', async () => {
  const server = await startServer();
  const limits = ['--limit', '127.*=c=2', '--limit', 'typo.example=c=8,50/s'];
  expect((await sluice(['fetch', ...limits, server.at('/')])).stderr).toBe('');
  for (const flag of ['-v', '--dry-run']) {
    const { stderr } = await sluice(['fetch', flag, ...limits, server.at('/')]);
    expect(stderr.trim().split('\n').at(-1)).toBe(
      'sluice: --limit typo.example=c=8,50/s held no call: no host or lane came under it first',
    );
  }
});

test('a switch with a value is wrong usage, not a URL to call', async () => {
  const says = 'sluice: --progress: it takes no value; --no-progress turns it off\n';
  await expectRefused([[['fetch', '--progress=false', 'http://127.0.0.1:9/'], says]]);
});
