import type { Command } from '@oclif/core/command';
import { Help } from '@oclif/core/help';
import type { Config, HelpOptions } from '@oclif/core/interfaces';
import { configurableCommands } from './command.ts';
import { SluiceCommandHelp } from './command-help.ts';

/** What sluice is for, as commands to paste. */
const examples = [
  'sluice fetch < urls.txt -c 20 -r 50/s | jq -c "[.url, .status]"',
  "sluice prompt -i tickets.ndjson --template 'Sum up: {{body}}' -m gpt-5-mini",
  'sluice mock --rate 20/s',
];

/** oclif's help, which starts with the examples. */
export default class SluiceHelp extends Help {
  protected override CommandHelpClass = SluiceCommandHelp;

  constructor(config: Config, options: Partial<HelpOptions> = {}) {
    super(config, { ...options, flagSortOrder: 'none', hideCommandSummaryInDescription: true });
  }

  override formatRoot(): string {
    const description = this.wrap(this.config.pjson.description ?? '', 0);
    const shown = examples.map((example) => `$ ${example}`).join('\n');
    const usage = '$ sluice COMMAND [flags]\n$ sluice COMMAND --help    all of its flags, and examples';
    return [description, this.section('EXAMPLES', shown), this.section('USAGE', usage)].join('\n\n');
  }

  /** Those that work first, then those that are about sluice itself. */
  protected override get sortedCommands(): Command.Loadable[] {
    const isAbout = (command: Command.Loadable) => configurableCommands([command]).length === 0;
    const all = super.sortedCommands;
    return [...all.filter((one) => !isAbout(one)), ...all.filter(isAbout)];
  }
}
