/** What happens to one request before its route is asked. */
export type Fate = { readonly delayMs: number; readonly fails: boolean };

/** The longest time a Node.js timer can wait; with more it would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

export type FateOptions = {
  readonly latencyMs?: number;
  /** Uniform, plus or minus; the sum is never below 0. */
  readonly jitterMs?: number;
  /** Share of requests that fail, from 0 to 1. */
  readonly failShare?: number;
  /** From 0 to just below 1. */
  readonly random: () => number;
};

/**
 * Draws the fate of one request after the other. Two draws for each, whatever is switched on: with the same seed the
 * n-th request fails or not, and waits as long, in every run.
 */
export function fates({ latencyMs = 0, jitterMs = 0, failShare = 0, random }: FateOptions): () => Fate {
  return () => {
    const swing = random() * 2 - 1;
    const fails = random() < failShare;
    return { delayMs: Math.min(longestTimerMs, Math.max(0, latencyMs + swing * jitterMs)), fails };
  };
}

/** Numbers from 0 to just below 1, the same for the same seed on every machine (mulberry32; no secrets may depend on it). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
