import { checkCount, wrong } from './checks.ts';
import { abortable } from './child-signal.ts';

/** Gives back what was acquired. Further calls do nothing. */
export type Release = () => void;

type Waiter = { readonly weight: number; readonly admit: () => void };

/**
 * A semaphore whose holders weigh differently: megabytes of memory, tokens of a model, connections. What is held at any
 * time weighs `size` at most.
 *
 * First come, first served: who asks for much is not overtaken by those who ask for little, so nobody starves; that
 * leaves some of the size idle meanwhile (as Go's `golang.org/x/sync/semaphore`).
 *
 *     const memory = new Semaphore(512);
 *     const release = await memory.acquire(200, { signal });
 *     try {
 *       await work();
 *     } finally {
 *       release();
 *     }
 */
export class Semaphore {
  /** What all holders together may weigh. */
  readonly size: number;
  #free: number;
  /** In order of arrival. */
  readonly #line = new Set<Waiter>();

  /** `size` is a whole number of at least 1, else a TypeError. */
  constructor(size: number) {
    this.size = checkCount('Semaphore', size);
    this.#free = size;
  }

  /** What is not held right now. Some of it may be meant for the one who waits first. */
  get free(): number {
    return this.#free;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.size;
  }

  /**
   * Waits until `weight` (a whole number from 1 to `size`, else a TypeError) is free and nobody waits before us.
   * Rejects with the signal's reason when that aborts first: then nothing is held.
   */
  async acquire(weight = 1, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<Release> {
    this.#check(weight);
    signal?.throwIfAborted();
    return (
      this.tryAcquire(weight) ??
      abortable<Release>(signal, (resolve) => {
        const waiter: Waiter = { weight, admit: () => resolve(this.#grant(weight)) };
        this.#line.add(waiter);
        return () => this.#leave(waiter);
      })
    );
  }

  /** The same without waiting: null when it would have to wait. */
  tryAcquire(weight = 1): Release | null {
    this.#check(weight);
    return this.#line.size === 0 && weight <= this.#free ? this.#grant(weight) : null;
  }

  /** Acquires, calls, and releases however the call ends. Resolves and rejects as the call does. */
  async use<Value>(
    call: () => Promise<Value>,
    { weight = 1, signal }: { weight?: number; signal?: AbortSignal | undefined } = {},
  ): Promise<Value> {
    const release = await this.acquire(weight, { signal });
    try {
      return await call();
    } finally {
      release();
    }
  }

  #check(weight: number): void {
    checkCount('weight', weight);
    if (weight > this.size) throw wrong('weight', `at most the semaphore's size of ${this.size}`, weight);
  }

  #grant(weight: number): Release {
    let isHeld = true;
    this.#free -= weight;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#free += weight;
      this.#serve();
    };
  }

  #leave(waiter: Waiter): void {
    this.#line.delete(waiter);
    // Those behind one who waited for much may have room now.
    this.#serve();
  }

  #serve(): void {
    for (const waiter of this.#line) {
      if (waiter.weight > this.#free) return;
      this.#line.delete(waiter);
      waiter.admit();
    }
  }
}
