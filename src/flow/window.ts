/**
 * How much may be read ahead: jobs read whose rows are not written yet (those asleep between attempts too), and the
 * bytes of results that wait to be written. Attempts wait here for relief.
 */
export class Window {
  readonly #maxJobs: number;
  readonly #maxBytes: number;
  readonly #onLeave: () => void;
  #jobs = 0;
  #bytes = 0;
  #waitForRelief: (() => void)[] = [];
  #whenEmpty: (() => void) | null = null;

  /** `onLeave` is told after each row that is written. */
  constructor({ jobs, bytes }: { jobs: number; bytes: number }, onLeave: () => void) {
    this.#maxJobs = jobs;
    this.#maxBytes = bytes;
    this.#onLeave = onLeave;
  }

  /** Jobs read and not yet written. */
  get jobs(): number {
    return this.#jobs;
  }

  get hasRoom(): boolean {
    return this.#jobs < this.#maxJobs && this.#bytes < this.#maxBytes;
  }

  /** A promise to wait for when so much waits to be written that not even a job already read should start; else null. */
  relief(): Promise<void> | null {
    if (this.#bytes < this.#maxBytes) return null;
    return new Promise((resolve) => this.#waitForRelief.push(resolve));
  }

  /** A job is read. */
  enter(): void {
    this.#jobs += 1;
  }

  /** A result is there and waits to be written. */
  hold(bytes: number): void {
    this.#bytes += bytes;
  }

  /** A row is written. */
  leave(bytes: number): void {
    this.#jobs -= 1;
    this.#bytes -= bytes;
    if (this.#waitForRelief.length > 0 && this.#bytes < this.#maxBytes) this.release();
    this.#onLeave();
    if (this.#jobs === 0) this.#whenEmpty?.();
  }

  /** Lets everyone go on who waits for relief: there is some, or the run is ending. */
  release(): void {
    for (const resolve of this.#waitForRelief.splice(0)) resolve();
  }

  /** Resolves when every row is written. */
  async empty(): Promise<void> {
    if (this.#jobs === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
  }
}
