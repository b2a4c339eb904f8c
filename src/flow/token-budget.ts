/** What was reserved for a call that has not ended. */
export type Reservation = { readonly tokens: number };

const minuteMs = 60_000;
/** So much of a minute's tokens may be taken at once; the rest comes evenly. */
const burstShare = 1 / 6;

/**
 * Says when a call may start that takes so many tokens: never more than `perMinute` in any minute, however the server
 * counts them. What a call takes is not known before its end, so it reserves what it may take and settles for what it
 * took. A server may count at the start, at the end, or in between: a call's tokens count here from its start until a
 * minute after its end.
 *
 * Within that they are spread: a sixth at once, and then as they come back, continuously (a token bucket).
 * Knows no timers: the caller brings the time.
 */
export class TokenBudget {
  readonly #perMinute: number;
  readonly #burst: number;
  /** What calls that have ended took, oldest first, none longer ago than a minute. */
  readonly #ended: { readonly atMs: number; readonly tokens: number }[] = [];
  #endedTokens = 0;
  #reserved = 0;
  #level: number;
  #levelAtMs = Number.NEGATIVE_INFINITY;

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
    this.#burst = Math.max(1, perMinute * burstShare);
    this.#level = this.#burst;
  }

  /** Whether a call that takes so many can ever start. */
  admits(tokens: number): boolean {
    return tokens <= this.#perMinute;
  }

  /** Milliseconds until such a call may start; Infinity when only the end of another one can tell. */
  waitMs(nowMs: number, tokens: number): number {
    this.#pass(nowMs);
    // A call that is larger than the bucket starts when that is full, and leaves it in debt.
    const missing = Math.min(tokens, this.#burst) - this.#level;
    return Math.max(0, (missing * minuteMs) / this.#perMinute, this.#windowMs(nowMs, tokens));
  }

  /** Counts a start. Call it when the start really happens, and only when `waitMs` says 0. */
  reserve(nowMs: number, tokens: number): Reservation {
    this.#pass(nowMs);
    this.#level -= tokens;
    this.#reserved += tokens;
    return { tokens };
  }

  /** The call has ended and took so many; null when nobody knows, and it counts as all that was reserved. */
  settle({ tokens }: Reservation, nowMs: number, used: number | null): void {
    const took = used ?? tokens;
    this.#pass(nowMs);
    this.#reserved -= tokens;
    this.#level = Math.min(this.#burst, this.#level + tokens - took);
    if (took <= 0) return;
    this.#ended.push({ atMs: nowMs, tokens: took });
    this.#endedTokens += took;
  }

  /** True when nothing that was counted limits a later start: the budget can be thrown away and made anew. */
  isFresh(nowMs: number): boolean {
    this.#pass(nowMs);
    return this.#reserved === 0 && this.#ended.length === 0 && this.#level >= this.#burst;
  }

  /** Lets time go by: the bucket fills, and what is older than a minute is forgotten. */
  #pass(nowMs: number): void {
    const passedMs = nowMs - Math.max(this.#levelAtMs, nowMs - minuteMs * 60);
    this.#level = Math.min(this.#burst, this.#level + (passedMs * this.#perMinute) / minuteMs);
    this.#levelAtMs = nowMs;
    for (let oldest = this.#ended[0]; oldest && oldest.atMs + minuteMs <= nowMs; oldest = this.#ended[0]) {
      this.#endedTokens -= oldest.tokens;
      this.#ended.shift();
    }
  }

  /** Until so much of the last minute is forgotten that there is room. */
  #windowMs(nowMs: number, tokens: number): number {
    let over = this.#reserved + this.#endedTokens + tokens - this.#perMinute;
    if (over <= 0) return 0;
    for (const ended of this.#ended) {
      over -= ended.tokens;
      if (over <= 0) return ended.atMs + minuteMs - nowMs;
    }
    return Number.POSITIVE_INFINITY;
  }
}
