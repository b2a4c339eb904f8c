import { describe, expect, test } from 'vitest';
import type { Limiter } from '../../src/flow/limiter.ts';
import { Limits } from '../../src/flow/limits.ts';
import { run } from '../../src/flow/run.ts';
import { FakeClock, turn } from './fake-clock.ts';
import { TestCaller } from './support/caller.ts';
import { Calls } from './support/calls.ts';
import { done, failure, jobs, refused, type TestJob } from './support/outcomes.ts';
import { allOf } from './support/sources.ts';
import { count, openLanes, states, type TestWaiter } from './support/waiters.ts';

const tenPerSecond = { count: 10, windowMs: 1000 };
const hundredPerSecond = { count: 100, windowMs: 1000 };

describe('`adjust`', () => {
  test('more slots start at once who waits for them', async () => {
    const { limits, enter } = openLanes({ slots: 1 });
    const waiters = [...enter('a', 2), ...enter('b', 2)];
    expect(count(waiters)).toBe('1 running, 3 waiting');
    limits.adjust(null, { concurrency: 3 });
    await turn();
    expect(count(waiters)).toBe('3 running, 1 waiting');
  });

  test('fewer slots let calls in flight finish, and start no other before', async () => {
    const { limits, gate, enter } = openLanes({ slots: 3 });
    const waiters = enter('a', 5);
    limits.adjust(null, { concurrency: 1 });
    for (const at of [0, 1]) {
      waiters[at]?.end();
      await turn();
    }
    expect([count(waiters), gate.running]).toEqual(['2 ended, 1 running, 2 waiting', 1]);
    waiters[2]?.end();
    await turn();
    expect(count(waiters)).toBe('3 ended, 1 running, 1 waiting');
    waiters[3]?.end();
    await turn();
    waiters[4]?.end();
    expect(count(waiters)).toBe('5 ended');
  });

  test('another rate counts from the last start', async () => {
    const { clock, limits, enter } = openLanes({ gateRate: tenPerSecond });
    const waiters = enter('a', 3);
    await clock.advance(20);
    limits.adjust(null, { rate: hundredPerSecond });
    await turn();
    expect(count(waiters)).toBe('2 running, 1 waiting');
    limits.adjust(null, { rate: null });
    expect(count(waiters)).toBe('3 running');
    expect(clock.pending).toBe(0);
  });

  test('a lane alone gets slots and a rate, loses them, and keeps them when it is made anew', async () => {
    const { clock, limits, enter } = openLanes();
    limits.adjust('a', { concurrency: 1 });
    const waiters = enter('a', 4);
    expect([count(waiters), count(enter('b', 2))]).toEqual(['1 running, 3 waiting', '2 running']);
    limits.adjust('a', { concurrency: null, rate: tenPerSecond });
    expect(count(waiters)).toBe('2 running, 2 waiting');
    await clock.advance(101);
    expect(count(waiters)).toBe('3 running, 1 waiting');
    limits.adjust('a', { rate: null });
    expect(count(waiters)).toBe('4 running');
  });
});

test('`hold` holds a lane from outside: nothing starts, then one probe', async () => {
  const { clock, limits, enter } = openLanes();
  limits.hold('a', 500);
  const waiters = enter('a', 2);
  await clock.advance(499);
  expect(count(waiters)).toBe('2 waiting');
  await clock.advance(1);
  expect(count(waiters)).toBe('1 running, 1 waiting');
});

