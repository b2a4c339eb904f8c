/** What one more call weighs in the usual share of refusals, and in that of late: some hundred calls, and some twenty. */
const usualStep = 0.01;
const recentStep = 0.05;
/** Chance does not bring a share of late beyond this times the usual one and this more: some four deviations at 5% to 40%. */
const growth = 1.4;
const margin = 0.2;
/** A server that refuses more than this is not to be pressed on, usual or not. */
const most = 0.75;

/**
 * The share of calls that a server refuses: the usual one, and that of late. Counted by starts, since a refusal comes
 * sooner than a good answer.
 */
export class Noise {
  readonly #usual = new Share(usualStep);
  readonly #recent = new Share(recentStep);

  started(): void {
    this.#usual.started();
    this.#recent.started();
  }

  refused(): void {
    this.#usual.refused();
    this.#recent.refused();
  }

  /** From now on it matters whether the share changes: that of late begins as the usual one. */
  begin(): void {
    this.#recent.follow(this.#usual);
  }

  /** Whether refusals come about as often as ever. */
  get isUsual(): boolean {
    return this.#recent.value <= Math.min(most, this.#usual.value * growth + margin);
  }
}

/** A moving average, which gives its first values the weight that they lack. */
class Share {
  readonly #step: number;
  #sum = 0;
  #weight = 0;

  constructor(step: number) {
    this.#step = step;
  }

  started(): void {
    this.#sum *= 1 - this.#step;
    this.#weight = this.#weight * (1 - this.#step) + this.#step;
  }

  refused(): void {
    this.#sum += this.#step;
  }

  follow({ value }: Share): void {
    this.#weight = 1;
    this.#sum = value;
  }

  get value(): number {
    return this.#weight === 0 ? 0 : this.#sum / this.#weight;
  }
}
