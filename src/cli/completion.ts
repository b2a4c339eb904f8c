/** A command as oclif's manifest knows it, as far as completion needs it. */
export type Completable = {
  readonly id: string;
  readonly summary?: string | undefined;
  readonly flags: Readonly<Record<string, CompletableFlag>>;
  readonly args: Readonly<Record<string, { readonly options?: readonly string[] | undefined }>>;
};

type CompletableFlag = {
  readonly type: 'boolean' | 'option';
  readonly char?: string | undefined;
  readonly aliases?: readonly string[] | undefined;
  readonly allowNo?: boolean | undefined;
  readonly multiple?: boolean | undefined;
  readonly options?: readonly string[] | undefined;
  readonly helpValue?: string | readonly string[] | undefined;
  readonly summary?: string | undefined;
  readonly hidden?: boolean | undefined;
};

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** A script that teaches a shell all commands, flags, and values where they are known. */
export function completionScript(shell: Shell, commands: readonly Completable[]): string {
  const known = commands.map((command) => describe(command, commands));
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](known);
}

type Words = {
  readonly id: string;
  readonly about: string;
  readonly flags: readonly FlagWords[];
  /** What may stand in the place of an argument. */
  readonly values: readonly string[];
};

type FlagWords = {
  readonly names: readonly string[];
  readonly char: string | null;
  readonly about: string;
  readonly isRepeatable: boolean;
  /** What follows it: nothing, one of these words, a file, a folder, or something that nobody can guess. */
  readonly value: 'none' | 'file' | 'folder' | 'any' | readonly string[];
  readonly valueName: string;
};

function describe({ id, summary, flags, args }: Completable, commands: readonly Completable[]): Words {
  // An argument `command` is one of those that take settings; for help, any.
  const named = commands.filter((one) => id === 'help' || (one.id !== id && Object.hasOwn(one.flags, 'profile')));
  const values = Object.entries(args).flatMap(([name, { options }]) =>
    name === 'command' ? named.map((one) => one.id) : (options ?? []),
  );
  const shown = Object.entries(flags).filter(([, { hidden }]) => !hidden);
  return { id, about: firstSentence(summary), values, flags: shown.map(([name, flag]) => wordsOf(name, flag)) };
}

function wordsOf(name: string, flag: CompletableFlag): FlagWords {
  const negation = flag.type === 'boolean' && flag.allowNo ? [`no-${name}`] : [];
  const valueName = [flag.helpValue ?? 'value'].flat().join(' ');
  return {
    names: [name, ...(flag.aliases ?? []), ...negation],
    char: flag.char ?? null,
    about: firstSentence(flag.summary),
    isRepeatable: flag.multiple === true,
    value: flag.type === 'boolean' ? 'none' : (flag.options ?? kindOf(valueName)),
    valueName,
  };
}

function kindOf(valueName: string): 'file' | 'folder' | 'any' {
  if (valueName.endsWith('FILE')) return 'file';
  return /DIR$|FOLDER$/.test(valueName) ? 'folder' : 'any';
}

function firstSentence(summary = ''): string {
  return summary.replace(/\.(?: .*)?$/s, '').replace(/[\n\r]/g, ' ');
}

/** In single quotes, for bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function spellings({ names, char }: FlagWords): string[] {
  return [...(char === null ? [] : [`-${char}`]), ...names.map((name) => `--${name}`)];
}

/** Works with the bash 3.2 of macOS too, and without the package bash-completion. */
function bashScript(commands: readonly Words[]): string {
  const cases = commands.flatMap(({ id, flags }) =>
    flags
      .filter(({ value }) => value !== 'none')
      .map((flag) => {
        const patterns = spellings(flag).map((spelling) => quoted(`${id} ${spelling}`));
        return `    ${patterns.join('|')}) ${bashReply(flag.value)}; return ;;`;
      }),
  );
  const words = commands.map(({ id, flags, values }) => {
    const all = flags.flatMap(spellings).join(' ');
    return `    ${quoted(id)}) flags=${quoted(all)}; values=${quoted(values.join(' '))} ;;`;
  });
  return `# bash completion for sluice. To use it: source <(sluice completion bash)
_sluice() {
  local IFS=$' \\t\\n' flags= values=
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}"
  # bash takes --flag=value apart.
  if [ "$current" = = ]; then current=; elif [ "$previous" = = ]; then previous="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoted([...commands.map(({ id }) => id), '--help', '--version'].join(' '))} -- "$current"))
    return
  fi
  case "$command $previous" in
${cases.join('\n')}
  esac
  case "$command" in
${words.join('\n')}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$flags --help" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$values" -- "$current")) ;;
  esac
}
complete -F _sluice sluice
`;
}

