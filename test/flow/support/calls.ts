import type { Attempt } from '../../../src/flow/attempt.ts';
import type { CallContext } from '../../../src/record/job.ts';
import type { TestJob, TestOutcome } from './outcomes.ts';

/** A call that is being made; it ends when the test says so. */
export type TestCall = {
  readonly job: TestJob;
  readonly context: CallContext<string>;
  end(outcome: TestOutcome): void;
  throw(error: unknown): void;
};

/** Calls that end when told, and a count of those that run. */
export class Calls {
  /** All of them, in the order of their starts. */
  readonly made: TestCall[] = [];
  readonly running = new Set<TestCall>();
  /** The most that ever ran at once. */
  most = 0;

  readonly attempt: Attempt<string, string, string> = (job, context) =>
    new Promise((resolve, reject) => {
      const call: TestCall = {
        job,
        context,
        end: (outcome) => {
          this.running.delete(call);
          resolve(outcome);
        },
        throw: (error) => {
          this.running.delete(call);
          reject(error);
        },
      };
      this.made.push(call);
      this.running.add(call);
      this.most = Math.max(this.most, this.running.size);
    });

  /** The call started as the nth, from 0. */
  at(nth: number): TestCall {
    const call = this.made[nth];
    if (!call) throw new Error(`only ${this.made.length} calls were made`);
    return call;
  }

  /** The call started last. */
  get last(): TestCall {
    return this.at(this.made.length - 1);
  }

  /** Ends all that run now. */
  endAll(outcome: TestOutcome): void {
    for (const call of Array.from(this.running)) call.end(outcome);
  }
}

/** A call as a good one behaves when it is cancelled: it ends with the reason. */
export function endWhenCancelled(call: TestCall): void {
  call.context.scope.onCancel((reason) => call.end({ kind: 'done', value: null, failure: reason }));
}
