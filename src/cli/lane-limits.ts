import type { LaneLimits } from '../flow/lane.ts';
import { parseCount, parseRate, type Rate, UsageError } from './values.ts';

/** `--limit PATTERN=c=8,50/s`, parsed. What it leaves out is null. */
export type LaneLimit = LaneLimits & { readonly matches: (lane: string) => boolean };

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
  return { matches: globTest(pattern.trim()), concurrency, rate };
}

/** `c=8` is meant for every lane, and would be eight starts a second for the lane `c`. Who wants those writes `c=8/s`. */
function isWithoutPattern(pattern: string, limits: string): boolean {
  return pattern.trim() === 'c' && /^\s*\d+\s*(?:,|$)/.test(limits);
}

function wrong(text: string): UsageError {
  return new UsageError(`expected something like api.example.com=c=8,50/s, or *=c=8 for every lane, got \`${text}\``);
}

/** The limits of a lane: the first matching `--limit`, and `--host-*` for what it leaves out. */
export function createLimitsOf(limits: readonly LaneLimit[], fallback: LaneLimits): (lane: string) => LaneLimits {
  return (lane) => {
    const own = limits.find(({ matches }) => matches(lane));
    return { concurrency: own?.concurrency ?? fallback.concurrency, rate: own?.rate ?? fallback.rate };
  };
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
