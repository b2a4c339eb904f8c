import { checkCount } from './checks.ts';
import { onAbort } from './child-signal.ts';

export type GroupOptions = {
  /** How many run at once. Default: any number. */
  limit?: number | undefined;
  /** Aborting it cancels the group; `wait` then rejects with its reason. */
  signal?: AbortSignal | undefined;
};

/** See `group`. */
export type Group = {
  /** Aborts at the first error, and when the group's own `signal` does. The same that each piece of work is given. */
  readonly signal: AbortSignal;
  /**
   * Starts work at once, or puts it in line behind the limit. In a group that has been cancelled it does nothing.
   * Throws an Error when the group is over.
   */
  go(work: (signal: AbortSignal) => Promise<unknown>): void;
  /**
   * For those who have much to start: resolves to true when there is a free place, and to false as soon as the group has
   * been cancelled. Never rejects.
   */
  ready(): Promise<boolean>;
  /**
   * Resolves when everything has ended. Rejects with the first error, but not before everything has ended: nothing is
   * left running. The group is over then.
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
 *
 * Where the work has no end, or is too much to stand in line:
 *
 *     while (await pages.ready()) pages.go(nextPiece());
 */
export function group(options: GroupOptions = {}): Group {
  return new ErrorGroup(options);
}

type Work = (signal: AbortSignal) => Promise<unknown>;

class ErrorGroup implements Group {
  readonly #limit: number;
  readonly #parent: AbortSignal | undefined;
  readonly #controller = new AbortController();
  readonly #line: Work[] = [];
  #running = 0;
  #error: { readonly value: unknown } | null = null;
  #isOver = false;
  #whenReady: ((isReady: boolean) => void)[] = [];
  #whenIdle: (() => void)[] = [];
  /** The parent is only listened to while something runs. */
  #ignoreParent: () => void = () => {};

  constructor({ limit = Number.POSITIVE_INFINITY, signal }: GroupOptions) {
    this.#limit = limit === Number.POSITIVE_INFINITY ? limit : checkCount('limit', limit);
    this.#parent = signal;
  }

  get signal(): AbortSignal {
    this.#isCancelled();
    return this.#controller.signal;
  }

  go(work: Work): void {
    if (this.#isOver) throw new Error('the group is over: go was called after wait');
    if (this.#isCancelled()) return;
    if (this.#running < this.#limit) this.#start(work);
    else this.#line.push(work);
  }

  async ready(): Promise<boolean> {
    if (this.#isCancelled()) return false;
    if (this.#running < this.#limit) return true;
    return new Promise((resolve) => this.#whenReady.push(resolve));
  }

  async wait(): Promise<void> {
    while (this.#running > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    this.#isCancelled();
    this.#isOver = true;
    if (this.#error) throw this.#error.value;
  }

  /** Looks at the parent too, which nobody listens to while nothing runs. */
  #isCancelled(): boolean {
    if (this.#parent?.aborted) this.#fail(this.#parent.reason);
    return this.#error !== null;
  }

  #start(work: Work): void {
    this.#running += 1;
    if (this.#running === 1) this.#ignoreParent = onAbort(this.#parent, () => this.#fail(this.#parent?.reason));
    void this.#run(work);
  }

  /** Never rejects. */
  async #run(work: Work): Promise<void> {
    try {
      await work(this.signal);
    } catch (error) {
      this.#fail(error);
    }
    this.#running -= 1;
    if (this.#running === 0) this.#ignoreParent();
    const next = this.#line.shift();
    if (next) this.#start(next);
    else for (const resolve of this.#whenReady.splice(0)) resolve(true);
    if (this.#running === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #fail(value: unknown): void {
    if (this.#error) return;
    this.#error = { value };
    this.#line.length = 0;
    for (const resolve of this.#whenReady.splice(0)) resolve(false);
    this.#controller.abort(value);
  }
}
