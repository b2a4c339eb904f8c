import * as Args from '@oclif/core/args';
import { Command } from '@oclif/core/command';
import { type Completable, completionScript, type Shell, shells } from '../cli/completion.ts';
import { UsageError } from '../cli/values.ts';

export default class Completion extends Command {
  static override summary = 'Print a script that completes commands, flags and values in your shell.';
  static override examples = [
    'source <(sluice completion bash)    # in ~/.bashrc',
    'source <(sluice completion zsh)     # in ~/.zshrc, after compinit',
    'sluice completion fish > ~/.config/fish/completions/sluice.fish',
  ];
  static override args = {
    shell: Args.string({ options: [...shells], description: 'The shell to print it for.', ignoreStdin: true }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    if (args.shell === undefined) throw new UsageError(`expected one of the shells ${shells.join(', ')}, got nothing`);
    const commands = this.config.commands.map((command) => command as Completable);
    process.stdout.write(completionScript(args.shell as Shell, commands));
  }
}
