/** What was spent, and what the call that did not fit any more may have taken. */
export type Spent = { readonly spent: number; readonly next: number };

/**
 * The tokens that a whole run may take, over all lanes. A call starts when what it may take fits beside what was spent
 * and what runs; one that does not fit waits for what runs to end, which mostly took less than it might have.
 */
export class Spending {
  readonly #total: number;
  readonly #onSpent: (state: Spent) => void;
  readonly #waiting = new Set<() => void>();
  #spent = 0;
  #reserved = 0;

  /** `onSpent` is told, once, when nothing runs any more and the next call does not fit. */
  constructor(total: number, onSpent: (state: Spent) => void) {
    this.#total = total;
    this.#onSpent = once(onSpent);
  }

  get spent(): number {
    return this.#spent;
  }

  /** Whether such a call fits beside what was spent and what runs. */
  fits(tokens: number): boolean {
    return this.#spent + this.#reserved + tokens <= this.#total;
  }

  /** Whether such a call may start now. If it may later, `wake` is called then, to ask again; if never, that is told. */
  allows(tokens: number, wake: () => void): boolean {
    if (this.fits(tokens)) return true;
    if (this.#reserved > 0) this.#waiting.add(wake);
    else this.#onSpent({ spent: this.#spent, next: tokens });
    return false;
  }

  reserve(tokens: number): void {
    this.#reserved += tokens;
  }

  /** A call has ended and took so many of what it had reserved. */
  settle(reserved: number, used: number): void {
    this.#reserved -= reserved;
    this.#spent += used;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

function once<Value>(call: (value: Value) => void): (value: Value) => void {
  let isDone = false;
  return (value) => {
    if (isDone) return;
    isDone = true;
    call(value);
  };
}
