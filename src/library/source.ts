import type { Clock, Timer } from '../flow/clock.ts';
import type { Batches } from '../flow/reader.ts';
import { Failure } from '../record/failure.ts';
import type { Job } from '../record/job.ts';
import { wrong } from './checks.ts';

/** Marks an iterator whose `return` settles by itself, also while `next` is pending. An async generator's would wait. */
export const answersAtOnce = Symbol('answersAtOnce');

/** How long a source may take to clean up that was busy with its next value when it was left. */
const longestGoodbyeMs = 1000;

/** The caller's value, and the lane that it goes through. */
export type Payload<Value> = { readonly value: Value; readonly lane: string };

type Values<Value> = Iterable<Value> | AsyncIterable<Value>;
type Jobs<Value> = Iterable<Job<Payload<Value>>>;

/**
 * The caller's own values as the engine's jobs, numbered in the order of reading. Values that are at hand come in one
 * batch, others one by one.
 */
export class Source<Value> implements Batches<Job<Payload<Value>>> {
  readonly #values: Values<Value>;
  readonly #lane: (value: Value) => string;
  #count = 0;
  #isBusy = false;
  #closing: Promise<unknown> | null = null;

  /** A TypeError if it cannot be iterated, or is a string. A value that `lane` throws at is a job that has failed. */
  constructor(values: Values<Value>, lane: (value: Value) => string) {
    const isIterable = typeof values === 'object' && values !== null && (isAsync(values) || Symbol.iterator in values);
    // A string is iterable, letter by letter: nobody means that.
    if (!isIterable) throw wrong('jobs', 'something to iterate over, such as an array or an async generator', values);
    this.#values = values;
    this.#lane = lane;
  }

  [Symbol.asyncIterator](): AsyncIterator<Jobs<Value>> {
    return isAsync(this.#values) ? this.#oneByOne(this.#values) : this.#allAtOnce(this.#values);
  }

  /**
   * Resolves when a source that was left early has cleaned up, and rejects if that failed. One that was busy then is
   * waited for a second at most: it may never answer.
   */
  async closed(clock: Clock): Promise<void> {
    if (!this.#isBusy) {
      await this.#closing;
      return;
    }
    let timer: Timer | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, longestGoodbyeMs);
    });
    await Promise.race([this.#closing, enough]).finally(() => clock.clearTimeout(timer));
  }

  #job(value: Value): Job<Payload<Value>> {
    const index = this.#count;
    this.#count += 1;
    try {
      return { index, id: null, payload: { value, lane: this.#lane(value) } };
    } catch (error) {
      const message = `lane: ${error instanceof Error ? error.message : String(error)}`;
      const failure = new Failure('input', message, { cause: error });
      return { index, id: null, payload: { value, lane: '' }, failure };
    }
  }

  #oneByOne(values: AsyncIterable<Value>): AsyncIterator<Jobs<Value>> {
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

  #allAtOnce(values: Iterable<Value>): AsyncIterator<Jobs<Value>> {
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

  #batch(iterator: Iterator<Value>): Jobs<Value> {
    const jobs: Iterator<Job<Payload<Value>>> = {
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
    this.#closing = (async () => end())();
    // `closed` tells of it, or, when it comes too late, nobody.
    this.#closing.catch(() => {});
  }
}

function isAsync<Value>(values: Values<Value>): values is AsyncIterable<Value> {
  return Symbol.asyncIterator in values;
}
