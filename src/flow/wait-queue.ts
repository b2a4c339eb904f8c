import { Fifo } from './fifo.ts';

/** Who waits in a lane, in order. A hop goes on with an attempt that has begun: it is served before those that have not. */
export class WaitQueue<Waiter extends { readonly isHop: boolean }> {
  readonly #hops = new Fifo<Waiter>();
  readonly #others = new Fifo<Waiter>();

  get length(): number {
    return this.#hops.length + this.#others.length;
  }

  get head(): Waiter | undefined {
    return this.#next.head;
  }

  enter(waiter: Waiter): void {
    this.#of(waiter).push(waiter);
  }

  /** Takes its place again: the first of its kind. */
  return(waiter: Waiter): void {
    this.#of(waiter).putFirst([waiter]);
  }

  /** The head leaves. */
  shift(): void {
    this.#next.shift();
  }

  /** Those for whom `stays` is false leave. It may let others enter: they stand behind. */
  keep(stays: (waiter: Waiter) => boolean): void {
    const before = [this.#hops, this.#others].map((queue) => ({ queue, waiters: queue.drain() }));
    for (const { queue, waiters } of before) queue.putFirst(waiters.filter(stays));
  }

  get #next(): Fifo<Waiter> {
    return this.#hops.length > 0 ? this.#hops : this.#others;
  }

  #of({ isHop }: Waiter): Fifo<Waiter> {
    return isHop ? this.#hops : this.#others;
  }
}
