import { Failure } from '../record/failure.ts';
import type { Cost, Job } from '../record/job.ts';
import { LearnedBudgets } from './learned-budgets.ts';
import type { Spending } from './spending.ts';
import { type Reservation, TokenBudget } from './token-budget.ts';

/** What the calls of a run take beside a slot and a start. */
export type TokenOptions<Payload> = {
  /** What a call for this job may take, as far as is known now. Asked again and again while the job waits. */
  readonly estimate: (job: Job<Payload>) => number;
  /** At most so many in any minute, each lane; null is no limit. */
  readonly perMinute: number | null;
  /** At most so many in the whole run; null is no limit. */
  readonly total: number | null;
};

export type AllowanceOptions = {
  perMinute: number | null;
  spending: Spending | null;
  /** Called when a wait is over that had no known end. */
  wake: () => void;
};

/** What a call was let start with. */
export type Ticket = { readonly atMs: number; readonly tokens: number; readonly reservation: Reservation | null };

/** The tokens that one lane may take: by the user's limit, by what the server says is left, and by the run's budget. */
export class Allowance {
  readonly #budget: TokenBudget | null;
  readonly #spending: Spending | null;
  readonly #wake: () => void;
  readonly #learned = new LearnedBudgets();

  constructor({ perMinute, spending, wake }: AllowanceOptions) {
    this.#budget = perMinute === null ? null : new TokenBudget(perMinute);
    this.#spending = spending;
    this.#wake = wake;
  }

  /** Why such a call can never start, or null. */
  refusalFor(tokens: number): Failure | null {
    if (!this.#budget || this.#budget.admits(tokens)) return null;
    return new Failure('input', `not called: it may take ${tokens} tokens, more than are allowed in a minute (--tpm)`);
  }

  /** Milliseconds until such a call may start; Infinity when only the end of another one can tell. */
  waitMs(nowMs: number, tokens: number): number {
    if (this.#spending && !this.#spending.allows(tokens, this.#wake)) return Number.POSITIVE_INFINITY;
    return this.#rateWaitMs(nowMs, tokens);
  }

  /** Whether such a call has to wait. For who looks on: asking changes nothing, where `waitMs` may end the run. */
  isShort(nowMs: number, tokens: number): boolean {
    return this.#spending?.fits(tokens) === false || this.#rateWaitMs(nowMs, tokens) > 0;
  }

  #rateWaitMs(nowMs: number, tokens: number): number {
    return Math.max(this.#budget?.waitMs(nowMs, tokens) ?? 0, this.#learned.waitMs(nowMs, tokens));
  }

  /** A call starts. */
  started(nowMs: number, tokens: number): Ticket {
    this.#learned.started(nowMs, tokens);
    this.#spending?.reserve(tokens);
    return { atMs: nowMs, tokens, reservation: this.#budget?.reserve(nowMs, tokens) ?? null };
  }

  /** It has ended. Without a cost all that was reserved counts as taken. */
  ended({ atMs, tokens, reservation }: Ticket, nowMs: number, cost: Cost | null): void {
    const used = cost?.tokens ?? null;
    if (reservation) this.#budget?.settle(reservation, nowMs, used);
    if (cost) this.#learned.learn(atMs, nowMs, cost.budgets);
    this.#spending?.settle(tokens, used ?? tokens);
  }

  /** True when it can be thrown away and made anew. */
  isFresh(nowMs: number): boolean {
    return (this.#budget?.isFresh(nowMs) ?? true) && this.#learned.isFresh(nowMs);
  }
}
