import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Failure, type JobResult, retry, run } from '../../src/index.ts';
import { collect, fakeClock, Numbers, stateOf, turn, userSignal, Work } from './support/work.ts';

test('`break` cancels what runs and awaits it before the loop statement ends', async () => {
  const source = new Numbers();
  const work = new Work<number>({ isDeaf: true });
  let isAfterLoop = false;
  const loop = (async () => {
    for await (const { ok } of run(source.later(), work.attempt, { concurrency: 3 })) if (ok) break;
    isAfterLoop = true;
  })();
  for (let turns = 0; turns < 10; turns += 1) await turn();
  work.at(0).end('done');
  await turn();
  const running = [...work.running];
  expect(running.every(({ context }) => context.signal.aborted)).toBe(true);
  expect(isAfterLoop).toBe(false);
  for (const piece of running) piece.fail(new Error('cut off'));
  await loop;
  expect(source.isClosed).toBe(true);
});

test('an error thrown in the loop comes out of it, after the same', async () => {
  const work = new Work<number>();
  const loop = (async () => {
    for await (const _ of run([1, 2, 3], work.attempt)) throw new Error('from the body');
  })();
  await turn();
  work.at(0).end('done');
  await expect(loop).rejects.toThrow('from the body');
  expect(work.running.size).toBe(0);
});

test('`signal` cancels what runs, gives every job that was read its result, and throws its reason', async () => {
  const user = userSignal();
  const source = new Numbers();
  const work = new Work<number>();
  const results = run(source.now(), work.attempt, { concurrency: 2, window: 4, signal: user.signal });
  const { told, ended } = collect(results);
  await turn();
  work.at(0).end('done');
  await turn();
  user.abort(new Error('Ctrl-C'));
  expect(await ended).toMatchObject({ error: new Error('Ctrl-C') });
  expect(told.toSorted()).toEqual(['0 ok', '1 cancelled', '2 cancelled', '3 cancelled', '4 cancelled']);
  expect(results.end).toMatchObject({ kind: 'aborted', read: source.read, failed: 0 });
  expect(work.running.size).toBe(0);
});

test('`signal` after `drain` cuts off what may finish, and the loop throws', async () => {
  const [drain, user] = [userSignal(), userSignal()];
  const work = new Work<number>();
  const { told, ended } = collect(run([0, 1], work.attempt, { drain: drain.signal, signal: user.signal }));
  await turn();
  drain.abort();
  await turn();
  expect(work.running.size).toBe(2);
  user.abort(new Error('no more grace'));
  expect(await ended).toMatchObject({ error: new Error('no more grace') });
  expect(told).toEqual(['0 cancelled', '1 cancelled']);
});

test('an abort cuts the wait for a retry, and the failure before it is the cause', async () => {
  const user = userSignal();
  const clock = fakeClock();
  const results: JobResult<string, string>[] = [];
  const loop = (async () => {
    const attempt = async () => {
      throw retry(new Error('busy'), { afterMs: 60_000 });
    };
    for await (const result of run(['job'], attempt, { signal: user.signal, clock })) results.push(result);
  })();
  await turn();
  user.abort();
  await expect(loop).rejects.toMatchObject({ name: 'AbortError' });
  expect(results[0]?.error).toMatchObject({ code: 'cancelled', cause: { message: 'busy' } });
});

test('a signal that has aborted before makes the loop throw, and nothing is read', async () => {
  const user = userSignal();
  user.abort(new Error('too late'));
  const source = new Numbers();
  const { told, ended } = collect(run(source.now(), async () => 1, { signal: user.signal }));
  expect(await ended).toMatchObject({ error: new Error('too late') });
  expect(told).toEqual([]);
  expect(source.read).toBe(0);
});

test.each(['now', 'later'] as const)(
  'a source that throws ends the loop with its error, all jobs told (%s)',
  async (kind) => {
    const work = new Work<number>();
    const broken = {
      *now() {
        yield* [0, 1];
        throw new Error('no more pages');
      },
      async *later() {
        yield* this.now();
      },
    };
    const { told, ended } = collect(run<number, string>(broken[kind](), work.attempt));
    expect(await ended).toMatchObject({ error: new Error('no more pages') });
    expect(told.toSorted()).toEqual(['0 cancelled', '1 cancelled']);
    expect(work.running.size).toBe(0);
  },
);

test('a source that cannot clean up makes the loop throw', async () => {
  const failing = (async function* () {
    try {
      yield* [1, 2, 3];
    } finally {
      await Promise.reject(new Error('cannot close'));
    }
  })();
  await expect(leaveEarly(run(failing, async () => 1))).rejects.toThrow('cannot close');
});

