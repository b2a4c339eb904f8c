/**
 * Gives results in the order in which their jobs were announced. Holds back those that are early; how many there can be
 * is the window's affair.
 */
export class Order<Key extends object, Value> {
  readonly #emit: (value: Value) => void;
  /** Announced and not yet given, in order. */
  readonly #queue: Key[] = [];
  readonly #settled = new Map<Key, Value>();

  constructor(emit: (value: Value) => void) {
    this.#emit = emit;
  }

  /** Announces the next in order. */
  expect(key: Key): void {
    this.#queue.push(key);
  }

  /** Takes a result, and gives all whose turn has come. */
  settle(key: Key, value: Value): void {
    this.#settled.set(key, value);
    this.#give();
  }

  /** There will be no result: those behind it need not wait. */
  drop(key: Key): void {
    const place = this.#queue.indexOf(key);
    if (place !== -1) this.#queue.splice(place, 1);
    this.#give();
  }

  #give(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const due = this.#settled.get(next);
      if (due === undefined) return;
      this.#queue.shift();
      this.#settled.delete(next);
      this.#emit(due);
    }
  }
}
