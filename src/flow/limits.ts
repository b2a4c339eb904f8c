import type { Rate } from '../record/rate.ts';
import { Allowance } from './allowance.ts';
import { type Clock, systemClock } from './clock.ts';
import { Gate } from './gate.ts';
import type { LaneLimits } from './lane-options.ts';
import { Lanes } from './lanes.ts';
import type { Limiter } from './limiter.ts';

/** What limits calls. Times in milliseconds. */
export type LimitsOptions = {
  /** Calls in flight at once, all lanes together. */
  concurrency: number;
  /** Calls started, all lanes together; null is no limit. */
  rate?: Rate | null | undefined;
  /** Calls that may start at once within a rate. Default 1. */
  burst?: number | undefined;
  /** How long the first call of a rate may take to leave before others start. Default 0. */
  coldMs?: number | undefined;
  /** The limits of each lane. Default: none of its own. */
  limitsOf?: ((lane: string) => LaneLimits) | undefined;
  /** Limiters of a lane beside those. */
  limitersOf?: ((lane: string) => readonly Limiter[]) | undefined;
  /** Tokens in any minute, each lane; null limits them by what servers announce alone. Without it nobody counts any. */
  tokensPerMinute?: number | null | undefined;
  clock?: Clock | undefined;
};

const unlimited: LaneLimits = { concurrency: null, rate: null };

/**
 * The gate and the lanes: everything that decides when a call may start. A run makes its own, unless it is given some;
 * several runs may share them, and they may be changed while calls are in flight.
 */
export class Limits {
  readonly gate: Gate;
  readonly lanes: Lanes;

  constructor(options: LimitsOptions) {
    const { concurrency, rate = null, burst = 1, coldMs, clock = systemClock, tokensPerMinute } = options;
    const { limitsOf = () => unlimited, limitersOf } = options;
    this.gate = new Gate({ concurrency, rate, burst, coldMs, clock });
    const tokens = (): readonly Limiter[] => (tokensPerMinute === undefined ? [] : [new Allowance(tokensPerMinute)]);
    this.lanes = new Lanes({
      limitsOf,
      limitersOf: (lane) => [...tokens(), ...(limitersOf?.(lane) ?? [])],
      burst,
      coldMs,
      gate: this.gate,
      clock,
    });
  }

  /**
   * Other limits from now on: of one lane, or with null of all together. What is left out stays as it is. Calls in flight
   * finish, also where they are more than are allowed now.
   */
  adjust(lane: null, limits: { concurrency?: number; rate?: Rate | null }): void;
  adjust(lane: string, limits: Partial<LaneLimits>): void;
  adjust(lane: string | null, { concurrency, rate }: Partial<LaneLimits>): void {
    if (lane !== null) {
      const given = { ...(concurrency === undefined ? {} : { concurrency }), ...(rate === undefined ? {} : { rate }) };
      this.lanes.adjust(lane, given);
    } else {
      this.gate.adjust({
        ...(typeof concurrency === 'number' ? { concurrency } : {}),
        ...(rate === undefined ? {} : { rate }),
      });
    }
  }

  /** Nothing starts in this lane for the next `ms`; then one probe, and when that was not refused, everyone. */
  hold(lane: string, ms: number): void {
    this.lanes.get(lane).hold(ms, { isGuess: false });
  }
}
