import { type ConfigFile, nameOf } from './config-files.ts';
import { checkTrust, type FlagShape, isHarmless } from './config-trust.ts';
import { nearest } from './nearest.ts';
import { UsageError } from './values.ts';

/** What a flag is to be where it is not given: its words, or on and off. */
export type Setting = {
  readonly flag: string;
  readonly value: boolean | readonly string[];
  /** Where it comes from, for messages: `.sluicerc: fetch.rate`, `SLUICE_RATE`. */
  readonly source: string;
};

/** A command that takes settings, as oclif's manifest knows it. */
export type Configurable = {
  readonly id: string;
  readonly flags: Readonly<Record<string, FlagShape>>;
  /** Whether general settings count for it, or those of its own section alone. */
  readonly sharesSettings: boolean;
};

export type SettingsOptions = {
  /** The general ones first. */
  files: readonly ConfigFile[];
  profile: string | null;
  env: NodeJS.ProcessEnv;
  /** Every command that takes settings. */
  commands: readonly Configurable[];
};

/** These choose the settings, and cannot be among them. */
const choosing = ['config', 'profile'];

/** What files, profile and environment say for a command, by flag: the later of these wins. Wrong names are wrong usage. */
export function settingsFor(command: Configurable, options: SettingsOptions): Map<string, Setting> {
  const { files, profile, env, commands } = options;
  const settings = new Map<string, Setting>();
  const take = (found: Iterable<Setting>) => {
    for (const setting of found) settings.set(setting.flag, setting);
  };
  for (const file of files) take(inSection(file.settings, { file, path: [], command, commands }));
  for (const [file, content] of profilesIn(files, profile)) {
    take(inSection(content, { file, path: ['profiles', profile ?? ''], command, commands }));
  }
  take(inEnvironment(command, env));
  return settings;
}

type Place = {
  file: ConfigFile;
  /** The keys that lead here. */
  path: readonly string[];
  command: Configurable;
  commands: readonly Configurable[];
};

/** General settings, then those of the command's own section. */
function inSection(content: object, place: Place): Setting[] {
  const { command, commands, path, file } = place;
  const general: Setting[] = [];
  const own: Setting[] = [];
  for (const [key, value] of Object.entries(content)) {
    if (key === 'profiles' && path.length === 0) continue;
    const section = commands.find(({ id }) => id === key);
    if (section) {
      const entries = Object.entries(settingsOf(value, placeOf(place, key)));
      const found = entries.flatMap(([name, one]) =>
        settingOf(name, one, { ...place, command: section, path: [...path, key] }),
      );
      if (section === command) own.push(...found);
    } else {
      const owner = command.sharesSettings && Object.hasOwn(command.flags, key) ? command : ownerOf(key, place);
      const found = settingOf(key, value, { file, path, commands, command: owner });
      if (owner === command) general.push(...found);
    }
  }
  return [...general, ...own];
}

/** Another command that a general setting is for. */
function ownerOf(key: string, place: Place): Configurable {
  const shared = place.commands.filter(({ sharesSettings }) => sharesSettings);
  const owner = shared.find(({ flags }) => Object.hasOwn(flags, key));
  if (owner && !choosing.includes(key)) return owner;
  const known = [...shared.flatMap(({ flags }) => Object.keys(flags)), ...place.commands.map(({ id }) => id)];
  throw unknown(key, known, place);
}

function unknown(key: string, known: readonly string[], place: Place): UsageError {
  const meant = nearest(
    key,
    known.filter((name) => !choosing.includes(name)),
  );
  const hint = meant ? ` (did you mean ${meant}?)` : '; settings are named as the flags are, without their dashes';
  return new UsageError(`${placeOf(place, key)}: there is no such setting${hint}`);
}

function settingOf(key: string, value: unknown, place: Place): Setting[] {
  const { flags } = place.command;
  const shape = Object.hasOwn(flags, key) && !choosing.includes(key) ? flags[key] : undefined;
  if (!shape) throw unknown(key, Object.keys(flags), place);
  const source = placeOf(place, key);
  checkTrust(place.file, [...place.path, key].join('.'), isHarmless(key, shape));
  return [{ flag: key, value: wordsOf(value, shape, source), source }];
}

function wordsOf(value: unknown, { type, multiple }: FlagShape, source: string): Setting['value'] {
  if (type === 'boolean') {
    if (typeof value === 'boolean') return value;
    throw new UsageError(`${source}: expected true or false, got ${nameOf(value)}`);
  }
  const list = Array.isArray(value) ? value : [value];
  if (Array.isArray(value) && !multiple) throw new UsageError(`${source}: expected one value, got a list`);
  const wrong = list.find((one) => typeof one !== 'string' && typeof one !== 'number');
  if (wrong !== undefined || list.includes(undefined)) {
    throw new UsageError(`${source}: expected a value${multiple ? ' or a list of them' : ''}, got ${nameOf(wrong)}`);
  }
  return list.map(String);
}

function settingsOf(value: unknown, source: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UsageError(`${source}: expected settings such as \`concurrency: 5\`, got ${nameOf(value)}`);
}

function placeOf({ file, path }: Pick<Place, 'file' | 'path'>, key: string): string {
  return `${file.name}: ${[...path, key].join('.')}`;
}

/** The chosen profile in each file that has it. */
function profilesIn(files: readonly ConfigFile[], profile: string | null): [ConfigFile, object][] {
  const all = files.flatMap((file): [ConfigFile, object][] => {
    const { profiles } = file.settings;
    return profiles === undefined ? [] : [[file, settingsOf(profiles, placeOf({ file, path: [] }, 'profiles'))]];
  });
  if (profile === null) return [];
  const chosen = all.flatMap(([file, profiles]): [ConfigFile, object][] => {
    const content = Object.entries(profiles).find(([name]) => name === profile);
    return content ? [[file, settingsOf(content[1], placeOf({ file, path: ['profiles'] }, profile))]] : [];
  });
  if (chosen.length > 0) return chosen;
  const names = [...new Set(all.flatMap(([, profiles]) => Object.keys(profiles)))];
  const there = names.length > 0 ? `there are ${names.join(', ')}` : 'no config file has any';
  throw new UsageError(`--profile: there is no profile \`${profile}\`; ${there}`);
}

/** `SLUICE_RATE` for every command that shares settings, `SLUICE_FETCH_RATE` for one, which wins. Empty ones do not count. */
function inEnvironment({ id, flags, sharesSettings }: Configurable, env: NodeJS.ProcessEnv): Setting[] {
  return Object.entries(flags).flatMap(([flag, shape]) => {
    if (choosing.includes(flag)) return [];
    const names = [variableOf(id, flag), ...(sharesSettings ? [variableOf(flag)] : [])];
    const source = names.find((name) => env[name]);
    const text = source ? env[source] : undefined;
    return source && text ? [{ flag, value: fromText(text, shape, source), source }] : [];
  });
}

export function variableOf(...words: string[]): string {
  return ['sluice', ...words].join('_').replaceAll('-', '_').toUpperCase();
}

/** A variable holds one value, or several on lines of their own. */
function fromText(text: string, { type, multiple }: FlagShape, source: string): Setting['value'] {
  if (type === 'option') return multiple ? text.split('\n').filter((line) => line !== '') : [text];
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off)$/i.test(text)) return false;
  throw new UsageError(`${source}: expected true or false, got ${nameOf(text)}`);
}