test('a source that is busy for ever holds the end up for a second at most', async () => {
  const clock = fakeClock();
  const stuck = (async function* () {
    yield 1;
    await new Promise(() => {});
  })();
  const left = leaveEarly(run(stuck, async () => 1, { clock }));
  for (let turns = 0; turns < 5; turns += 1) await turn();
  await clock.advance(999);
  expect(await stateOf(left)).toBe('pending');
  await clock.advance(1);
  expect(await stateOf(left)).toBe('resolved undefined');
});

async function leaveEarly(results: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of results) break;
}

test('`failFast` cancels the rest and throws the first failure', async () => {
  const work = new Work<number>();
  const results = run(new Numbers().now(), work.attempt, { concurrency: 3, window: 3, failFast: true });
  const { told, ended } = collect(results);
  await turn();
  const error = new Error('first');
  work.at(1).fail(error);
  expect(await ended).toMatchObject({ error: { code: 'error', message: 'first', cause: error } });
  expect(told[0]).toBe('1 error');
  expect(told.slice(1).every((word) => word.endsWith('cancelled'))).toBe(true);
  expect(results.end).toMatchObject({ kind: 'failures', failed: 1 });
  expect(work.running.size).toBe(0);
});

test('`maxFailures` counts results, as a number and as a share', async () => {
  const failEven = async (n: number) => {
    if (n % 2 === 0) throw new Error(`even ${n}`);
  };
  const few = collect(run(new Numbers(9).now(), failEven, { maxFailures: 6 }));
  expect(await few.ended).toBeNull();
  const many = collect(run(new Numbers(99).now(), failEven, { concurrency: 1, maxFailures: 3 }));
  expect(await many.ended).toMatchObject({ error: { message: 'even 4' } });
  const share = collect(run(new Numbers(9).now(), failEven, { maxFailures: '50%' }));
  expect(await share.ended).toMatchObject({ error: { message: 'even 8' } });
  expect(share.told).toHaveLength(9);
});

test('a thrown error is final; `retry` makes it again, with the back-off or after the time it names', async () => {
  const clock = fakeClock();
  const work = new Work<string>();
  const { told, ended } = collect(run(['final', 'again', 'after'], work.attempt, { clock, random: () => 0.5 }));
  await turn();
  work.at(0).fail(new Error('final'));
  work.at(1).fail(retry(new Error('again')));
  work.at(2).fail(retry('after', { afterMs: 1000 }));
  await clock.advance(249);
  expect(work.started).toHaveLength(3);
  await clock.advance(1);
  expect(work.started.slice(3).map(({ job, context }) => `${job} ${context.attempt}`)).toEqual(['again 2']);
  await clock.advance(750);
  expect(work.jobs().slice(4)).toEqual(['after']);
  work.at(3).end('done');
  work.at(4).fail(retry('after', { afterMs: 10 }));
  await clock.advance(10);
  work.at(5).fail(retry('still', { afterMs: 10 }));
  expect(await ended).toBeNull();
  expect(told).toEqual(['0 error', '1 ok', '2 error']);
});

test('an attempt that is late is tried again, and whatever it throws then counts as its timeout', async () => {
  const clock = fakeClock();
  const work = new Work<string>({ isDeaf: true });
  const { told, ended } = collect(run(['job'], work.attempt, { clock, timeoutMs: 100, retries: 1, random: () => 0 }));
  await clock.advance(100);
  expect(work.at(0).context.signal.reason).toMatchObject({ code: 'timeout' });
  work.at(0).fail(new Error('some library’s own abort error'));
  await clock.advance(100);
  work.at(1).end('late, but there');
  expect(await ended).toBeNull();
  expect(told).toEqual(['0 ok']);
});

test('the failure of a run inside an attempt is a failure, not this run’s end', async () => {
  const attempt = async () => {
    throw new Failure('cancelled', 'the inner run');
  };
  const results = run(['job'], attempt);
  const { told, ended } = collect(results);
  expect(await ended).toBeNull();
  expect(told).toEqual(['0 error']);
  expect(results.end?.failed).toBe(1);
});

test('a job that `lane` throws at has failed, and the others go on', async () => {
  const lane = (url: string) => new URL(url).host;
  const { told, ended } = collect(
    run(['http://a', 'nonsense', 'http://b'], async () => 'done', { lane, ordered: true }),
  );
  expect(await ended).toBeNull();
  expect(told).toEqual(['0 ok', '1 input', '2 ok']);
});

test.each([true, false])(
  '`laneLimits` that throw end the run, with nothing left running (ordered: %s)',
  async (ordered) => {
    const work = new Work<string>();
    const laneLimits = (lane: string) => {
      if (lane === 'c') throw new Error('no limits known');
      return { concurrency: 1 };
    };
    const { told, ended } = collect(run(['a', 'b', 'c', 'd'], work.attempt, { lane: String, laneLimits, ordered }));
    expect(await ended).toMatchObject({ error: new Error('no limits known') });
    expect(told.toSorted()).toEqual(['0 cancelled', '1 cancelled', '2 cancelled']);
    expect(work.running.size).toBe(0);
  },
);

