import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inOneProcess } from '../support/in-one-process.ts';
import { projectRoot } from '../support/places.ts';

type Flag = {
  type: string;
  summary?: string;
  helpValue?: string;
  default?: unknown;
  options?: string[];
  hidden?: boolean;
};
type Known = { summary?: string; examples?: string[]; flags: Record<string, Flag> };

const { commands } = JSON.parse(readFileSync(join(projectRoot, 'oclif.manifest.json'), 'utf8')) as {
  commands: Record<string, Known>;
};
const names = Object.keys(commands);

/** What the program says to each of these, on stdout. */
async function helpOf(...commandLines: string[][]): Promise<string[]> {
  const said = await inOneProcess(commandLines.map((args) => ({ args })));
  for (const { exitCode, stderr } of said) expect([exitCode, stderr]).toEqual([0, '']);
  return said.map(({ stdout }) => stdout);
}

test('sluice --help, -h, help and sluice alone are the same, and fit into 80 columns', async () => {
  const [help = '', ...others] = await helpOf(['--help'], ['-h'], ['help'], []);
  expect(
    help.startsWith(`\
Many lines in, one JSON line out for each, at exactly the pressure you allow.

EXAMPLES
  $ sluice fetch < urls.txt -c 20 -r 50/s | jq -c "[.url, .status]"
`),
  ).toBe(true);
  expect(help).toContain('\nUSAGE\n  $ sluice COMMAND [flags]\n');
  for (const name of names) expect(help).toMatch(new RegExp(`^  ${name} `, 'm'));
  expect(others).toEqual([help, help, help]);
  expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

// That of help is that of sluice itself.
describe.each(names.filter((name) => name !== 'help'))('sluice %s --help', (name) => {
  test('begins with what it is and examples, has a short usage line, and fits into 80 columns', async () => {
    const [help = '', other] = await helpOf([name, '--help'], ['help', name]);
    expect(other).toBe(help);
    const [summary, , heading, example] = help.split('\n');
    expect(summary).toBe(commands[name]?.summary);
    expect(heading).toBe('EXAMPLES');
    expect(example).toMatch(new RegExp(`^  \\$ (?:SLUICE\\S+ |source <\\()?sluice ${name}`));
    expect(help).toMatch(new RegExp(`\\nUSAGE\\n  \\$ sluice ${name}( \\[[A-Z.]+\\])? \\[flags\\]\\n`));
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('each flag has its line: what it does, and its default where it holds a number or a time', () => {
    for (const [flag, { type, summary, helpValue, default: byDefault, hidden }] of Object.entries(
      commands[name]?.flags ?? {},
    )) {
      expect(summary, flag).toMatch(/[.…]$/);
      if (hidden || type === 'boolean' || !/^\d|^N(\||$)/.test(helpValue ?? '')) continue;
      const isTold = Boolean(byDefault) || /default|only when given/i.test(summary ?? '');
      expect(isTold, `--${flag} tells no default`).toBe(true);
    }
  });

  test('its examples use flags that there are', () => {
    const flags = commands[name]?.flags ?? {};
    const used = (commands[name]?.examples ?? []).flatMap(
      (example) => example.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [],
    );
    const all = Object.values(commands).flatMap((command) => Object.keys(command.flags));
    expect(used.filter((flag) => !Object.hasOwn(flags, flag.slice(2)) && !all.includes(flag.slice(2)))).toEqual([]);
  });
});

test('sluice config --help, as it stands', async () => {
  expect(await helpOf(['config', '--help'])).toEqual([
    `\
Show which settings count, and where they come from.

EXAMPLES
  $ sluice config
  $ sluice config fetch --profile ci
  $ SLUICE_RATE=5/s sluice config --json

USAGE
  $ sluice config [COMMAND] [flags]

DESCRIPTION
  Settings are flags without their dashes. They come from your own config file,
  from the nearest .sluicerc or sluice.config.yaml, from a profile in either,
  and from SLUICE_RATE, SLUICE_FETCH_RATE and the like; each of these wins over
  those before it, and flags win over all. Credentials are masked.

ARGUMENTS
  [COMMAND]  Only the settings of this command.

FLAGS
  --json  One line of JSON instead of a table.

CONFIG FLAGS
  --config=FILE   Settings from FILE instead of the .sluicerc or
                  sluice.config.yaml that is nearest. Default: SLUICE_CONFIG.
  --profile=NAME  Also the settings of this profile in the config files.
                  Default: SLUICE_PROFILE.

`,
  ]);
});
