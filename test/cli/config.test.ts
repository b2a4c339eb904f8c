import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CommandLine, expectRefused, inOneProcess } from '../support/in-one-process.ts';
import { projectRoot, temporaryFolder } from '../support/places.ts';
import { dryRows } from '../support/row.ts';
import { startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

/** A folder with these files, and folders for them. */
function folderWith(files: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

type Settings = Record<string, [value: unknown, from: string]>;

/** What `sluice config` says of fetch in each of these places. */
async function settingsIn(...places: Partial<CommandLine>[]): Promise<Settings[]> {
  const said = await inOneProcess(
    places.map(({ args = [], ...place }) => ({ args: ['config', 'fetch', '--json', ...args], ...place })),
  );
  return said.map(({ exitCode, stderr, stdout }) => {
    expect([exitCode, stderr]).toEqual([0, '']);
    const { settings } = JSON.parse(stdout) as {
      settings: { fetch: Record<string, { value: unknown; from: string }> };
    };
    return Object.fromEntries(Object.entries(settings.fetch).map(([flag, { value, from }]) => [flag, [value, from]]));
  });
}

test('flags win over environment, profile, the found file and the user’s own, in this order', async () => {
  const server = await startServer();
  const cwd = folderWith({
    'home/.config/sluice/config.yaml': 'user-agent: mine\nretries: 1\nprofiles: {ci: {retries: 7}}',
    'home/work/.sluicerc': 'user-agent: project\nconcurrency: 5\nprofiles: {ci: {user-agent: profile}}',
    'home/work/deep/er/x': '',
  });
  const options = { cwd: join(cwd, 'home/work/deep/er'), env: { HOME: join(cwd, 'home') } };
  expect(await settingsIn(options)).toEqual([
    {
      'user-agent': ['project', '../../.sluicerc: user-agent'],
      retries: ['1', '../../../.config/sluice/config.yaml: retries'],
      concurrency: ['5', '../../.sluicerc: concurrency'],
    },
  ]);
  const agentOf = async (args: string[], env: Record<string, string> = {}) => {
    const run = await sluice(['fetch', ...args, server.at('/')], { ...options, env: { ...options.env, ...env } });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    return server.calls.at(-1)?.headers['user-agent'];
  };
  expect(await agentOf([])).toBe('project');
  expect(await agentOf(['--profile', 'ci'])).toBe('profile');
  expect(await agentOf([], { SLUICE_PROFILE: 'ci', SLUICE_USER_AGENT: 'environment' })).toBe('environment');
  expect(await agentOf(['-A', 'flag'], { SLUICE_USER_AGENT: 'environment' })).toBe('flag');
});

test('the search ends at the home directory; each name is found, and YAML may be JSON', async () => {
  const cwd = folderWith({ '.sluicerc': 'retries: 9', 'home/work/x': '' });
  const options = { cwd: join(cwd, 'home/work'), env: { HOME: join(cwd, 'home') } };
  const xdg = folderWith({ 'sluice/config.yaml': 'retries: 3' });
  const withXdg = { ...options, env: { ...options.env, XDG_CONFIG_HOME: xdg } };
  const names = ['.sluicerc', 'sluice.config.yaml', 'sluice.config.yml', 'sluice.config.json'];
  const folders = names.map((name) => ({ cwd: folderWith({ [name]: '{"retries": 4}' }) }));
  const [none, user, ...found] = await settingsIn(options, withXdg, ...folders);
  expect(none).toEqual({});
  expect(user?.retries?.[0]).toBe('3');
  expect(found).toEqual(names.map((name) => ({ retries: ['4', `${name}: retries`] })));
});

test('only a regular file is found, or a link to one: no pipe is waited for, no folder read', async () => {
  const cwd = folderWith({ 'shared/limits': 'retries: 4', 'work/sluice.config.yaml/x': '', 'work/.sluicerc': ' \n' });
  execFileSync('mkfifo', [join(cwd, 'work/sluice.config.yml')]);
  const work = { cwd: join(cwd, 'work'), env: { HOME: cwd } };
  expect(await settingsIn(work)).toEqual([{}]);
  symlinkSync('../shared/limits', join(cwd, 'work/sluice.config.json'));
  expect(await settingsIn(work)).toEqual([{ retries: ['4', 'sluice.config.json: retries'] }]);
});

test('--config and SLUICE_CONFIG name a file, which may say all', async () => {
  const cwd = folderWith({ '.sluicerc': 'retries: 9', 'my.yaml': 'base-url: http://h.example\nheader: ["x-a: hush"]' });
  const ways = [
    { cwd, args: ['--config', 'my.yaml'] },
    { cwd, args: [], env: { SLUICE_CONFIG: 'my.yaml' } },
  ];
  for (const { args, ...options } of ways) {
    const run = await sluice(['fetch', '--dry-run', '-q', ...args, '/x'], options);
    expect(dryRows(run.rows)[0]).toMatchObject({ ok: true, url: 'http://h.example/x', headers: { 'x-a': '***' } });
  }
  for (const shown of await settingsIn(...ways)) {
    expect(shown).toEqual({
      'base-url': ['http://h.example', 'my.yaml: base-url'],
      header: [['***'], 'my.yaml: header'],
    });
  }
});

test('what is wrong in a file is one line with file and key, exit 2, and nothing is sent', async () => {
  const server = await startServer();
  const wrong: [content: string, says: string][] = [
    ['fetch: {rate: fast}', '.sluicerc: fetch.rate: expected something like 50/s, 600/m or 5/15s, got `fast`'],
    ['format: xml', '.sluicerc: format: expected one of auto, '],
    ['concurency: 5', '.sluicerc: concurency: there is no such setting (did you mean concurrency?)'],
    ['base-url: http://evil.example', '.sluicerc: base-url: a file that is only found may not say what is sent'],
    ['s3cret', '.sluicerc: expected settings such as `concurrency: 5`, got a text'],
    ['- a', '.sluicerc: expected settings such as `concurrency: 5`, got a list'],
    ['a: "hush', '.sluicerc: not valid YAML or JSON: '],
    ['a: &a [1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]', '.sluicerc: '],
    ['fail-fast: true', '(--fail-fast is set by .sluicerc: fail-fast)'],
  ];
  const args = ['fetch', '--max-failures', '3', server.at('/')];
  const said = await expectRefused([
    ...wrong.map(([content, says]) => [args, says, { cwd: folderWith({ '.sluicerc': content }) }] as const),
    [[...args, '--config', 'none.yaml'], /^sluice: --config: cannot read none\.yaml: there is no such file\n$/],
    [args, 'SLUICE_RETRIES: expected a whole number', { env: { SLUICE_RETRIES: 'some' } }],
  ]);
  expect(said.join('')).not.toMatch(/hush|s3cret/);
  expect(server.calls).toEqual([]);
});

test('what a file has turned on, the command line can turn off', async () => {
  const cwd = folderWith({ '.sluicerc': 'quiet: true\nfail-fast: true' });
  const quiet = await sluice(['fetch', '--dry-run', 'http://h.example/'], { cwd });
  expect(quiet.stderr).toBe('');
  const loud = await sluice(
    ['fetch', '--dry-run', '--no-quiet', '--no-fail-fast', '--max-failures', '2', 'http://h/'],
    {
      cwd,
    },
  );
  expect(loud).toMatchObject({ exitCode: 0 });
  expect(loud.stderr).toContain('nothing was sent');
});

test('sluice config tells files, values and what sets nothing, and masks credentials', async () => {
  const cwd = folderWith({ '.sluicerc': 'concurrency: 5\nprofiles: {ci: {retries: 3}}' });
  const env = { SLUICE_USER: 'ann:hush', SLUICE_BASE_URL: 'http://ann:hush@h.example/?k=hush', SLUICE_RETRYS: '1' };
  const run = await sluice(['config', 'fetch', '--profile', 'ci'], { cwd, env, isRows: false });
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  expect(run.stdout).toBe(`\
file     .sluicerc (found from here upward)
profile  ci

sluice fetch
  --concurrency  5                          .sluicerc: concurrency
  --retries      3                          .sluicerc: profiles.ci.retries
  --user         ***                        SLUICE_USER
  --base-url     http://***@h.example/?***  SLUICE_BASE_URL

SLUICE_RETRYS sets nothing (did you mean SLUICE_RETRIES?)
`);
  const [none, wrong] = await inOneProcess([{ args: ['config'] }, { args: ['config', 'fetcj'] }]);
  expect(none?.stdout).toContain('nothing is set: all defaults count');
  expect(wrong).toMatchObject({ exitCode: 2, stdout: '' });
});

test('every command that calls or serves takes settings', () => {
  const manifest = JSON.parse(readFileSync(join(projectRoot, 'oclif.manifest.json'), 'utf8')) as {
    commands: Record<string, { flags: object }>;
  };
  const about = ['config', 'completion', 'help'];
  const names = readdirSync(join(projectRoot, 'src/commands')).map((file) => file.replace('.ts', ''));
  const without = names.filter((name) => !('profile' in (manifest.commands[name]?.flags ?? {})));
  expect(without.filter((name) => !about.includes(name))).toEqual([]);
});