describe('a limiter of one’s own', () => {
  /** Opens when it is told, as one that waits for another machine. */
  class Door implements Limiter<string> {
    readonly reason = 'the door';
    isOpen = false;
    wake = () => {};
    readonly heard: unknown[] = [];

    onWake(wake: () => void) {
      this.wake = wake;
    }

    waitMs() {
      return this.isOpen ? 0 : Number.POSITIVE_INFINITY;
    }

    started() {
      return 'a grant';
    }

    ended(
      grant: string | undefined,
      { failure: why, wasRefused, startedMs, endedMs }: Parameters<NonNullable<Limiter['ended']>>[1],
    ) {
      this.heard.push([grant, why?.code, wasRefused, endedMs - startedMs]);
    }

    isFresh() {
      return true;
    }
  }

  test('holds its lane until it wakes it, and hears what each call came to', async () => {
    const clock = new FakeClock();
    const calls = new Calls();
    const door = new Door();
    const ended = run<string, string, string>({
      source: allOf(jobs(2)),
      attempt: calls.attempt,
      laneOf: ({ payload }: TestJob) => payload,
      limitersOf: () => [door],
      concurrency: 10,
      retry: { retries: 0, delayMs: 1000, maxDelayMs: 1000, retryAfterMaxMs: 0 },
      timeoutMs: 0,
      clock,
      emit: () => {},
    });
    await turn();
    expect(calls.made).toHaveLength(0);
    door.isOpen = true;
    door.wake();
    await turn();
    expect(calls.made).toHaveLength(2);
    await clock.advance(30);
    calls.at(0).end({ kind: 'retry', value: null, failure: failure('connect') });
    calls.at(1).end(refused(null));
    await ended;
    expect(door.heard).toEqual([
      ['a grant', 'connect', false, 30],
      ['a grant', 'rate_limited', true, 30],
    ]);
  });
});

describe('two runs that share limits', () => {
  test('one whose output has backpressure takes neither slot nor turn from the other', async () => {
    const { caller, enter, lanes } = openLanes({ slots: 1, concurrency: 1 });
    const downstream = new TestCaller();
    caller.isBehind = () => true;
    const first = enter('a', 2);
    const second = enter('a', 1, { caller: downstream });
    expect([count(first), count(second)]).toEqual(['2 waiting', '1 running']);
    second[0]?.end();
    await turn();
    expect(count(first)).toBe('2 waiting');
    caller.isBehind = (running) => running > 0;
    lanes.wakeStalled(caller);
    expect(states(first)).toBe('running waiting');
    first[0]?.end();
    await turn();
    expect(states(first)).toBe('ended running');
  });

  test('each ends alone', async () => {
    const { stop, enter } = openLanes({ concurrency: 1 });
    const other = new TestCaller();
    const [running] = enter('a', 1) as [TestWaiter];
    const [mine] = enter('a', 1) as [TestWaiter];
    const [others] = enter('a', 1, { caller: other }) as [TestWaiter];
    stop(failure('cancelled'), { allowsHops: false });
    expect(states([running, mine, others])).toBe('running rejected waiting');
    running.end();
    await turn();
    expect(others.state).toBe('running');
  });

  test('as stages, where the rows of one are the jobs of the other, they come to their end', async () => {
    const clock = new FakeClock();
    const limits = new Limits({ concurrency: 1, clock, limitsOf: () => ({ concurrency: 1, rate: null }) });
    const shared = {
      limits,
      laneOf: () => 'a',
      concurrency: 1,
      retry: { retries: 0, delayMs: 0, maxDelayMs: 0, retryAfterMaxMs: 0 },
      timeoutMs: 0,
      clock,
      attempt: async () => done(),
    };
    const between: { job: TestJob; taken: () => void }[] = [];
    let wake = () => {};
    let isOver = false;
    async function* source() {
      for (;;) {
        const next = between.shift();
        if (next) {
          next.taken();
          yield [next.job];
        } else if (isOver) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    }
    const first = run<string, string, string>({
      ...shared,
      source: allOf(jobs(20)),
      weigh: () => 100,
      window: { jobs: 10, bytes: 100 },
      emit: ({ job }) =>
        new Promise((taken) => {
          between.push({ job, taken });
          wake();
        }),
    }).finally(() => {
      isOver = true;
      wake();
    });
    const rows: number[] = [];
    const second = run<string, string, string>({
      ...shared,
      source: source(),
      window: { jobs: 1, bytes: 100 },
      emit: async ({ job }) => {
        await turn();
        rows.push(job.index);
      },
    });
    expect(await Promise.all([first, second])).toMatchObject([{ read: 20 }, { read: 20 }]);
    expect(rows).toHaveLength(20);
    expect([limits.gate.running, clock.pending]).toEqual([0, 0]);
  });
});
