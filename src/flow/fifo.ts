/** From so many free places on the rest moves up. */
const manyFree = 1024;

/**
 * First in, first out. An array's own `shift` moves all that wait, and has an array of one or two make room anew for each
 * that comes: between them a tenth of what a job allocates.
 */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  /** Before this place all have left. */
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  get head(): T | undefined {
    return this.#items[this.#first];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The head leaves; undefined where nobody waits. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const { head } = this;
    this.#items[this.#first] = undefined;
    this.#first += 1;
    if (this.#first >= manyFree && this.#first * 2 >= this.#items.length) this.putFirst([]);
    return head;
  }

  /** They stand before all others, in the order given. */
  putFirst(items: readonly T[]): void {
    this.#items = [...items, ...this.#items.slice(this.#first)];
    this.#first = 0;
  }

  /** All leave, in order. */
  drain(): T[] {
    const items = this.#items.slice(this.#first) as T[];
    this.#items = [];
    this.#first = 0;
    return items;
  }
}
