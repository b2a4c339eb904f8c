import type { Job } from '../record/job.ts';
import { wrong } from './checks.ts';
import type { Batches } from './reader.ts';

/** Marks an iterator whose `return` settles by itself, also while `next` is pending. An async generator's would wait. */
export const answersAtOnce = Symbol('answersAtOnce');

/**
 * The caller's own values as the engine's jobs, numbered in the order of reading. Values that are at hand come in one
 * batch, others one by one.
 */
export class Source<Value> implements Batches<Job<Value>> {
  readonly #values: Iterable<Value> | AsyncIterable<Value>;
  #count = 0;
  #isBusy = false;
  #closing: Promise<unknown> | null = null;

  /** A TypeError if it cannot be iterated, or is a string. */
  constructor(values: Iterable<Value> | AsyncIterable<Value>) {
    const isIterable = typeof values === 'object' && values !== null && (isAsync(values) || Symbol.iterator in values);
    // A string is iterable, letter by letter: nobody means that.
    if (!isIterable) throw wrong('jobs', 'something to iterate over, such as an array or an async generator', values);
    this.#values = values;
  }

  [Symbol.asyncIterator](): AsyncIterator<Iterable<Job<Value>>> {
    return isAsync(this.#values) ? this.#oneByOne(this.#values) : this.#allAtOnce(this.#values);
  }

  /**
   * Resolves when a source that was left early has cleaned up, and rejects if that failed. One that was left while it was
   * still busy with its next value is not waited for: it may never answer.
   */
  async closed(): Promise<void> {
    await this.#closing;
  }

  #job(payload: Value): Job<Value> {
    const index = this.#count;
    this.#count += 1;
    return { index, id: null, payload };
  }

  #oneByOne(values: AsyncIterable<Value>): AsyncIterator<Iterable<Job<Value>>> {
    const iterator = values[Symbol.asyncIterator]();
    return {
      next: async () => {
        this.#isBusy = !(answersAtOnce in iterator);
        try {
          const next = await iterator.next();
          return next.done ? { done: true, value: undefined } : { done: false, value: [this.#job(next.value)] };
        } finally {
          this.#isBusy = false;
        }
      },
      return: async () => {
        this.#close(() => iterator.return?.());
        return { done: true, value: undefined };
      },
    };
  }

  #allAtOnce(values: Iterable<Value>): AsyncIterator<Iterable<Job<Value>>> {
    const batch = this.#batch(values[Symbol.iterator]());
    let isGiven = false;
    return {
      next: async () => {
        if (isGiven) return { done: true, value: undefined };
        isGiven = true;
        return { done: false, value: batch };
      },
    };
  }

  #batch(iterator: Iterator<Value>): Iterable<Job<Value>> {
    const jobs: Iterator<Job<Value>> = {
      next: () => {
        const next = iterator.next();
        return next.done ? { done: true, value: undefined } : { done: false, value: this.#job(next.value) };
      },
      return: () => {
        this.#close(() => iterator.return?.());
        return { done: true, value: undefined };
      },
    };
    return { [Symbol.iterator]: () => jobs };
  }

  #close(end: () => unknown): void {
    const closing = (async () => end())();
    // Seen to by `closed`, or by nobody.
    closing.catch(() => {});
    if (!this.#isBusy) this.#closing = closing;
  }
}

function isAsync<Value>(values: Iterable<Value> | AsyncIterable<Value>): values is AsyncIterable<Value> {
  return Symbol.asyncIterator in values;
}
