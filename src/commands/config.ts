import * as Args from '@oclif/core/args';
import { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import {
  ConfigurableCommand,
  checkSetting,
  configurableCommands,
  type Definition,
  workingFolder,
} from '../cli/command.ts';
import { readConfigFiles, userConfigPath } from '../cli/config-files.ts';
import { reportAsJson, reportAsText, strangersIn } from '../cli/config-report.ts';
import { settingsFor } from '../cli/config-settings.ts';
import { UsageError } from '../cli/values.ts';

export default class Config extends Command {
  static override summary = 'Show which settings count, and where they come from.';
  static override description =
    'Settings are flags without their dashes. They come from your own config file, from the nearest .sluicerc or sluice.config.yaml, from a profile in either, and from SLUICE_RATE, SLUICE_FETCH_RATE and the like; each of these wins over those before it, and flags win over all. Credentials are masked.';
  static override examples = [
    'sluice config',
    'sluice config fetch --profile ci',
    'SLUICE_RATE=5/s sluice config --json',
  ];
  static override args = {
    command: Args.string({ description: 'Only the settings of this command.', ignoreStdin: true }),
  };
  static override flags = {
    ...ConfigurableCommand.baseFlags,
    json: Flags.boolean({ summary: 'One line of JSON instead of a table.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Config);
    const { env } = process;
    const places = { env, cwd: workingFolder() };
    const all = configurableCommands(this.config.commands);
    const shown = all.filter(({ id }) => args.command === undefined || id === args.command);
    if (shown.length === 0) {
      throw new UsageError(
        `expected one of the commands ${all.map(({ id }) => id).join(', ')}, got \`${args.command}\``,
      );
    }
    const files = await readConfigFiles(flags.config ?? (env.SLUICE_CONFIG || null), places);
    const profile = flags.profile ?? (env.SLUICE_PROFILE || null);
    const commands = [];
    for (const command of shown) {
      const settings = [...settingsFor(command, { files, profile, env, commands: all }).values()];
      const loaded = await this.config.findCommand(command.id, { must: true }).load();
      const definitions = loaded.flags as Record<string, Definition>;
      for (const setting of settings) await checkSetting(setting, definitions[setting.flag]);
      commands.push({ command, settings });
    }
    const userFile = userConfigPath(places);
    const report = { files, userFile, profile, commands, strangers: strangersIn(env, all) };
    process.stdout.write(
      flags.json
        ? reportAsJson({ ...report, files: files.map(({ name, kind }) => ({ name, kind })) })
        : reportAsText(report),
    );
  }
}
