/** A source that gives everything in one batch. */
export async function* allOf<T>(values: Iterable<T>): AsyncGenerator<Iterable<T>> {
  yield values;
}

/** A source that gives batches when told, and remembers how far it was read. */
export class HandSource<T> implements AsyncIterable<Iterable<T>> {
  /** How many values were taken. */
  taken = 0;
  /** How many batches were asked for. */
  asked = 0;
  isReturned = false;
  #answer: { resolve: (batch: IteratorResult<Iterable<T>>) => void; reject: (error: unknown) => void } | null = null;

  [Symbol.asyncIterator](): AsyncIterator<Iterable<T>> {
    return {
      next: () => {
        this.asked += 1;
        return new Promise((resolve, reject) => {
          this.#answer = { resolve, reject };
        });
      },
      return: async () => {
        this.isReturned = true;
        return { done: true, value: undefined };
      },
    };
  }

  /** Answers the pending question with a batch. */
  give(values: Iterable<T>): void {
    this.#pending().resolve({ done: false, value: this.#counted(values) });
  }

  end(): void {
    this.#pending().resolve({ done: true, value: undefined });
  }

  break(error: unknown): void {
    this.#pending().reject(error);
  }

  *#counted(values: Iterable<T>): Generator<T> {
    for (const value of values) {
      this.taken += 1;
      yield value;
    }
  }

  #pending() {
    const answer = this.#answer;
    if (!answer) throw new Error('nobody asked for a batch');
    this.#answer = null;
    return answer;
  }
}
