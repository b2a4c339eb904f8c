/** Who waits in a lane, in order. A hop goes on with an attempt that has begun: it is served before those that have not. */
export class WaitQueue<Waiter extends { readonly isHop: boolean }> {
  #waiting: Waiter[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  get head(): Waiter | undefined {
    return this.#waiting[0];
  }

  enter(waiter: Waiter): void {
    if (waiter.isHop) this.#waiting.splice(this.#hops(), 0, waiter);
    else this.#waiting.push(waiter);
  }

  /** Takes its place again: the first of its kind. */
  return(waiter: Waiter): void {
    this.#waiting.splice(waiter.isHop ? 0 : this.#hops(), 0, waiter);
  }

  /** The head leaves. */
  shift(): void {
    this.#waiting.shift();
  }

  /** Those for whom `stays` is false leave. It may let others enter: they stand behind. */
  keep(stays: (waiter: Waiter) => boolean): void {
    const before = this.#waiting;
    this.#waiting = [];
    const staying = before.filter(stays);
    this.#waiting = staying.concat(this.#waiting);
  }

  /** How many hops stand at the head. */
  #hops(): number {
    const first = this.#waiting.findIndex(({ isHop }) => !isHop);
    return first === -1 ? this.#waiting.length : first;
  }
}
