import { checkCount } from './checks.ts';
import { onAbort } from './child-signal.ts';
import { Semaphore } from './semaphore.ts';

export type GroupOptions = {
  /** How many run at once. Default: any number. */
  limit?: number;
  /** Aborting it cancels the group; `wait` then rejects with its reason. */
  signal?: AbortSignal | undefined;
};

/** See `group`. */
export type Group = {
  /** Aborts at the first error, and when the group's own `signal` does. The same that each piece of work is given. */
  readonly signal: AbortSignal;
  /**
   * Starts work, or puts it in line behind the limit. Resolves when it has started: true; or when it never will, since the group has
   * been cancelled: false. Never rejects: awaiting it only slows down those who would fill the line. Throws an Error when the group is over.
   */
  go(work: (signal: AbortSignal) => Promise<unknown>): Promise<boolean>;
  /**
   * Resolves when everything has ended. Rejects with the first error, but not before everything has ended: nothing is left
   * running. The group is over then.
   */
  wait(): Promise<void>;
};

/**
 * A group of pieces of work that belong together: the first error cancels the rest, and all are awaited (Go's
 * `golang.org/x/sync/errgroup`). With a `limit`, the rest stands in line; what has not started when the group is
 * cancelled never does. Always call `wait`: it is what tells of the error.
 *
 *     const pages = group({ limit: 4, signal });
 *     for (const url of urls) pages.go((signal) => load(url, { signal }));
 *     await pages.wait();
 */
export function group(options: GroupOptions = {}): Group {
  return new ErrorGroup(options);
}

class ErrorGroup implements Group {
  readonly #parent: AbortSignal | undefined;
  readonly #controller = new AbortController();
  readonly #slots: Semaphore | null;
  /** Pieces that run or stand in line. */
  #pending = 0;
  #error: { readonly value: unknown } | null = null;
  #isOver = false;
  #whenIdle: (() => void)[] = [];
  /** The parent is only listened to while something is pending. */
  #ignoreParent: () => void = () => {};

  constructor({ limit = Number.POSITIVE_INFINITY, signal }: GroupOptions) {
    checkCount('limit', limit, { max: Number.POSITIVE_INFINITY });
    this.#slots = limit === Number.POSITIVE_INFINITY ? null : new Semaphore(limit);
    this.#parent = signal;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  go(work: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> {
    if (this.#isOver) throw new Error('the group is over: go was called after wait');
    return this.#start(work);
  }

  async wait(): Promise<void> {
    while (this.#pending > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    this.#isOver = true;
    if (this.#error) throw this.#error.value;
  }

  async #start(work: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> {
    this.#enter();
    let release: (() => void) | undefined;
    try {
      release = await this.#slots?.acquire(1, { signal: this.signal });
      this.signal.throwIfAborted();
    } catch {
      release?.();
      this.#leave();
      return false;
    }
    void this.#run(work).then(() => {
      release?.();
      this.#leave();
    });
    return true;
  }

  async #run(work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    try {
      await work(this.signal);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(value: unknown): void {
    if (this.#error) return;
    this.#error = { value };
    this.#controller.abort(value);
  }

  #enter(): void {
    this.#pending += 1;
    if (this.#pending === 1) this.#ignoreParent = onAbort(this.#parent, () => this.#fail(this.#parent?.reason));
  }

  #leave(): void {
    this.#pending -= 1;
    if (this.#pending > 0) return;
    this.#ignoreParent();
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
