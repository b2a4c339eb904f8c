import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, parse, relative, sep } from 'node:path';
import { readFault } from '../record/file-fault.ts';
import { UsageError } from './values.ts';

/** A file of settings, read. */
export type ConfigFile = {
  /** For messages: from here where that is shorter. */
  readonly name: string;
  /**
   * `user` is the user's own, `named` was asked for by `--config` or SLUICE_CONFIG, `found` lies in the working tree,
   * where others may have put it.
   */
  readonly kind: 'user' | 'named' | 'found';
  readonly settings: Readonly<Record<string, unknown>>;
};

/** Names that a file in the working tree may have; the first that is there counts. YAML, of which JSON is a part. */
export const configNames = ['.sluicerc', 'sluice.config.yaml', 'sluice.config.yml', 'sluice.config.json'];

export type ConfigPlaces = { env: NodeJS.ProcessEnv; cwd: string };

/**
 * The files that count, the more general first: the user's, then the one that was named, or else the nearest one from
 * the working directory up to the home directory, or to the root where home is not above. Where there is none, this
 * costs a few looks at the disk and no library.
 */
export async function readConfigFiles(named: string | null, places: ConfigPlaces): Promise<ConfigFile[]> {
  const { cwd } = places;
  const user = userConfigPath(places);
  const files: ConfigFile[] = [];
  const userText = user === null ? null : await textOf(user, { isWanted: false });
  if (user !== null && userText !== null) files.push(await parsed(user, 'user', userText, cwd));
  const own = named === null ? await search(places) : { path: named, text: await textOf(named, { isWanted: true }) };
  // From the folder of the user's file it would be found a second time.
  if (own?.text && own.path !== user) {
    files.push(await parsed(own.path, named === null ? 'found' : 'named', own.text, cwd));
  }
  return files;
}

/** `$XDG_CONFIG_HOME/sluice/config.yaml`, or null where there is no home. */
export function userConfigPath({ env }: ConfigPlaces): string | null {
  const folder = env.XDG_CONFIG_HOME;
  // The XDG specification wants relative paths to be ignored.
  if (folder && isAbsolute(folder)) return join(folder, 'sluice', 'config.yaml');
  const home = homeOf(env);
  return home === null ? null : join(home, '.config', 'sluice', 'config.yaml');
}

function homeOf(env: NodeJS.ProcessEnv): string | null {
  if (env.HOME && isAbsolute(env.HOME)) return env.HOME;
  try {
    return homedir();
  } catch {
    return null; // no entry for this user
  }
}

/**
 * The nearest of the names, a regular file with something in it. Others are passed by: nobody would ever write to a pipe
 * that came with a checkout, and a folder may be called so.
 */
async function search({ env, cwd }: ConfigPlaces): Promise<{ path: string; text: string } | null> {
  const home = homeOf(env);
  const isBelowHome = home !== null && (cwd === home || cwd.startsWith(home.endsWith(sep) ? home : home + sep));
  const last = isBelowHome ? home : parse(cwd).root;
  for (let folder = cwd; ; folder = dirname(folder)) {
    for (const name of configNames) {
      const path = join(folder, name);
      const text = isFile(path) ? await textOf(path, { isWanted: false }) : null;
      if (text?.trim()) return { path, text };
    }
    if (folder === last || folder === dirname(folder)) return null;
  }
}

/** Not by a promise: a dozen looks one after the other, each on another thread, would be seen at every start. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    return false; // behind a folder that may not be looked into
  }
}

async function textOf(path: string, { isWanted }: { isWanted: boolean }): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const fault = error as NodeJS.ErrnoException;
    if (!isWanted && (fault.code === 'ENOENT' || fault.code === 'ENOTDIR')) return null;
    throw new UsageError(`${isWanted ? '--config: ' : ''}cannot read ${path}: ${readFault(fault)}`);
  }
}

async function parsed(path: string, kind: ConfigFile['kind'], text: string, cwd: string): Promise<ConfigFile> {
  const near = relative(cwd, path);
  const name = near.length < path.length ? near : path;
  return { name, kind, settings: settingsIn(await valueIn(text, name), name) };
}

async function valueIn(text: string, name: string): Promise<unknown> {
  const { default: yaml } = await import('yaml');
  const document = yaml.parseDocument(text, { logLevel: 'silent' });
  const [error] = document.errors;
  if (error) throw new UsageError(`${name}: not valid YAML or JSON: ${faultOf(error)}`);
  try {
    // Lists that name each other over and over would fill the memory.
    return document.toJS({ maxAliasCount: 100 });
  } catch (fault) {
    throw new UsageError(`${name}: not valid YAML: ${(fault as Error).message}`);
  }
}

/** Without the lines of the file that yaml quotes: they may hold credentials. */
function faultOf({ message }: Error): string {
  return (message.split('\n')[0] ?? '').replace(/:$/, '');
}

function settingsIn(value: unknown, name: string): ConfigFile['settings'] {
  if (value === null || value === undefined) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as ConfigFile['settings'];
  throw new UsageError(
    `${name}: expected settings such as \`concurrency: 5\`, got ${typeof value === 'string' ? 'a text' : nameOf(value)}`,
  );
}

/** What a value is, for a message: never the value itself where it may hold much. */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'several settings';
  return `\`${(typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 100)}\``;
}
