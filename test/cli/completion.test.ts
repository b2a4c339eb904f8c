import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot, temporaryFolder } from '../support/places.ts';
import { shell, sluice } from '../support/sluice.ts';

const manifest = JSON.parse(readFileSync(join(projectRoot, 'oclif.manifest.json'), 'utf8')) as {
  commands: Record<string, { flags: Record<string, { hidden?: boolean }> }>;
};

/** What bash offers for the last of the words of each line, in a folder with two files, one with a space in its name. */
async function offered(...typed: string[][]): Promise<string[][]> {
  const cwd = temporaryFolder({ 'list one.txt': '', 'list.csv': '' });
  const script = `
    source <(sluice completion bash)
    complete -p sluice >/dev/null || exit 9
    offer() {
      COMP_WORDS=(sluice "$@"); COMP_CWORD=$#; COMPREPLY=()
      _sluice
      for one in "\${COMPREPLY[@]}"; do printf '%s\\n' "$one"; done
      echo --
    }`;
  const asked = typed.map((words) => `offer ${words.map((word) => `'${word}'`).join(' ')}`);
  const run = await shell(['set -u', script, ...asked].join('\n'), { cwd, isRows: false });
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  return run.stdout
    .split('--\n')
    .slice(0, -1)
    .map((one) => one.split('\n').filter((line) => line !== ''));
}

test('bash completes commands, flags and values', async () => {
  const cases: [typed: string[], offers: string[]][] = [
    [['f'], ['fetch']],
    [['fetch', '--concu'], ['--concurrency']],
    [['fetch', '--no-pro'], ['--no-progress']],
    [['fetch', '-c', '5', '--summary', 'ma'], ['markdown']],
    [['fetch', '--summary', '=', 'j'], ['json']],
    [['fetch', '--summary', '='], expect.arrayContaining(['none'])],
    [['fetch', '--rate', ''], []],
    [['fetch', 'ht'], []],
    [['completion', 'z'], ['zsh']],
    [['help', 'mo'], ['mock']],
    [['config', 'pro'], ['prompt']],
  ];
  expect(await offered(...cases.map(([typed]) => typed))).toEqual(cases.map(([, offers]) => offers));
});

test('bash completes files where a flag wants one, spaces and all', async () => {
  const [both, one] = await offered(['fetch', '-i', 'li'], ['prompt', '--output', 'list.']);
  expect(both?.toSorted()).toEqual(['list one.txt', 'list.csv']);
  expect(one).toEqual(['list.csv']);
});

test.each(['bash', 'zsh', 'fish'])('the script for %s has every command and flag, and no hidden one', async (name) => {
  const run = await sluice(['completion', name], { isRows: false });
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  const words = new Set(run.stdout.match(/[a-z][a-z\d-]*/g));
  const flags = Object.values(manifest.commands).flatMap((command) => Object.entries(command.flags));
  const open = flags.filter(([, flag]) => !flag.hidden).map(([flag]) => flag);
  const hidden = flags.map(([flag]) => flag).filter((flag) => !open.includes(flag));
  const shown = [...Object.keys(manifest.commands), ...open];
  expect(shown.filter((word) => !words.has(word))).toEqual([]);
  for (const flag of hidden) expect(run.stdout).not.toMatch(new RegExp(`(?:--|-l )${flag}(?![\\w-])`));
  expect(hidden.length).toBeGreaterThan(0);
});

test('quotes in the scripts close: each shell that is there reads its own, and bash reads that of zsh too', async () => {
  const script = `
    for name in bash zsh; do sluice completion $name | bash -n || exit 1; done
    for name in zsh fish; do
      if command -v $name >/dev/null; then sluice completion $name | $name -n || exit 1; fi
    done`;
  expect(await shell(script, { isRows: false })).toMatchObject({ exitCode: 0, stderr: '' });
});

test('each line for fish is one command whose quotes close', async () => {
  const { stdout } = await sluice(['completion', 'fish'], { isRows: false });
  const commands = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const whole = /^complete -c sluice(?: (?:-[a-zF]+|[\w-]+|'(?:[^'\\]|\\.)*'))+$/;
  expect(commands.filter((line) => !whole.test(line))).toEqual([]);
});

test('a shell that is not known is told with those that are', async () => {
  const run = await sluice(['completion', 'tcsh']);
  expect(run).toMatchObject({ exitCode: 2, stdout: '' });
  expect(run.stderr).toBe('sluice: expected one of bash, zsh, fish, got `tcsh`\n');
});
