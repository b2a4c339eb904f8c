import type { LaneLimits } from '../../../src/flow/lane-options.ts';
import type { Limiter } from '../../../src/flow/limiter.ts';
import { Limits } from '../../../src/flow/limits.ts';
import type { Answer, Waiter } from '../../../src/flow/waiter.ts';
import type { Failure } from '../../../src/record/failure.ts';
import type { Timings } from '../../../src/record/job.ts';
import type { Rate } from '../../../src/record/rate.ts';
import { FakeClock } from '../fake-clock.ts';
import { TestCaller } from './caller.ts';

/** Somebody in line, whose attempt ends when the test says so. */
export class TestWaiter implements Waiter {
  readonly isHop: boolean;
  readonly caller: TestCaller;
  isCancelled = false;
  readonly timings: Timings = { queuedMs: 0, limitedMs: 0, totalMs: 0 };
  sinceMs = 0;
  state: 'waiting' | 'running' | 'ended' | 'rejected' = 'waiting';
  rejection: Failure | null = null;
  #release: ((answer: Answer) => void) | null = null;

  constructor({ isHop = false, caller = new TestCaller() }: { isHop?: boolean; caller?: TestCaller } = {}) {
    this.isHop = isHop;
    this.caller = caller;
  }

  begin(release: (answer: Answer) => void): void {
    this.#move('waiting', 'running');
    this.#release = release;
  }

  reject(failure: Failure): void {
    this.#move('waiting', 'rejected');
    this.rejection = failure;
  }

  end({ wasRefused = false, tokens = null }: { wasRefused?: boolean; tokens?: number | null } = {}): void {
    this.#move('running', 'ended');
    this.#release?.({ wasRefused, cost: tokens === null ? null : { tokens, budgets: [] } });
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
  limitersOf?: (lane: string) => readonly Limiter[];
};

/** Lanes that all have the same limits, at a gate of their own, and a run that calls through them. */
export function openLanes({
  concurrency = null,
  rate = null,
  burst = 1,
  slots = 10,
  gateRate = null,
  limitersOf,
}: LanesSetup = {}) {
  const clock = new FakeClock();
  const caller = new TestCaller();
  const limits = new Limits({
    concurrency: slots,
    rate: gateRate,
    burst,
    limitsOf: () => ({ concurrency, rate }),
    limitersOf,
    clock,
  });
  const { gate, lanes } = limits;
  /** Sends so many into a lane. */
  const enter = (name: string, count: number, options?: { isHop?: boolean; caller?: TestCaller }) =>
    Array.from({ length: count }, () => {
      const waiter = new TestWaiter({ caller, ...options });
      lanes.get(name).enter(waiter);
      return waiter;
    });
  /** Stops the run that they belong to, unless they name another. */
  const stop = (failure: Failure, { allowsHops }: { allowsHops: boolean }) => {
    caller.stop(failure, { allowsHops });
    lanes.rejectRefused();
  };
  return { clock, caller, limits, gate, lanes, enter, stop };
}

/** How many of them run, and what became of the others: `2 running, 1 waiting`. */
export function count(waiters: readonly TestWaiter[]): string {
  const states = ['ended', 'running', 'waiting', 'rejected'] as const;
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
