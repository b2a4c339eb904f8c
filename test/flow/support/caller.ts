import type { Caller } from '../../../src/flow/caller.ts';
import type { Limiter } from '../../../src/flow/limiter.ts';
import type { Failure } from '../../../src/record/failure.ts';

/** A run that has an end and an output when the test says so. */
export class TestCaller implements Caller {
  running = 0;
  readonly limiters: readonly Limiter[];
  /** Set by the test: the run's output is behind. */
  isBehind: (running: number) => boolean = () => false;
  /** How often a limiter of the run could not be waited for. */
  exhaustions = 0;
  #end: { failure: Failure; allowsHops: boolean } | null = null;

  constructor(limiters: readonly Limiter[] = []) {
    this.limiters = limiters;
  }

  /** Nothing of the run starts any more. */
  stop(failure: Failure, { allowsHops }: { allowsHops: boolean }): void {
    this.#end = { failure, allowsHops };
  }

  refusal(isHop: boolean): Failure | null {
    return this.#end && !(isHop && this.#end.allowsHops) ? this.#end.failure : null;
  }

  hasBackpressure(): boolean {
    return this.isBehind(this.running);
  }

  exhausted(): void {
    this.exhaustions += 1;
  }
}
