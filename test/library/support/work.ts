import { getEventListeners } from 'node:events';
import { expect, onTestFinished } from 'vitest';
import type { AttemptContext, JobResult } from '../../../src/index.ts';
import { FakeClock, turn } from '../../flow/fake-clock.ts';

export { turn };

/** A piece of work that is under way; it ends when the test says so. */
export type Piece<Job, Value> = {
  readonly job: Job;
  readonly context: AttemptContext;
  end(value: Value): void;
  fail(error: unknown): void;
};

/** Work that ends when told. `ends when cancelled` is how good work behaves; `isDeaf` work ignores its signal. */
export class Work<Job, Value = string> {
  /** In the order of their starts. */
  readonly started: Piece<Job, Value>[] = [];
  readonly running = new Set<Piece<Job, Value>>();
  most = 0;
  readonly #isDeaf: boolean;

  constructor({ isDeaf = false }: { isDeaf?: boolean } = {}) {
    this.#isDeaf = isDeaf;
  }

  readonly attempt = (job: Job, context: AttemptContext): Promise<Value> =>
    new Promise((resolve, reject) => {
      const leave = () => {
        this.running.delete(piece);
        if (!this.#isDeaf) context.signal.removeEventListener('abort', cancel);
      };
      const piece: Piece<Job, Value> = {
        job,
        context,
        end: (value) => {
          leave();
          resolve(value);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      const cancel = () => piece.fail(context.signal.reason);
      if (!this.#isDeaf) context.signal.addEventListener('abort', cancel);
      this.started.push(piece);
      this.running.add(piece);
      this.most = Math.max(this.most, this.running.size);
    });

  at(nth: number): Piece<Job, Value> {
    const piece = this.started[nth];
    if (!piece) throw new Error(`only ${this.started.length} pieces were started`);
    return piece;
  }

  jobs(): Job[] {
    return this.started.map(({ job }) => job);
  }
}

/** A clock that stands still. After the test no timer may be armed. */
export function fakeClock(): FakeClock {
  const clock = new FakeClock();
  onTestFinished(() => expect(clock.pending, 'timers').toBe(0));
  return clock;
}

/** A signal of the user's. After the test nobody may listen to it. */
export function userSignal(): AbortController {
  const controller = new AbortController();
  onTestFinished(() => expect(getEventListeners(controller.signal, 'abort'), 'listeners').toEqual([]));
  return controller;
}

/** What a promise came to, without waiting: `pending` after a turn is pending. */
export async function stateOf(promise: Promise<unknown>): Promise<string> {
  const told = promise.then(
    (value) => `resolved ${String(value)}`,
    (error) => `rejected ${error instanceof Error ? error.message : String(error)}`,
  );
  return Promise.race([told, turn().then(() => 'pending')]);
}

/** All results, one word each in the order of their coming, and what the loop threw. */
export function collect<Job, Value>(results: AsyncIterable<JobResult<Job, Value>>) {
  const told: string[] = [];
  const ended = (async () => {
    try {
      for await (const { index, ok, error } of results) told.push(`${index} ${ok ? 'ok' : error.code}`);
      return null;
    } catch (error) {
      return { error };
    }
  })();
  return { told, ended };
}

/** A source that tells how far it was read and whether it was closed. */
export class Numbers {
  read = 0;
  isClosed = false;
  readonly #count: number;

  constructor(count = Number.POSITIVE_INFINITY) {
    this.#count = count;
  }

  *now(): Generator<number> {
    try {
      while (this.read < this.#count) {
        this.read += 1;
        yield this.read - 1;
      }
    } finally {
      this.isClosed = true;
    }
  }

  async *later(): AsyncGenerator<number> {
    try {
      for (const n of this.now()) yield n;
    } finally {
      await turn();
      this.isClosed = true;
    }
  }
}
