/** What flags of other programs are called here, where no spelling leads from one to the other: curl's, xargs', other clients'. */
const names: Readonly<Record<string, string>> = {
  '--max-time': '--timeout',
  '-m': '--timeout',
  '--retry': '--retries',
  '--max-retries': '--retries',
  '--retry-max-time': '--deadline',
  '--max-redirs': '--max-redirects',
  '--max-filesize': '--max-body',
  '--parallel': '--concurrency',
  '--parallel-max': '--concurrency',
  '-Z': '--concurrency',
  '-P': '--concurrency',
  '-j': '--concurrency',
  '--jobs': '--concurrency',
  '--threads': '--concurrency',
  '--workers': '--concurrency',
  '--write-out': '--query',
  '-w': '--query',
  '--json-schema': '--schema',
  '--max-output-tokens': '--max-tokens',
  '--api-key': '--api-key-env',
  '--provider': '--model',
};

/** Our flag for what another program calls so, if the command has it, else null. */
export function foreignFlag(flag: string, own: readonly string[]): string | null {
  const ours = Object.hasOwn(names, flag) ? names[flag] : undefined;
  return ours !== undefined && own.includes(ours) ? ours : null;
}
