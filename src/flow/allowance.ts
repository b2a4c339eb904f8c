import { Failure } from '../record/failure.ts';
import type { Job } from '../record/job.ts';
import { LearnedBudgets } from './learned-budgets.ts';
import type { CallEnd, Limiter, PendingCall } from './limiter.ts';
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

/** What a call was let start with. */
export type Ticket = { readonly atMs: number; readonly reservation: Reservation | null };

/** The tokens that the calls of one lane may take: by the user's limit, and by what the server says is left. */
export class Allowance implements Limiter<Ticket> {
  readonly reason = 'tokens';
  readonly #budget: TokenBudget | null;
  readonly #learned = new LearnedBudgets();

  /** At most so many tokens in any minute; null is no limit. */
  constructor(perMinute: number | null) {
    this.#budget = perMinute === null ? null : new TokenBudget(perMinute);
  }

  /** Why such a call can never start, or null. What it may take is known better, and may be more, than when it came. */
  refusal({ tokens = 0 }: PendingCall): Failure | null {
    if (!this.#budget || this.#budget.admits(tokens)) return null;
    return new Failure('input', `not called: it may take ${tokens} tokens, more than are allowed in a minute (--tpm)`);
  }

  /** Infinity when only the end of another call can tell. */
  waitMs(nowMs: number, { tokens = 0 }: PendingCall): number {
    return Math.max(this.#budget?.waitMs(nowMs, tokens) ?? 0, this.#learned.waitMs(nowMs, tokens));
  }

  started(nowMs: number, { tokens = 0 }: PendingCall): Ticket {
    this.#learned.started(nowMs, tokens);
    return { atMs: nowMs, reservation: this.#budget?.reserve(nowMs, tokens) ?? null };
  }

  /** Without a cost all that was reserved counts as taken. */
  ended(ticket: Ticket | undefined, { endedMs, cost }: CallEnd): void {
    if (!ticket) return;
    if (ticket.reservation) this.#budget?.settle(ticket.reservation, endedMs, cost?.tokens ?? null);
    if (cost) this.#learned.learn(ticket.atMs, endedMs, cost.budgets);
  }

  isFresh(nowMs: number): boolean {
    return (this.#budget?.isFresh(nowMs) ?? true) && this.#learned.isFresh(nowMs);
  }
}
