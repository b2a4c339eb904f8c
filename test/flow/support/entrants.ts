import type { Entrant } from '../../../src/flow/gate.ts';
import type { Timings } from '../../../src/record/job.ts';

/** Somebody at the gate, whose readiness the test decides. */
export class TestEntrant implements Entrant {
  isReady = true;
  state: 'waiting' | 'running' | 'declined' | 'ended' = 'waiting';
  readonly timings: Timings = { queuedMs: 0, limitedMs: 0, totalMs: 0 };
  readonly sinceMs: number;
  readonly #onState: (entrant: TestEntrant) => void;
  #free: (() => void) | null = null;

  constructor(sinceMs = 0, onState: (entrant: TestEntrant) => void = () => {}) {
    this.sinceMs = sinceMs;
    this.#onState = onState;
  }

  ready(): boolean {
    return this.isReady;
  }

  admit(free: () => void, _nowMs: number): void {
    this.#free = free;
    this.#become('running');
  }

  decline(): void {
    this.#become('declined');
  }

  /** Ends its attempt. */
  end(): void {
    if (!this.#free) throw new Error('it never started');
    this.#become('ended');
    this.#free();
  }

  #become(state: TestEntrant['state']): void {
    const isAllowed = state === 'ended' ? this.state === 'running' : this.state === 'waiting';
    if (!isAllowed) throw new Error(`who is ${this.state} became ${state}`);
    this.state = state;
    this.#onState(this);
  }
}
