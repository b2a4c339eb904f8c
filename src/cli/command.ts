import { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import { readConfigFiles } from './config-files.ts';
import { type Configurable, type Setting, settingsFor } from './config-settings.ts';
import type { FlagShape } from './config-trust.ts';
import { refuseSwitchValues } from './switches.ts';
import { UsageError } from './values.ts';

type Parse = Command['parse'];
/** A flag of a command's class, as far as settings need it. */
export type Definition = FlagShape & { parse?: (input: string, context: unknown, flag: unknown) => Promise<unknown> };

/**
 * A command whose flags may also be set by config files, a profile and the environment. What is not given on the
 * command line is put before it as if it had been: every flag there is, or will be, is covered, and parses as ever.
 */
export abstract class ConfigurableCommand extends Command {
  static override baseFlags = {
    config: Flags.string({
      helpGroup: 'CONFIG',
      helpValue: 'FILE',
      summary:
        'Settings from FILE instead of the .sluicerc or sluice.config.yaml that is nearest. Default: SLUICE_CONFIG.',
    }),
    profile: Flags.string({
      helpGroup: 'CONFIG',
      helpValue: 'NAME',
      summary: 'Also the settings of this profile in the config files. Default: SLUICE_PROFILE.',
    }),
  };
  /** Whether general settings count for it. Not where its flags mean something else than those of the others. */
  static sharesSettings = true;

  #settings = new Map<string, Setting>();

  protected override parse: Parse = async (options, argv = this.argv) => {
    const flags = { ...options?.baseFlags, ...options?.flags } as Record<string, Definition>;
    refuseSwitchValues(argv, flags);
    const input = { ...options, flags: withNegations(flags) } as typeof options;
    const given = await super.parse(input, argv);
    this.#settings = await this.#configured(flags, given.flags as { config?: string; profile?: string });
    for (const token of given.raw) if (token.type === 'flag') this.#settings.delete(token.flag);
    if (this.#settings.size === 0) return given;
    const parsed = await super.parse(input, [...[...this.#settings.values()].flatMap(wordsOf), ...argv]);
    // What the user has typed, for whoever shows it.
    this.argv = [...argv];
    return parsed;
  };

  /** An error about a flag that nobody typed says where it comes from. */
  protected override async catch(error: Error): Promise<unknown> {
    for (const { flag, source } of this.#settings.values()) {
      if (error instanceof UsageError && new RegExp(`--${flag}(?![\\w-])`).test(error.message)) {
        error.message += ` (--${flag} is set by ${source})`;
      }
    }
    return super.catch(error);
  }

  async #configured(flags: Record<string, Definition>, { config, profile }: { config?: string; profile?: string }) {
    const { env } = process;
    const files = await readConfigFiles(config ?? (env.SLUICE_CONFIG || null), { env, cwd: workingFolder() });
    const commands = configurableCommands(this.config.commands);
    const own = commands.find(({ id }) => id === this.id);
    const settings = own
      ? settingsFor(own, { files, profile: profile ?? (env.SLUICE_PROFILE || null), env, commands })
      : new Map<string, Setting>();
    for (const setting of settings.values()) await checkSetting(setting, flags[setting.flag]);
    return settings;
  }
}

/** Those of oclif's manifest that take settings. */
export function configurableCommands(all: readonly Command.Loadable[]): Configurable[] {
  return all.flatMap((command) => {
    const { id, flags, sharesSettings } = command as Command.Loadable & { sharesSettings?: boolean };
    return sharesSettings === undefined ? [] : [{ id, flags: flags as Configurable['flags'], sharesSettings }];
  });
}

/** A folder that has been deleted under us has no files either. */
export function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}

/** Each value goes through the parser of its flag, so that what is wrong is told with the place where it stands. */
export async function checkSetting({ value, source }: Setting, definition: Definition | undefined): Promise<void> {
  if (typeof value === 'boolean') return;
  for (const word of value) {
    const { options, parse } = definition ?? {};
    if (options && !options.includes(word)) {
      throw new UsageError(`${source}: expected one of ${options.join(', ')}, got \`${word}\``);
    }
    try {
      await parse?.(word, {}, definition);
    } catch (error) {
      throw error instanceof UsageError ? new UsageError(`${source}: ${error.message}`) : error;
    }
  }
}

function wordsOf({ flag, value }: Setting): string[] {
  if (typeof value === 'boolean') return [`--${value ? '' : 'no-'}${flag}`];
  return value.map((word) => `--${flag}=${word}`);
}

/** What a file has turned on, the command line can turn off. */
function withNegations(flags: Record<string, Definition>): Record<string, Definition> {
  const entries = Object.entries(flags).map(([name, flag]): [string, Definition] => [
    name,
    flag.type === 'boolean' ? { ...flag, allowNo: true } : flag,
  ]);
  return Object.fromEntries(entries);
}
