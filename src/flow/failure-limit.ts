import { type Failure, isRunsEnd } from '../record/failure.ts';

/** Stop when so many final rows have failed, or such a share of them (from the 100th row on, and at the end). */
export type FailureLimit = { readonly count: number } | { readonly share: number };

/** A share of fewer rows than this says nothing yet. */
const rowsForShare = 100;

/** The one place where failures are counted. Rows that only the run's end has cut are no failures. */
export class FailureCount {
  readonly #limit: FailureLimit | null;
  #rows = 0;
  #settled = 0;
  #failed = 0;
  #last: Failure | null = null;

  constructor(limit: FailureLimit | null) {
    this.#limit = limit;
  }

  /** Jobs that have their last row. */
  get settled(): number {
    return this.#settled;
  }

  /** Rows that failed. */
  get failed(): number {
    return this.#failed;
  }

  /** Why the last of them failed; null where none has. */
  get last(): Failure | null {
    return this.#last;
  }

  add(failure: Failure | null, { isLast = true }: { isLast?: boolean } = {}): void {
    this.#rows += 1;
    if (isLast) this.#settled += 1;
    if (!failure || isRunsEnd(failure.code)) return;
    this.#failed += 1;
    this.#last = failure;
  }

  isOver({ isEnd }: { isEnd: boolean }): boolean {
    const limit = this.#limit;
    if (!limit || this.#failed === 0) return false;
    if ('count' in limit) return this.#failed >= limit.count;
    return (isEnd || this.#rows >= rowsForShare) && this.#failed / this.#rows >= limit.share;
  }
}
