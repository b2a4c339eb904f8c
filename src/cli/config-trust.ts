import type { ConfigFile } from './config-files.ts';
import { UsageError } from './values.ts';

/** What flags say of themselves, in their definitions and in oclif's manifest alike. */
export type FlagShape = {
  readonly type: 'boolean' | 'option';
  readonly multiple?: boolean | undefined;
  readonly allowNo?: boolean | undefined;
  readonly options?: readonly string[] | undefined;
  readonly helpGroup?: string | undefined;
};

/** How fast, how often, and what people see of it: no flag of these groups says what is sent, or where. */
const harmlessGroups = ['FLOW', 'TALK'];
/** Of the other groups: sizes, formats, which fields a row has, which model is asked. */
const harmlessFlags = [
  'format',
  'max-line',
  'max-redirects',
  'compressed',
  'user-agent',
  'body',
  'max-body',
  'ok-status',
  'include',
  'model',
  'max-tokens',
  'temperature',
  'port',
  'latency',
  'jitter',
  'fail',
  'rate',
  'max-concurrency',
  'seed',
];

/**
 * Whether a setting can do no worse than make a run slow, long or chatty. All others (addresses, credentials, bodies,
 * files to read or write, certificates, and whatever flag comes next) could send what is secret to somebody else.
 */
export function isHarmless(flag: string, { helpGroup }: FlagShape): boolean {
  // It may have something done twice.
  if (flag === 'retry-unsafe') return false;
  return harmlessGroups.includes(helpGroup ?? '') || harmlessFlags.includes(flag);
}

/** A file that merely lies in the working tree came with somebody's checkout: it may set what is harmless. */
export function checkTrust({ kind, name }: ConfigFile, key: string, isHarmlessFlag: boolean): void {
  if (kind !== 'found' || isHarmlessFlag) return;
  throw new UsageError(
    `${name}: ${key}: a file that is only found may not say what is sent, where to, or what is read and written: name it (--config ${name}), or put it into your own config file (sluice config tells where that is)`,
  );
}
