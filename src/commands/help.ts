import * as Args from '@oclif/core/args';
import { Command } from '@oclif/core/command';
import SluiceHelp from '../cli/help.ts';

export default class Help extends Command {
  static override summary = 'Show what sluice, or one of its commands, takes.';
  static override examples = ['sluice help fetch'];
  static override args = { command: Args.string({ description: 'The command to show.', ignoreStdin: true }) };

  async run(): Promise<void> {
    const { args } = await this.parse(Help);
    await new SluiceHelp(this.config).showHelp(args.command === undefined ? [] : [args.command]);
  }
}
