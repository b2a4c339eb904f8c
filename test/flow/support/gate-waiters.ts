import type { Origin } from '../../../src/flow/gate.ts';
import type { Waiter } from '../../../src/flow/waiter.ts';
import type { Timings } from '../../../src/record/job.ts';
import { TestCaller } from './caller.ts';

/** A waiter at the gate and its lane in one, whose readiness the test decides. */
export class GateWaiter implements Waiter, Origin {
  isReadyNow = true;
  state: 'waiting' | 'running' | 'requeued' | 'ended' = 'waiting';
  readonly isHop = false;
  readonly isCancelled = false;
  readonly caller = new TestCaller();
  readonly timings: Timings = { queuedMs: 0, limitedMs: 0, totalMs: 0 };
  sinceMs: number;
  readonly #onState: (waiter: GateWaiter) => void;
  #free: (() => void) | null = null;

  constructor(sinceMs = 0, onState: (waiter: GateWaiter) => void = () => {}) {
    this.sinceMs = sinceMs;
    this.#onState = onState;
  }

  isReady(): boolean {
    return this.isReadyNow;
  }

  start(_waiter: Waiter, free: () => void): void {
    this.#free = free;
    this.#become('running');
  }

  requeue(): void {
    this.#become('requeued');
  }

  begin(): void {
    throw new Error('the lane begins a call, not the gate');
  }

  reject(): void {
    throw new Error('the lane rejects, not the gate');
  }

  /** Ends its call. */
  end(): void {
    if (!this.#free) throw new Error('it never started');
    this.#become('ended');
    this.#free();
  }

  #become(state: GateWaiter['state']): void {
    const isAllowed = state === 'ended' ? this.state === 'running' : this.state === 'waiting';
    if (!isAllowed) throw new Error(`who is ${this.state} became ${state}`);
    this.state = state;
    this.#onState(this);
  }
}
