import { existsSync } from 'node:fs';
import { plain } from '../output/terminal.ts';
import { quote } from '../record/request.ts';
import { foreignFlag } from './foreign-flags.ts';
import { nearest } from './nearest.ts';

/** What the commands and their flags are: oclif's manifest, as far as messages need it. */
export type KnownCommands = Readonly<Record<string, { readonly flags: Readonly<Record<string, KnownFlag>> }>>;
type KnownFlag = { readonly helpValue?: string; readonly char?: string };

/** Wrong usage as it came: ours is one line already, oclif's is put into our words. */
export type UsageFault = Error & {
  /** Flags that do not exist. */
  readonly flags?: readonly string[];
};

/** One line that names what is wrong, what was expected, and what was given. oclif's messages are recognised here alone. */
export function usageLine(fault: UsageFault, argv: readonly string[], known: KnownCommands): string {
  const [text = ''] = fault.message.split('\nSee more help');
  const [word = ''] = argv;
  if (/^command .* not found\.?$/is.test(text)) return noCommand(argv, known);
  if (fault.flags) return noFlags(fault.flags, word, known);
  const message = text.replace(/\s*\n\s*/g, ' ');
  const [, unexpected] = /^Unexpected arguments?: (.*)$/.exec(message) ?? [];
  if (unexpected) return plain(`sluice ${word} takes no argument here, got ${quote(unexpected)}`);
  return plain(inOurWords(message, known[word]?.flags ?? {}));
}

function inOurWords(message: string, flags: KnownCommands[string]['flags']): string {
  return message
    .replace(/^Parsing (--\S+)\s+(?:\1: )?/, '$1: ')
    .replace(
      /^Expected --([\w-]+)=(.*) to be one of: (.*)$/s,
      (_all, name, given, options) => `--${name}: expected one of ${options}, got ${quote(given)}`,
    )
    .replace(
      /^Expected (\S+) to be one of: (.*)$/s,
      (_all, given, options) => `expected one of ${options}, got ${quote(given)}`,
    )
    .replace(/^Flag --([\w-]+) expects one of these values: (.*)$/, '--$1: expected one of $2, got nothing')
    .replace(
      /^Flag --([\w-]+) expects a value$/,
      (_all, name) => `--${name}: expected ${wanted(flags[name])}, got nothing`,
    )
    .replace(/^Flag --([\w-]+) can only be specified once$/, '--$1: it can be given only once');
}

/** The help's word for a value: NAME is what it is, 50/s is an example. */
function wanted({ helpValue }: KnownFlag = {}): string {
  if (!helpValue) return 'a value';
  return /^'?[A-Z]/.test(helpValue) ? helpValue : `a value such as ${helpValue}`;
}

function noFlags(wrong: readonly string[], command: string, known: KnownCommands): string {
  const first = withoutValue(wrong[0] ?? '');
  const own = Object.keys(known[command]?.flags ?? {}).map((name) => `--${name}`);
  const meant = foreignFlag(first, own) ?? nearest(first, own) ?? spelledLike(first, own);
  const others = Object.keys(known).filter((other) =>
    Object.hasOwn(known[other]?.flags ?? {}, first.replace(/^--/, '')),
  );
  const hint = meant
    ? `did you mean ${meant}?`
    : others.length > 0
      ? `sluice ${others[0]} has one`
      : `see sluice ${command} --help`;
  return plain(`sluice ${command} has no flag ${wrong.map(withoutValue).join(', ')} (${hint})`);
}

/** The flag of the same letters, or the only one that begins so. */
function spelledLike(flag: string, own: readonly string[]): string | null {
  const same = own.find((one) => one.replaceAll('-', '') === flag.replaceAll('-', ''));
  const longer = flag.length > 4 ? own.filter((one) => one.startsWith(flag)) : [];
  return same ?? (longer.length === 1 ? (longer[0] ?? null) : null);
}

function noCommand(argv: readonly string[], known: KnownCommands): string {
  const [first = '', second = ''] = argv;
  if (first === 'help') return plain(noCommand(argv.slice(1), known));
  if (Object.hasOwn(known, first)) return plain(`sluice ${first} takes no argument, got ${quote(second)}`);
  return plain(`there is no command ${quote(withoutValue(first))} (${meantBy(argv, known)})`);
}

/** A flag alone: what stands in it beside its name may be a credential. */
function withoutValue(word: string): string {
  if (word.startsWith('--')) return word.replace(/=.*/s, '');
  return word.startsWith('-') ? word.slice(0, 2) : word;
}

/** What was most likely meant by a line that does not begin with a command. */
function meantBy(argv: readonly string[], known: KnownCommands): string {
  const [first = ''] = argv;
  const meant = nearest(first, Object.keys(known));
  if (meant) return `did you mean ${meant}?`;
  if (isLikeUrl(first)) return `did you mean sluice fetch ${quote(first).slice(1, -1)}?`;
  if (first.startsWith('-') && argv.some(isLikeUrl)) return 'did you mean sluice fetch, with these flags behind it?';
  if (first.startsWith('-')) return `the command comes first: ${Object.keys(known).join(', ')}`;
  if (existsSync(first)) return `did you mean sluice fetch -i ${quote(first).slice(1, -1)}?`;
  return `there are ${Object.keys(known).join(', ')}`;
}

function isLikeUrl(word: string): boolean {
  return /^https?:/i.test(word) || /^(?:localhost|[\w-]+(?:\.[\w-]+)+)(?::\d+)?\/|^[\w.-]+:\d+$|^www\./.test(word);
}
