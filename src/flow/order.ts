/**
 * Gives results in the order in which their jobs were announced. Holds back those that are early; how many there can be
 * is the window's affair.
 */
export class Order<Key extends object, Value> {
  readonly #emit: (value: Value) => void;
  /** Announced and not yet given, in order. */
  readonly #queue: Key[] = [];
  /** What those have given that it is not the turn of. */
  readonly #early = new Map<Key, { values: Value[]; isDone: boolean }>();

  constructor(emit: (value: Value) => void) {
    this.#emit = emit;
  }

  /** Announces the next in order. */
  expect(key: Key): void {
    this.#queue.push(key);
  }

  /** Takes a value, and gives all whose turn has come. A key may have several; `isLast` says that it has no more. */
  settle(key: Key, value: Value, { isLast }: { isLast: boolean }): void {
    if (this.#queue[0] === key && !this.#early.has(key)) {
      if (isLast) this.#queue.shift();
      this.#emit(value);
      if (isLast) this.#give();
      return;
    }
    const early = this.#early.get(key);
    if (early) {
      early.values.push(value);
      early.isDone = isLast;
    } else this.#early.set(key, { values: [value], isDone: isLast });
    this.#give();
  }

  /** There will be no more values of it: those behind it need not wait. */
  drop(key: Key): void {
    const place = this.#queue.indexOf(key);
    if (place === -1) return;
    this.#queue.splice(place, 1);
    this.#early.delete(key);
    this.#give();
  }

  #give(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const due = this.#early.get(next);
      if (due === undefined) return;
      this.#early.delete(next);
      if (due.isDone) this.#queue.shift();
      for (const value of due.values) this.#emit(value);
      if (!due.isDone) return;
    }
  }
}
