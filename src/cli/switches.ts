import { UsageError } from './values.ts';

type FlagKinds = Readonly<Record<string, { readonly type: string; readonly allowNo?: boolean | undefined }>>;

/** Refuses `--quiet=1` and the like: oclif would take the value for an argument, and it would be called as a URL. */
export function refuseSwitchValues(argv: readonly string[], flags: FlagKinds): void {
  for (const word of argv) {
    if (word === '--') return;
    const [, name = ''] = /^--(?:no-)?([\w-]+)=/.exec(word) ?? [];
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (flag?.type !== 'boolean') continue;
    const off = flag.allowNo ? `; --no-${name} turns it off` : '';
    throw new UsageError(`--${name}: it takes no value${off}`);
  }
}
