import type { Rate } from '../record/rate.ts';
import type { Clock } from './clock.ts';
import type { Gate } from './gate.ts';
import type { Limiter } from './limiter.ts';

/** The limits of one lane. Null is no limit of its own: the gate's still hold. */
export type LaneLimits = { readonly concurrency: number | null; readonly rate: Rate | null };

export type LaneOptions = {
  limits: LaneLimits;
  /** Limiters beside the slots, the pace and the hold that every lane may have. */
  limiters?: readonly Limiter[];
  burst: number;
  coldMs?: number | undefined;
  gate: Gate;
  clock: Clock;
  /** Lanes whose next waiter waits for its run: for its output, or for its budget. */
  stalled: Set<{ wake(): void }>;
};
