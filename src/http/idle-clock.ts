/** Runs out when nothing has been heard for so long. */
export class IdleClock {
  readonly #ms: number;
  readonly #onIdle: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, onIdle: () => void) {
    this.#ms = ms;
    this.#onIdle = onIdle;
  }

  /** Starts it, if it is not running. */
  start(): void {
    this.#timer ??= setTimeout(this.#onIdle, this.#ms);
  }

  /** Something was heard. */
  refresh(): void {
    this.#timer?.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
