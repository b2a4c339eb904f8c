import { run } from '../../../src/flow/run.ts';
import type { Result } from '../../../src/record/job.ts';
import { FakeClock, turn } from '../fake-clock.ts';
import { done, jobs, refused as refusal } from './outcomes.ts';
import { allOf } from './sources.ts';

/** Whether a server takes a call that comes now, beside so many that it is busy with. It never says when to come back. */
export type Taking = (nowMs: number, busy: number) => boolean;

export type Load = {
  takes: Taking;
  count?: number;
  concurrency?: number;
  /** How long a good answer takes; a refusal takes 20 ms. */
  answerMs?: number;
  retries?: number;
  /** How much later than it was made the server sees a call, by a random number. */
  lateMs?: (random: number) => number;
  /** Random numbers for back-offs. */
  random?: () => number;
};

/** What came of a run against a server that refuses calls. */
export type Visit = {
  ok: number;
  calls: number;
  refused: number;
  seconds: number;
  callsBetween(fromMs: number, untilMs: number): number;
};

/** Runs jobs against such a server, on a clock that stands still while nothing happens. */
export async function runAgainst({
  takes,
  count = 500,
  concurrency = 50,
  answerMs = 50,
  retries = 12,
  lateMs,
  random = randomFrom(1),
}: Load): Promise<Visit> {
  const clock = new FakeClock();
  const results: Result<string, string>[] = [];
  let busy = 0;
  let refused = 0;
  const calls: number[] = [];
  let hasEnded = false;
  const after = (ms: number) => new Promise<void>((resolve) => clock.setTimeout(resolve, ms));
  const ended = run<string, string, string>({
    source: allOf(jobs(count)),
    async attempt() {
      if (lateMs) await after(lateMs(random()));
      calls.push(clock.now());
      if (!takes(clock.now(), busy)) {
        refused += 1;
        await after(20);
        return refusal(null);
      }
      busy += 1;
      await after(answerMs * (0.5 + random()));
      busy -= 1;
      return done();
    },
    laneOf: (job) => job.payload,
    concurrency,
    retry: { retries, delayMs: 500, maxDelayMs: 30_000, retryAfterMaxMs: 300_000 },
    timeoutMs: 0,
    clock,
    random,
    emit: (result) => void results.push(result),
  }).finally(() => {
    hasEnded = true;
  });
  await turn();
  while (!hasEnded) {
    if (clock.pending === 0) throw new Error('the run is stuck: nothing can happen any more');
    clock.fireNext();
    await turn();
  }
  await ended;
  const ok = results.filter(({ failure }) => failure === null).length;
  return {
    ok,
    calls: calls.length,
    refused,
    seconds: clock.now() / 1000,
    callsBetween: (fromMs, untilMs) => calls.filter((ms) => ms >= fromMs && ms < untilMs).length,
  };
}

/** Random numbers that are the same in each run (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Refuses this share of all calls, whatever their number and distance. */
export function atRandom(share: number, seed = 7): Taking {
  const random = randomFrom(seed);
  return () => random() >= share;
}

/** Takes so many at once. */
export function atOnce(most: number): Taking {
  return (_now, busy) => busy < most;
}

/** Takes a call in so many milliseconds. */
export function each(everyMs: number): Taking {
  let nextMs = 0;
  return (now) => {
    if (now < nextMs) return false;
    nextMs = now + everyMs;
    return true;
  };
}

/** Takes so many in each stretch of that length. */
export function inWindows(most: number, windowMs: number): Taking {
  let window = -1;
  let taken = 0;
  return (now) => {
    if (Math.floor(now / windowMs) !== window) taken = 0;
    window = Math.floor(now / windowMs);
    taken += 1;
    return taken <= most;
  };
}

/** Refuses all calls until then. */
export function from(ms: number): Taking {
  return (now) => now >= ms;
}

/** Takes so many at once and then a call in so many milliseconds: a bucket of tokens. */
export function bucket(size: number, everyMs: number): Taking {
  let tokens = size;
  let atMs = 0;
  return (now) => {
    tokens = Math.min(size, tokens + (now - atMs) / everyMs);
    atMs = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/** Behaves like one server until then, and like another after. */
export function until(ms: number, first: Taking, next: Taking): Taking {
  return (now, busy) => (now < ms ? first(now, busy) : next(now, busy));
}
