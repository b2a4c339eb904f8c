import type { Budget } from '../record/reply.ts';

/** Below this share of a limit the calls are spread over the time until it is full again. */
const lowShare = 0.2;
/** The same for a limit that does not say how large it is, in calls. */
const fewCalls = 10;
/** A limit that takes longer to come back is one of a day or a month: nobody wants to spread a run over that. */
const longestResetMs = 120_000;

type Known = { readonly budget: Budget; readonly asOfMs: number; readonly resetAtMs: number };

/**
 * What the headers of a server's answers tell of its limits: while plenty is left calls start as they come, and when
 * little is left they are spread over the time until it comes back, so that none is refused. Knows no timers.
 */
export class LearnedBudgets {
  readonly #known = new Map<Budget['kind'], Known>();
  /** Starts that no answer has told of yet, oldest first. */
  #starts: { readonly atMs: number; readonly tokens: number }[] = [];
  #lastStartMs = Number.NEGATIVE_INFINITY;

  /** Milliseconds until it is wise to start a call that takes so many tokens. */
  waitMs(nowMs: number, tokens: number): number {
    let longestMs = 0;
    for (const known of this.#known.values()) longestMs = Math.max(longestMs, this.#wait(known, nowMs, tokens));
    return longestMs;
  }

  started(nowMs: number, tokens: number): void {
    this.#lastStartMs = nowMs;
    this.#starts.push({ atMs: nowMs, tokens });
  }

  /** The answer to a call that started then. One to an older call than the last that told is out of date. */
  learn(startedMs: number, nowMs: number, budgets: readonly Budget[]): void {
    for (const budget of budgets) {
      const { kind, remaining, resetMs } = budget;
      if (remaining === null || resetMs === null) continue;
      if (startedMs < (this.#known.get(kind)?.asOfMs ?? Number.NEGATIVE_INFINITY)) continue;
      this.#known.set(kind, { budget, asOfMs: startedMs, resetAtMs: nowMs + resetMs });
    }
    this.#forget(nowMs);
  }

  isFresh(nowMs: number): boolean {
    this.#forget(nowMs);
    return this.#known.size === 0;
  }

  #wait({ budget, asOfMs, resetAtMs }: Known, nowMs: number, tokens: number): number {
    const { kind, limit, remaining } = budget;
    const leftMs = resetAtMs - nowMs;
    if (leftMs <= 0 || leftMs > longestResetMs) return 0;
    const cost = kind === 'requests' ? 1 : Math.max(1, tokens);
    const left = (remaining ?? 0) - this.#pending(asOfMs, kind);
    if (left >= cost && left >= (limit === null ? cost * fewCalls : limit * lowShare)) return 0;
    const calls = Math.floor(left / cost);
    if (calls <= 0) return leftMs;
    return Math.max(0, this.#lastStartMs + leftMs / (calls + 1) - nowMs);
  }

  /** What has been started since the server counted. */
  #pending(asOfMs: number, kind: Budget['kind']): number {
    let pending = 0;
    for (const { atMs, tokens } of this.#starts) {
      if (atMs > asOfMs) pending += kind === 'requests' ? 1 : tokens;
    }
    return pending;
  }

  #forget(nowMs: number): void {
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const [kind, { asOfMs, resetAtMs }] of this.#known) {
      if (resetAtMs <= nowMs) this.#known.delete(kind);
      else oldestMs = Math.min(oldestMs, asOfMs);
    }
    this.#starts = this.#starts.filter(({ atMs }) => atMs > oldestMs);
  }
}
