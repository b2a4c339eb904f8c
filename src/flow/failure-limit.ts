import { type Failure, isRunsEnd } from '../record/failure.ts';

/** Stop when so many final rows have failed, or such a share of them (from the 100th row on, and at the end). */
export type FailureLimit = { readonly count: number } | { readonly share: number };

/** A share of fewer rows than this says nothing yet. */
const rowsForShare = 100;

/** Counts settled and failed rows against a limit. Rows that only the run's end has cut are no failures. */
export class FailureCount {
  readonly #limit: FailureLimit | null;
  #settled = 0;
  #failed = 0;

  constructor(limit: FailureLimit | null) {
    this.#limit = limit;
  }

  get settled(): number {
    return this.#settled;
  }

  get failed(): number {
    return this.#failed;
  }

  add(failure: Failure | null): void {
    this.#settled += 1;
    if (failure && !isRunsEnd(failure.code)) this.#failed += 1;
  }

  isOver({ isEnd }: { isEnd: boolean }): boolean {
    const limit = this.#limit;
    if (!limit || this.#failed === 0) return false;
    if ('count' in limit) return this.#failed >= limit.count;
    return (isEnd || this.#settled >= rowsForShare) && this.#failed / this.#settled >= limit.share;
  }
}
