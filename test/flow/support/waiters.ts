import { Gate } from '../../../src/flow/gate.ts';
import type { LaneLimits } from '../../../src/flow/lane-options.ts';
import { Lanes } from '../../../src/flow/lanes.ts';
import type { Waiter } from '../../../src/flow/waiter.ts';
import type { Failure } from '../../../src/record/failure.ts';
import type { Timings } from '../../../src/record/job.ts';
import type { Rate } from '../../../src/record/rate.ts';
import { FakeClock } from '../fake-clock.ts';

/** Somebody in line, whose attempt ends when the test says so. */
export class TestWaiter implements Waiter {
  readonly isHop: boolean;
  readonly timings: Timings = { queuedMs: 0, limitedMs: 0, totalMs: 0 };
  sinceMs = 0;
  state: 'waiting' | 'running' | 'ended' | 'dismissed' = 'waiting';
  dismissal: Failure | null = null;
  #release: ((answer: { wasRefused: boolean }) => void) | null = null;

  constructor({ isHop = false }: { isHop?: boolean } = {}) {
    this.isHop = isHop;
  }

  begin(release: (answer: { wasRefused: boolean }) => void): void {
    this.#move('waiting', 'running');
    this.#release = release;
  }

  dismiss(failure: Failure): void {
    this.#move('waiting', 'dismissed');
    this.dismissal = failure;
  }

  end({ wasRefused = false }: { wasRefused?: boolean } = {}): void {
    this.#move('running', 'ended');
    this.#release?.({ wasRefused });
  }

  #move(from: TestWaiter['state'], to: TestWaiter['state']): void {
    if (this.state !== from) throw new Error(`who is ${this.state} became ${to}`);
    this.state = to;
  }
}

export type LanesSetup = Partial<LaneLimits> & {
  burst?: number;
  /** The gate's own limits. */
  slots?: number;
  gateRate?: Rate | null;
};

/** Lanes that all have the same limits, at a gate of their own. */
export function openLanes({
  concurrency = null,
  rate = null,
  burst = 1,
  slots = 10,
  gateRate = null,
}: LanesSetup = {}) {
  const clock = new FakeClock();
  const gate = new Gate({ concurrency: slots, rate: gateRate, burst: 1, isStuffed: () => false, clock });
  const lanes = new Lanes({ limitsOf: () => ({ concurrency, rate }), burst, gate, clock });
  /** Sends so many into a lane. */
  const enter = (name: string, count: number, options?: { isHop?: boolean }) =>
    Array.from({ length: count }, () => {
      const waiter = new TestWaiter(options);
      lanes.get(name).enter(waiter);
      return waiter;
    });
  return { clock, gate, lanes, enter };
}

/** How many of them run, and what became of the others: `2 running, 1 waiting`. */
export function count(waiters: readonly TestWaiter[]): string {
  const states = ['ended', 'running', 'waiting', 'dismissed'] as const;
  const counted = states.map((state) => ({ state, count: waiters.filter((waiter) => waiter.state === state).length }));
  return counted
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count} ${state}`)
    .join(', ');
}

/** The state of each, in order. */
export function states(waiters: readonly TestWaiter[]): string {
  return waiters.map(({ state }) => state).join(' ');
}
