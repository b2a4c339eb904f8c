import type { Caller } from './caller.ts';
import { Lane, wakeAll } from './lane.ts';
import type { LaneLimits, LaneOptions } from './lane-options.ts';
import type { Limiter } from './limiter.ts';

export type LanesOptions = Omit<LaneOptions, 'limits' | 'limiters' | 'stalled'> & {
  limitsOf: (lane: string) => LaneLimits;
  /** Makes the limiters of a lane beside those that its limits ask for. */
  limitersOf?: ((lane: string) => readonly Limiter[]) | null;
};

/** Below this many lanes nobody looks whether some can be forgotten. */
const fewLanes = 1000;

/** All lanes by name. They are made when first entered and forgotten when idle, so a list may name any number. */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #stalled: LaneOptions['stalled'] = new Set();
  /** Limits that took the place of `limitsOf`. */
  readonly #adjusted = new Map<string, Partial<LaneLimits>>();
  #sweepAt = fewLanes;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** Lanes known now. */
  get size(): number {
    return this.#lanes.size;
  }

  get(name: string): Lane {
    const known = this.#lanes.get(name);
    if (known) return known;
    if (this.#lanes.size >= this.#sweepAt) this.#sweep();
    const { limitsOf, limitersOf, ...options } = this.#options;
    const limits = { ...limitsOf(name), ...this.#adjusted.get(name) };
    const limiters = limitersOf?.(name) ?? [];
    const lane = new Lane({ ...options, limits, limiters, stalled: this.#stalled });
    this.#lanes.set(name, lane);
    return lane;
  }

  /** Other limits for a lane from now on, also for one that nobody has entered yet. */
  adjust(name: string, limits: Partial<LaneLimits>): void {
    this.#adjusted.set(name, { ...this.#adjusted.get(name), ...limits });
    this.#lanes.get(name)?.adjust(limits);
  }

  /** Rejects every waiter that its run does not let start any more. */
  rejectRefused(): void {
    for (const lane of this.#lanes.values()) lane.rejectRefused();
    this.#options.gate.reviewQueue();
  }

  /** Asks the lanes again whose next waiter waited for this run: for its output, or for its budget. */
  wakeStalled(caller: Caller): void {
    if (this.#stalled.size > 0 && !caller.hasBackpressure()) wakeAll(this.#stalled);
  }

  /** The held lanes' names, the longest hold first. For people: looks at every lane. */
  held(): string[] {
    const held = [...this.#lanes].map(([name, lane]) => ({ name, ms: lane.heldMs() })).filter(({ ms }) => ms > 0);
    return held.sort((a, b) => b.ms - a.ms).map(({ name }) => name);
  }

  /** Whether this is what some lane waits for: the `reason` of a limiter. For people: may look at every lane. */
  areLimitedBy(reason: string): boolean {
    for (const lane of this.#lanes.values()) if (lane.limitedBy() === reason) return true;
    return false;
  }

  /** Looks at all lanes only when their number has doubled, so that a lane costs the same however many there are. */
  #sweep(): void {
    for (const [name, lane] of this.#lanes) {
      if (lane.isIdle()) this.#lanes.delete(name);
    }
    this.#sweepAt = Math.max(fewLanes, this.#lanes.size * 2);
  }
}
