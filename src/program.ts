import { main as mainWith } from './cli/main.ts';
import type { CommandClasses } from './cli/plugin.ts';

export { default as SluiceHelp } from './cli/help.ts';

/** Evaluated when asked for: `sluice --version` runs none of undici. */
const commands: CommandClasses = {
  completion: () => import('./commands/completion.ts'),
  config: () => import('./commands/config.ts'),
  fetch: () => import('./commands/fetch.ts'),
  help: () => import('./commands/help.ts'),
  mock: () => import('./commands/mock.ts'),
  prompt: () => import('./commands/prompt.ts'),
};

/** The whole program. Settles when everything is written; the verdict is in `process.exitCode`. `root` is the package's folder. */
export function main(argv: string[], root: string): Promise<void> {
  return mainWith(argv, { root, commands });
}
