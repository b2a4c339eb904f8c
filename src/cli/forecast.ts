import { showCount, showDuration, showLatency } from '../output/quantity.ts';
import type { Rate } from '../record/rate.ts';
import type { FlowSettings } from './flow-settings.ts';

export type ForecastOptions = {
  flow: Pick<FlowSettings, 'concurrency' | 'rate' | 'burst' | 'limitsOf'>;
  /** What a lane is called: a host, unless the user names lanes. */
  lane: 'host' | 'lane';
};

/** How long a run takes at least, as far as its limits alone can tell. */
export type Forecast = {
  /** Counts a call. */
  add(lane: string): void;
  /** Counts a line for which nothing would be sent. */
  addFailed(): void;
  /** What came of it, a line each for people. */
  lines(): string[];
};

/** More lanes than this are counted, but not looked at one by one: a list may name millions of hosts. */
const mostLanes = 100_000;
/** What a call is said to take where no rate tells how long the run is. */
const guessMs = 100;

export function createForecast({ flow, lane: word }: ForecastOptions): Forecast {
  const { concurrency, rate, burst, limitsOf } = flow;
  const calls = new Map<string, number>();
  let total = 0;
  let failed = 0;
  let isCapped = false;

  function add(lane: string): void {
    total += 1;
    const known = calls.get(lane);
    if (known !== undefined || calls.size < mostLanes) calls.set(lane, (known ?? 0) + 1);
    else isCapped = true;
  }

  /** The time that rates impose, and whose it is: the calls of one lane, or all of them. */
  function paced(): { ms: number; by: string } {
    let longest = { ms: rate ? spacedMs(total, rate, burst) : 0, by: rate ? rateText(rate) : '' };
    for (const [lane, count] of calls) {
      const { rate: own } = limitsOf(lane);
      const ms = own ? spacedMs(count, own, burst) : 0;
      if (own && (ms > longest.ms || longest.by === '')) {
        longest = { ms, by: `${rateText(own)} for ${lane} (${showCount(count)} of them)` };
      }
    }
    return longest;
  }

  /** How many rounds of calls there are at least, when every slot is always in use, and which flag it is that says so. */
  function rounds(): { count: number; by: string } {
    let most = { count: Math.max(1, total / concurrency), by: `-c ${concurrency}` };
    for (const [lane, count] of calls) {
      const own = limitsOf(lane).concurrency;
      if (own && count / own > most.count) most = { count: count / own, by: `${own} at once for ${lane}` };
    }
    return most;
  }

  function timeLine(): string {
    const { ms, by } = paced();
    const { count, by: slots } = rounds();
    const extra = 'not counting retries and redirects';
    if (by === '') {
      return `no rate is given: with ${slots}, calls of ${showLatency(guessMs)} take ${showDuration(count * guessMs)}, ${extra}`;
    }
    if (ms === 0) return `the rate, ${by}, delays none of them`;
    return `at least ${showDuration(ms)} at ${by}, as long as a call takes no more than ${showLatency(ms / count)} (${slots}); ${extra}`;
  }

  return {
    add,
    addFailed() {
      failed += 1;
    },
    lines() {
      const lanes = `${isCapped ? 'more than ' : ''}${counted(calls.size, word)}`;
      const wrong = failed > 0 ? `; ${counted(failed, 'line')} failed` : '';
      const first = `dry run, nothing was sent: ${counted(total, 'request')} to ${lanes}${wrong}`;
      return total === 0 ? [first] : [first, timeLine()];
    },
  };
}

/** From the first of so many starts to the last. */
function spacedMs(starts: number, { count, windowMs }: Rate, burst: number): number {
  return (Math.max(0, starts - burst) / count) * windowMs;
}

/** As the flag takes it: `50/s`, `600/m`, `5/15s`. */
function rateText({ count, windowMs }: Rate): string {
  const unit = { 1000: 's', 60000: 'm', 3600000: 'h' }[windowMs];
  return `${count}/${unit ?? (windowMs < 1000 ? `${windowMs}ms` : `${windowMs / 1000}s`)}`;
}

function counted(count: number, word: string): string {
  return `${showCount(count)} ${word}${count === 1 ? '' : 's'}`;
}
