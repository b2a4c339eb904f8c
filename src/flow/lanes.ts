import type { Failure } from '../record/failure.ts';
import { Lane } from './lane.ts';
import type { LaneLimits, LaneOptions } from './lane-options.ts';

export type LanesOptions = Omit<LaneOptions, 'limits'> & { limitsOf: (lane: string) => LaneLimits };

/** Below this many lanes nobody looks whether some can be forgotten. */
const fewLanes = 1000;

/** All lanes of a run by name. They are made when first entered and forgotten when idle, so a list may name any number. */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, Lane>();
  #sweepAt = fewLanes;
  #stopped: { failure: Failure; allowsHops: boolean } | null = null;

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
    const { limitsOf, ...options } = this.#options;
    const lane = new Lane({ ...options, limits: limitsOf(name) });
    if (this.#stopped) lane.stop(this.#stopped.failure, { allowsHops: this.#stopped.allowsHops });
    this.#lanes.set(name, lane);
    return lane;
  }

  /** Stops every lane, those to come too. */
  stop(failure: Failure, { allowsHops }: { allowsHops: boolean }): void {
    this.#stopped = { failure, allowsHops: allowsHops && (this.#stopped?.allowsHops ?? true) };
    // All of them before the first job is sent away: what one lane lets go of, another must not start.
    for (const lane of this.#lanes.values()) lane.forbid(failure, { allowsHops });
    for (const lane of this.#lanes.values()) lane.dismiss();
    this.#options.gate.reviewQueue();
  }

  /** The held lanes' names, the longest hold first. For people: looks at every lane. */
  held(): string[] {
    const held = [...this.#lanes].map(([name, lane]) => ({ name, ms: lane.heldMs() })).filter(({ ms }) => ms > 0);
    return held.sort((a, b) => b.ms - a.ms).map(({ name }) => name);
  }

  /** Whether some lane waits for tokens. For people: may look at every lane. */
  areShortOfTokens(): boolean {
    for (const lane of this.#lanes.values()) if (lane.isShortOfTokens()) return true;
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
