import type { Rate } from '../record/rate.ts';
import type { Clock } from './clock.ts';
import type { Gate } from './gate.ts';
import type { Spending } from './spending.ts';

/** The limits of one lane. Null is no limit of its own: the gate's still hold. */
export type LaneLimits = { readonly concurrency: number | null; readonly rate: Rate | null };

export type LaneOptions = {
  limits: LaneLimits;
  burst: number;
  coldMs?: number | undefined;
  gate: Gate;
  clock: Clock;
  /** What limits tokens, for calls that take some. */
  tokens?: { readonly perMinute: number | null; readonly spending: Spending | null } | null;
};
