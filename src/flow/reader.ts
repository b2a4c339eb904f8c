/** Anything that gives values one after the other, in batches that come now or later. */
export type Batches<T> = AsyncIterable<Iterable<T>>;

export type ReaderOptions<T> = {
  source: Batches<T>;
  /** Whether another value is wanted right now. */
  wantsMore: () => boolean;
  /** Takes a value. */
  take: (value: T) => void;
};

/**
 * Reads values as they are wanted. `feed` takes all that are wanted and at hand without waiting, which is most of them;
 * only for the next batch does it wait.
 */
export class Reader<T> {
  readonly #options: ReaderOptions<T>;
  readonly #batches: AsyncIterator<Iterable<T>>;
  #batch: Iterator<T> | null = null;
  #isFeeding = false;
  #isWaiting = false;
  #isStopped = false;
  #hasEnded = false;
  #settle: { resolve: () => void; reject: (error: unknown) => void } | null = null;

  constructor(options: ReaderOptions<T>) {
    this.#options = options;
    this.#batches = options.source[Symbol.asyncIterator]();
  }

  /** True when the source had no more to give. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves when the source has ended or `stop` was called; rejects when the source breaks. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      if (this.#isStopped) resolve();
      else this.feed();
    });
  }

  /** Takes what is wanted. Call it whenever more may be wanted. */
  feed(): void {
    if (this.#isFeeding || this.#isWaiting || this.#isStopped) return;
    this.#isFeeding = true;
    try {
      while (!this.#isStopped && this.#options.wantsMore()) {
        const next = this.#batch?.next();
        if (!next || next.done) {
          this.#waitForBatch();
          break;
        }
        this.#options.take(next.value);
      }
    } catch (error) {
      this.#end(error);
      this.#return().catch(() => {});
    }
    this.#isFeeding = false;
  }

  /** Reads no further. A source that is still busy is told to end, but not awaited: it may never answer. */
  stop(): void {
    if (this.#isStopped) return;
    this.#end();
    this.#return().catch(() => {});
  }

  #waitForBatch(): void {
    this.#isWaiting = true;
    this.#batch = null;
    this.#batches.next().then(
      (next) => {
        this.#isWaiting = false;
        if (this.#isStopped) return;
        if (next.done) {
          this.#hasEnded = true;
          this.#end();
          return;
        }
        this.#batch = next.value[Symbol.iterator]();
        this.feed();
      },
      (error) => this.#end(error),
    );
  }

  async #return(): Promise<void> {
    this.#batch?.return?.();
    await this.#batches.return?.();
  }

  #end(...errors: unknown[]): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    if (errors.length > 0) this.#settle?.reject(errors[0]);
    else this.#settle?.resolve();
  }
}
