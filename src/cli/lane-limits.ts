import type { LaneLimits } from '../flow/lane-options.ts';
import type { Rate } from '../record/rate.ts';
import { parseCount, parseRate, UsageError } from './values.ts';

/** `--limit PATTERN=c=8,50/s`, parsed. What it leaves out is null. */
export type LaneLimit = LaneLimits & {
  readonly matches: (lane: string) => boolean;
  /** As it was given, for messages. */
  readonly text: string;
};

/** `api.example.com=c=8,50/s`, `*.example.com=c=2`, `*=5/s`. */
export function parseLaneLimit(text: string): LaneLimit {
  const [, pattern = '', limits] = /^([^=]+)=(.+)$/.exec(text.trim()) ?? [];
  if (limits === undefined || isWithoutPattern(pattern, limits)) throw wrong(text);
  let concurrency: number | null = null;
  let rate: Rate | null = null;
  for (const limit of limits.split(',')) {
    const [, count] = /^c=(.*)$/.exec(limit.trim()) ?? [];
    try {
      if (count !== undefined) concurrency = parseCount(count, { min: 1 });
      else rate = parseRate(limit);
    } catch {
      throw wrong(text);
    }
  }
  return { matches: globTest(pattern.trim()), concurrency, rate, text };
}

/** `c=8` is meant for every lane, and would be eight starts a second for the lane `c`. Who wants those writes `c=8/s`. */
function isWithoutPattern(pattern: string, limits: string): boolean {
  return pattern.trim() === 'c' && /^\s*\d+\s*(?:,|$)/.test(limits);
}

function wrong(text: string): UsageError {
  return new UsageError(`expected something like api.example.com=c=8,50/s, or *=c=8 for every lane, got \`${text}\``);
}

export type LimitsOf = {
  /** The limits of a lane: the first matching `--limit`, and `--host-*` for what it leaves out. */
  readonly limitsOf: (lane: string) => LaneLimits;
  /** Those of `--limit` that no lane has come under, though there were lanes: mistyped, or behind a wider one. */
  readonly unused: () => readonly string[];
};

export function createLimits(limits: readonly LaneLimit[], fallback: LaneLimits): LimitsOf {
  const used = new Set<LaneLimit>();
  let hasLanes = false;
  return {
    limitsOf(lane) {
      hasLanes = true;
      const own = limits.find(({ matches }) => matches(lane));
      if (own) used.add(own);
      return { concurrency: own?.concurrency ?? fallback.concurrency, rate: own?.rate ?? fallback.rate };
    },
    unused: () => (hasLanes ? limits.filter((limit) => !used.has(limit)).map(({ text }) => text) : []),
  };
}

/** What people should know of limits that no call came under: a line each. */
export function unusedNotes(unused: readonly string[]): string[] {
  return unused.map((text) => `sluice: --limit ${text} held no call: no host or lane came under it first`);
}

/** Where `*` is anything and `?` one character. A host matches with its port, and without it where it is the usual one. */
function globTest(pattern: string): (lane: string) => boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const glob = new RegExp(`^${source}$`, 'i');
  return (lane) => glob.test(lane) || glob.test(lane.replace(/:(?:80|443)$/, ''));
}
