import type { CallEnd, Limiter, PendingCall } from './limiter.ts';

/** What was spent, and what the call that did not fit any more may have taken. */
export type Spent = { readonly spent: number; readonly next: number };

/**
 * The tokens that a whole run may take, over all lanes. A call starts when what it may take fits beside what was spent
 * and what runs; one that does not fit waits for what runs to end, which mostly took less than it might have.
 */
export class Spending implements Limiter<number> {
  readonly reason = 'tokens';
  readonly #total: number;
  #spent = 0;
  #reserved = 0;

  constructor(total: number) {
    this.#total = total;
  }

  get spent(): number {
    return this.#spent;
  }

  /** Infinity until a call has ended that took less than it had reserved. */
  waitMs(_nowMs: number, { tokens = 0 }: PendingCall): number {
    return this.#fits(tokens) ? 0 : Number.POSITIVE_INFINITY;
  }

  started(_nowMs: number, { tokens = 0 }: PendingCall): number {
    this.#reserved += tokens;
    return tokens;
  }

  /** A call has ended and took so many of what it had reserved. */
  ended(reserved = 0, { cost }: Pick<CallEnd, 'cost'>): void {
    this.#reserved -= reserved;
    this.#spent += cost?.tokens ?? reserved;
  }

  isFresh(): boolean {
    return this.#reserved === 0;
  }

  #fits(tokens: number): boolean {
    return this.#spent + this.#reserved + tokens <= this.#total;
  }
}