test('a run does nothing before the loop, and its results come once', async () => {
  const source = new Numbers(2);
  const results = run(source.now(), async (n) => n);
  await turn();
  expect(source.read).toBe(0);
  expect(collect(results).told).toEqual([]);
  for (let turns = 0; turns < 5; turns += 1) await turn();
  const second = collect(results);
  expect(await second.ended).toBeNull();
  expect(second.told).toEqual([]);

  const never = run(source.now(), async (n) => n);
  await never.return?.();
  expect(await never.next()).toEqual({ done: true, value: undefined });
});

test('results asked for before they are there come in turn, and all who ask are answered at the end', async () => {
  const work = new Work<number>();
  const results = run([0, 1], work.attempt);
  const asked = [results.next(), results.next(), results.next(), results.next()];
  await turn();
  work.at(1).end('one');
  work.at(0).end('zero');
  expect((await Promise.all(asked)).map(({ done, value }) => (done ? 'end' : value?.value))).toEqual([
    'one',
    'zero',
    'end',
    'end',
  ]);
});

test('a loop that is late to take its results has not missed the deadline', async () => {
  const clock = fakeClock();
  const results = run([0, 1], async (n) => n, { deadlineMs: 100, clock });
  await results.next();
  await turn();
  await clock.advance(100);
  expect(await results.next()).toMatchObject({ value: { ok: true } });
  expect(await results.next()).toEqual({ done: true, value: undefined });
  expect(results.end?.kind).toBe('completed');
});

test('an empty source ends the loop, and undefined and null are values', async () => {
  const empty = collect(run([], async () => 1));
  expect(await empty.ended).toBeNull();
  const values: unknown[] = [];
  for await (const { ok, value } of run([undefined, null, 0], async (value) => value, { ordered: true }))
    values.push([ok, value]);
  expect(values).toEqual([
    [true, undefined],
    [true, null],
    [true, 0],
  ]);
});

test('the rate counts attempts, and `burst` lets some come at once', async () => {
  const clock = fakeClock();
  const starts: number[] = [];
  const attempt = async () => {
    starts.push(clock.now());
  };
  const { ended } = collect(run(new Numbers(6).now(), attempt, { rate: '100/s', burst: 3, clock }));
  await clock.advance(100);
  expect(await ended).toBeNull();
  expect(starts.slice(0, 3)).toEqual([0, 0, 0]);
  expect(starts.slice(3)).toEqual([10, 20, 30]);
});

test('wrong options are told at once, by name, expectation and value', () => {
  const attempt = async () => 1;
  const start =
    (options: object, jobs: unknown = []) =>
    () =>
      run(jobs as never[], attempt, options);
  expect(start({}, 'http://x')).toThrow('jobs: expected something to iterate over');
  expect(start({}, null)).toThrow('jobs: expected something to iterate over');
  expect(() => run([], undefined as never)).toThrow('attempt: expected an async function');
  expect(start({ concurrency: 0 })).toThrow('concurrency: expected a whole number of at least 1, got `0`');
  expect(start({ rate: 'fast' })).toThrow('got `fast`');
  expect(start({ rate: { count: 0, windowMs: 10 } })).toThrow('got `{"count":0,"windowMs":10}`');
  expect(start({ timeoutMs: -1 })).toThrow('timeoutMs: expected milliseconds from 0 to');
  expect(start({ retries: 1.5 })).toThrow('retries: expected a whole number of at least 0');
  expect(start({ maxFailures: '0%' })).toThrow("maxFailures: expected a number of failures or a share such as '5%'");
  expect(start({ maxFailures: 1, failFast: true })).toThrow('give one of them');
  expect(start({ laneLimits: { concurrency: 1 } })).toThrow('there is no `lane`');
  expect(start({ lane: String, laneLimits: { rate: 'x' } })).toThrow('laneLimits.rate: expected something like');
  expect(start({ timeoutMs: Number.POSITIVE_INFINITY, retryMaxDelayMs: Number.POSITIVE_INFINITY })).not.toThrow();
});

test('on the machine’s own clock nothing is left that keeps the process alive', async () => {
  const before = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const wait = async (_: number, { signal }: { signal: AbortSignal }) => sleep(60_000, undefined, { signal });
  const results = run(new Numbers().now(), wait, { rate: '1000/s', timeoutMs: 50_000, deadlineMs: 50_000 });
  const first = results.next();
  await turn();
  await results.return?.();
  expect(await stateOf(first)).toBe('resolved [object Object]');
  expect(process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length).toBe(before);
});
