import { urlWithoutCredentials } from '../record/request.ts';
import { masked } from '../record/secrets.ts';
import { type ConfigFile, configNames } from './config-files.ts';
import { type Configurable, type Setting, variableOf } from './config-settings.ts';
import { isHarmless } from './config-trust.ts';
import { nearest } from './nearest.ts';

/** What counts, for `sluice config`. */
export type ConfigReport = {
  readonly files: readonly Pick<ConfigFile, 'name' | 'kind'>[];
  /** Where the user's own file is, or would be; null where there is no home. */
  readonly userFile: string | null;
  readonly profile: string | null;
  readonly commands: readonly { readonly command: Configurable; readonly settings: readonly Setting[] }[];
  /** Variables that begin with SLUICE_ and set nothing, with what was most likely meant. */
  readonly strangers: readonly { readonly name: string; readonly meant: string | null }[];
};

/** For a machine: one line, values masked. */
export function reportAsJson({ files, userFile, profile, commands, strangers }: ConfigReport): string {
  const settings = commands.map(({ command, settings }) => [
    command.id,
    Object.fromEntries(
      settings.map((setting) => [setting.flag, { value: shownValue(setting, command), from: setting.source }]),
    ),
  ]);
  return `${JSON.stringify({
    files,
    user_file: userFile,
    profile,
    settings: Object.fromEntries(settings),
    unused: strangers.map(({ name }) => name),
  })}\n`;
}

export function reportAsText({ files, userFile, profile, commands, strangers }: ConfigReport): string {
  const lines = files.map(({ name, kind }) => `file     ${name} ${about[kind]}`);
  if (files.length === 0) {
    lines.push(
      `no config file: neither ${userFile ?? 'one of your own'}, nor ${configNames.join(', ')} from here upward`,
    );
  }
  if (profile !== null) lines.push(`profile  ${profile}`);
  for (const { command, settings } of commands) {
    if (settings.length === 0) continue;
    lines.push('', `sluice ${command.id}`, ...table(settings.map((setting) => rowOf(setting, command))));
  }
  if (commands.every(({ settings }) => settings.length === 0)) lines.push('', 'nothing is set: all defaults count');
  if (strangers.length > 0) lines.push('');
  for (const { name, meant } of strangers) {
    lines.push(`${name} sets nothing${meant ? ` (did you mean ${meant}?)` : ''}`);
  }
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

const about = { user: '(your own)', named: '(named)', found: '(found from here upward)' };

function rowOf(setting: Setting, command: Configurable): string[] {
  const value = shownValue(setting, command);
  if (typeof value === 'boolean') return [`--${value ? '' : 'no-'}${setting.flag}`, '', setting.source];
  return [`--${setting.flag}`, [value].flat().join(' '), setting.source];
}

function table(rows: readonly string[][]): string[] {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`);
}

/** Names of files and variables, addresses: worth seeing, and no secret but for a user and password in a URL. */
const telling = [
  'input',
  'output',
  'output-dir',
  'name',
  'base-url',
  'proxy',
  'bearer-env',
  'api-key-env',
  'request',
  'id',
  'lane',
];

/** The value of a setting, or stars where it may hold a credential. */
function shownValue({ flag, value }: Setting, { flags }: Configurable): boolean | string | string[] {
  const shape = flags[flag];
  if (typeof value === 'boolean') return value;
  const isShown = shape !== undefined && (isHarmless(flag, shape) || telling.includes(flag));
  const shown = value.map((word) => (isShown ? withoutQuery(urlWithoutCredentials(word)) : masked));
  return shape?.multiple ? shown : (shown[0] ?? '');
}

/** A key may stand in the query of an address. */
function withoutQuery(text: string): string {
  return /^[a-z]+:\/\//i.test(text) ? text.replace(/\?.*/s, `?${masked}`) : text;
}

/** What is set in the environment as if it were for us, and is not. */
export function strangersIn(env: NodeJS.ProcessEnv, commands: readonly Configurable[]): ConfigReport['strangers'] {
  const known = new Set(
    commands.flatMap(({ id, flags, sharesSettings }) =>
      Object.keys(flags).flatMap((flag) => [variableOf(id, flag), ...(sharesSettings ? [variableOf(flag)] : [])]),
    ),
  );
  return Object.keys(env)
    .filter((name) => name.startsWith('SLUICE_') && !known.has(name))
    .map((name) => ({ name, meant: nearest(name, [...known]) }));
}
