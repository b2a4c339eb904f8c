import type { Command } from '@oclif/core/command';
import { CommandHelp } from '@oclif/core/help';

/** The group that comes after all others: it is about the flags themselves. */
const lastGroup = 'CONFIG';

/** The help of a command: examples first, a usage line without all the flags, flags in the order in which they are defined. */
export class SluiceCommandHelp extends CommandHelp {
  protected override sections(): ReturnType<CommandHelp['sections']> {
    const sections = super.sections();
    const order = ['EXAMPLES', 'USAGE', 'DESCRIPTION', 'ARGUMENTS', 'FLAGS'];
    return order.flatMap((header) => sections.filter((section) => section.header === header));
  }

  protected override defaultUsage(): string {
    const names = Object.values(this.command.args ?? {}).map(({ name, multiple }) => {
      const word = `${name.toUpperCase()}${multiple ? '...' : ''}`;
      return ` [${word}]`;
    });
    return `${this.command.id}${names.join('')} [flags]`;
  }

  protected override examples(examples: Command.Example[] | string | undefined): string | undefined {
    const commands = [examples ?? []]
      .flat()
      .map((example) => (typeof example === 'string' ? example : example.command));
    if (commands.length === 0) return undefined;
    return commands.map((command) => folded(`$ ${this.render(command)}`, this.opts.maxWidth - 4)).join('\n');
  }

  protected override groupFlags(flags: Command.Flag.Any[]): ReturnType<CommandHelp['groupFlags']> {
    // Those with a letter first: oclif loses the indent of a first line without one.
    const sorted = [...flags.filter(({ char }) => char), ...flags.filter(({ char }) => !char)];
    const { mainFlags, flagGroups } = super.groupFlags(sorted);
    const { [lastGroup]: last, ...others } = flagGroups;
    return { mainFlags, flagGroups: last ? { ...others, [lastGroup]: last } : others };
  }
}

/** A command on several lines that a shell takes as one: broken before flags and pipes, never inside of quotes. */
function folded(command: string, width: number): string {
  const words = command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  const lines: string[] = [];
  let piece = '';
  for (const word of [...words, '|']) {
    if (!/^[-|<]/.test(word) && piece !== '') {
      piece += ` ${word}`;
      continue;
    }
    const line = lines.at(-1);
    if (line !== undefined && line.length + piece.length + 3 <= width) lines[lines.length - 1] = `${line} ${piece}`;
    else if (piece !== '') lines.push(piece);
    piece = word;
  }
  return lines.join(' \\\n    ');
}
