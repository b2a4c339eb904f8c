/**
 * How much may be read ahead: jobs read whose rows are not written yet (those asleep between attempts too), and the
 * bytes of results that wait to be written.
 */
export class Window {
  readonly #maxJobs: number;
  readonly #maxBytes: number;
  readonly #onLeave: () => void;
  #jobs = 0;
  #bytes = 0;
  /** Results that the output has, and has not done with. */
  #unwritten = 0;
  #whenEmpty: (() => void) | null = null;

  /** `onLeave` is called after each row that is written. */
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

  /**
   * True when so much waits to be written that not even a job already read should start. One may, where nothing `running`
   * and no output would bring on what the others wait for: a row that is to come before them.
   */
  hasBackpressure(running: number): boolean {
    return this.#bytes >= this.#maxBytes && (running > 0 || this.#unwritten > 0);
  }

  /** A job is read. */
  enter(): void {
    this.#jobs += 1;
  }

  /** A result is there and waits to be written. */
  hold(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The output has a result, and is behind with it until `caughtUp`. */
  fallBehind(): void {
    this.#unwritten += 1;
  }

  caughtUp(): void {
    this.#unwritten -= 1;
  }

  /** A row is written, which was its job's last or not. */
  leave(bytes: number, { isLast = true }: { isLast?: boolean } = {}): void {
    if (isLast) this.#jobs -= 1;
    this.#bytes -= bytes;
    this.#onLeave();
    if (this.#jobs === 0) this.#whenEmpty?.();
  }

  /** Resolves when every row is written. */
  async empty(): Promise<void> {
    if (this.#jobs === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
  }
}