function bashReply(value: FlagWords['value']): string {
  if (typeof value === 'object') return `COMPREPLY=($(compgen -W ${quoted(value.join(' '))} -- "$current"))`;
  if (value === 'any' || value === 'none') return ':';
  // Names may hold spaces; bash 3.2 has no compopt.
  const action = value === 'file' ? '-f' : '-d';
  return `IFS=$'\\n'; COMPREPLY=($(compgen ${action} -- "$current")); compopt -o filenames 2>/dev/null`;
}

function zshScript(commands: readonly Words[]): string {
  const list = commands.map(({ id, about }) => `    ${quoted(`${id}:${about}`)}`);
  const cases = commands.map(({ id, flags, values }) => {
    const specs = flags.flatMap(zshSpecs);
    const rest = values.length > 0 ? `'*:argument:(${values.join(' ')})'` : `'*: : '`;
    return `    ${id})\n      _arguments -S ${[...specs, rest].join(' \\\n        ')} ;;`;
  });
  return `#compdef sluice
# zsh completion for sluice. To use it: source <(sluice completion zsh), after compinit; or a file _sluice in $fpath.
_sluice() {
  local -a subcommands
  subcommands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command subcommands
    return
  fi
  local subcommand=$words[2]
  shift words
  (( CURRENT-- ))
  case $subcommand in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _sluice ]; then
  _sluice "$@"
else
  compdef _sluice sluice
fi
`;
}

/** For _arguments: one for each spelling. */
function zshSpecs(flag: FlagWords): string[] {
  const { value, about, isRepeatable, valueName } = flag;
  const all = spellings(flag);
  const text = `[${about.replace(/[[\]\\]/g, '\\$&')}]`;
  return all.map((spelling) => {
    const others = isRepeatable ? '*' : `(${all.join(' ')})`;
    if (value === 'none') return quoted(`${others}${spelling}${text}`);
    const sign = spelling.startsWith('--') ? '=' : '+';
    return quoted(`${others}${spelling}${sign}${text}:${valueName.replaceAll(':', '\\:')}:${zshAction(value)}`);
  });
}

function zshAction(value: Exclude<FlagWords['value'], 'none'>): string {
  if (typeof value === 'object') return `(${value.join(' ')})`;
  return { file: '_files', folder: '_files -/', any: ' ' }[value];
}

function fishScript(commands: readonly Words[]): string {
  const lines = commands.flatMap(({ id, about, flags, values }) => {
    const when = `complete -c sluice -n '__fish_seen_subcommand_from ${id}'`;
    return [
      `complete -c sluice -n __fish_use_subcommand -a ${id} -d ${fishQuoted(about)}`,
      ...(values.length > 0 ? [`${when} -a ${fishQuoted(values.join(' '))}`] : []),
      ...flags.map((flag) => `${when} ${fishFlag(flag)}`),
    ];
  });
  return `# fish completion for sluice. To use it: sluice completion fish > ~/.config/fish/completions/sluice.fish
complete -c sluice -f
${lines.join('\n')}
`;
}

function fishFlag({ names, char, about, value }: FlagWords): string {
  const spelled = [...(char === null ? [] : [`-s ${char}`]), ...names.map((name) => `-l ${name}`)];
  return [...spelled, ...fishValue(value), `-d ${fishQuoted(about)}`].join(' ');
}

function fishValue(value: FlagWords['value']): string[] {
  if (typeof value === 'object') return [`-x -a ${fishQuoted(value.join(' '))}`];
  return { none: [], file: ['-r -F'], folder: ["-x -a '(__fish_complete_directories)'"], any: ['-x'] }[value];
}

function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
