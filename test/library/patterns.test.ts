import { expect, test } from 'vitest';
import { childSignal, group, RateLimiter, retry, run, Semaphore, singleFlight, withDeadline } from '../../src/index.ts';
import { collect, fakeClock, Numbers, stateOf, turn, userSignal, Work } from './support/work.ts';

test('worker pool: never more than the limit at once, and every job gets one result', async () => {
  const work = new Work<number>();
  const { told, ended } = collect(run(new Numbers(7).now(), work.attempt, { concurrency: 3 }));
  for (let done = 0; done < 7; done += 1) {
    await turn();
    expect(work.running.size).toBe(Math.min(3, 7 - done));
    work.at(done).end('done');
  }
  expect(await ended).toBeNull();
  expect(told).toEqual(['0 ok', '1 ok', '2 ok', '3 ok', '4 ok', '5 ok', '6 ok']);
  expect(work.most).toBe(3);
});

test('fan-out and fan-in: what ends in any order comes together in one loop, in the jobs’ order when asked', async () => {
  const outcomes = [];
  for (const ordered of [false, true]) {
    const work = new Work<number>();
    const { told, ended } = collect(run([10, 11, 12], work.attempt, { ordered }));
    await turn();
    for (const nth of [2, 0, 1]) {
      work.at(nth).end('done');
      await turn();
    }
    expect(await ended).toBeNull();
    outcomes.push(told);
  }
  expect(outcomes).toEqual([
    ['2 ok', '0 ok', '1 ok'],
    ['0 ok', '1 ok', '2 ok'],
  ]);
});

test('pipeline: leaving the last loop ends every stage, to the source', async () => {
  const source = new Numbers();
  const first = new Work<number, number>();
  const inner = run(source.later(), first.attempt, { concurrency: 2 });
  const outer = run(inner, async ({ value }) => value, { concurrency: 2 });
  const loop = (async () => {
    for await (const result of outer) if (result.value === 1) break;
  })();
  await turn();
  await turn();
  first.at(0).end(1);
  await loop;
  expect(first.running.size).toBe(0);
  expect(source.isClosed).toBe(true);
  expect(inner.end?.kind).toBe('aborted');
});

test('pipeline: a stage whose work is slow to end is awaited all the same', async () => {
  const clock = fakeClock();
  const work = new Work<number>({ isDeaf: true });
  const outer = run(run([0, 1], work.attempt, { clock }), async () => 'done', { clock });
  const loop = (async () => {
    for await (const { ok } of outer) if (ok) break;
  })();
  await turn();
  work.at(0).end('done');
  await turn();
  await clock.advance(10_000);
  expect(await stateOf(loop)).toBe('pending');
  work.at(1).end('late');
  await loop;
});

test.each(['now', 'later'] as const)('backpressure: a loop that stands still stops the reading (%s)', async (kind) => {
  const source = new Numbers();
  const results = run(source[kind](), async (n) => n, { concurrency: 2, window: 5 });
  for (let taken = 1; taken <= 20; taken += 1) {
    await results.next();
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(source.read).toBe(taken + 5);
  }
  await results.return?.();
  expect(source.isClosed).toBe(true);
});

test('error group: the first error cancels the rest, and all are awaited', async () => {
  const work = new Work<string>({ isDeaf: true });
  const parts = group();
  for (const name of ['a', 'b', 'c']) parts.go((signal) => work.attempt(name, { signal, attempt: 1, index: 0 }));
  const waited = parts.wait();
  await turn();
  work.at(1).fail(new Error('first'));
  await turn();
  expect(parts.signal.aborted).toBe(true);
  work.at(0).fail(new Error('second'));
  expect(await stateOf(waited)).toBe('pending');
  work.at(2).end('done');
  await expect(waited).rejects.toThrow('first');
  expect(() => parts.go(async () => {})).toThrow('the group is over');
});

test('error group with limit: the rest stands in line, and after an error never starts', async () => {
  const user = userSignal();
  const work = new Work<number>();
  const parts = group({ limit: 2, signal: user.signal });
  for (const n of [0, 1, 2, 3]) parts.go((signal) => work.attempt(n, { signal, attempt: 1, index: n }));
  const ready = parts.ready();
  const waited = parts.wait();
  waited.catch(() => {});
  await turn();
  expect(work.jobs()).toEqual([0, 1]);
  work.at(0).end('done');
  await turn();
  expect(work.jobs()).toEqual([0, 1, 2]);
  work.at(1).fail(new Error('broken'));
  await expect(waited).rejects.toThrow('broken');
  expect(await ready).toBe(false);
  expect(work.jobs()).toEqual([0, 1, 2]);
  expect(work.running.size).toBe(0);
});

test('weighted semaphore: the weights held never exceed the size, and who asks for much is not overtaken', async () => {
  const semaphore = new Semaphore(10);
  const releases = await Promise.all([semaphore.acquire(6), semaphore.acquire(3)]);
  const big = semaphore.acquire(8);
  const small = semaphore.acquire(1);
  expect(await stateOf(small)).toBe('pending');
  releases[0]?.();
  expect(await stateOf(big)).toBe('pending');
  releases[1]?.();
  (await big)();
  (await small)();
  expect(semaphore.free).toBe(10);
});

test('rate limiter: any number of workers share one rate', async () => {
  const clock = fakeClock();
  const limiter = new RateLimiter({ count: 10, windowMs: 100 }, { clock });
  const starts: number[] = [];
  const workers = Array.from({ length: 4 }, async () => {
    for (let call = 0; call < 5; call += 1) {
      await limiter.take();
      starts.push(clock.now());
    }
  });
  await clock.advance(500);
  await Promise.all(workers);
  expect(starts).toEqual(Array.from({ length: 20 }, (_, n) => n * 10));
});

test('deadlines: a call that is late is cancelled and awaited', async () => {
  const clock = fakeClock();
  const user = userSignal();
  const work = new Work<string>();
  const late = withDeadline(1000, (signal) => work.attempt('call', { signal, attempt: 1, index: 0 }), {
    signal: user.signal,
    clock,
  });
  const told = stateOf(late);
  await clock.advance(999);
  expect(work.running.size).toBe(1);
  expect(await told).toBe('pending');
  await clock.advance(1);
  await expect(late).rejects.toMatchObject({ code: 'timeout', retryable: true, message: 'not finished after 1 s' });
  expect(work.running.size).toBe(0);
});

test('deadlines: each attempt’s ends the attempt, the run’s ends the run', async () => {
  const clock = fakeClock();
  const work = new Work<number>();
  const results = run(new Numbers().now(), work.attempt, {
    concurrency: 1,
    window: 2,
    retries: 0,
    timeoutMs: 100,
    deadlineMs: 250,
    clock,
  });
  const { told, ended } = collect(results);
  await clock.advance(249);
  expect(told).toEqual(['0 timeout', '1 timeout']);
  await clock.advance(1);
  expect(await ended).toMatchObject({ error: { code: 'deadline' } });
  expect(told.toSorted()).toEqual(['0 timeout', '1 timeout', '2 deadline', '3 deadline']);
});

test('child signals: a child ends with its parent, never the other way round, and lets go of it', async () => {
  const user = userSignal();
  const [one, two, three] = [childSignal(user.signal), childSignal(user.signal), childSignal(user.signal)];
  one.abort(new Error('mine'));
  three.release();
  expect(user.signal.aborted).toBe(false);
  user.abort(new Error('yours'));
  expect(one.signal.reason.message).toBe('mine');
  expect(two.signal.reason.message).toBe('yours');
  expect(three.signal.aborted).toBe(false);
  expect(childSignal(user.signal).signal.aborted).toBe(true);
  one.release();
});

test('graceful end: nothing new starts, what runs may finish, the loop ends without an error', async () => {
  const drain = userSignal();
  const work = new Work<number>();
  const source = new Numbers();
  const results = run(source.later(), work.attempt, { concurrency: 2, window: 4, drain: drain.signal });
  const { told, ended } = collect(results);
  for (let turns = 0; turns < 10; turns += 1) await turn();
  drain.abort();
  await turn();
  expect(work.running.size).toBe(2);
  work.at(0).end('done');
  work.at(1).end('done');
  expect(await ended).toBeNull();
  expect(told.toSorted()).toEqual(['0 ok', '1 ok', '2 cancelled', '3 cancelled']);
  expect(work.started).toHaveLength(2);
  expect(results.end).toMatchObject({ kind: 'drained', read: 4, failed: 0, isAllRead: false });
  expect(source.isClosed).toBe(true);
});

test('single flight: the same key shares one call; who leaves does not cancel the others, the last one does', async () => {
  const calls: AbortSignal[] = [];
  let land: (value: string) => void = () => {};
  const flight = singleFlight<string>();
  const call = (signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      calls.push(signal);
      land = resolve;
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  const [one, two] = [userSignal(), userSignal()];
  const first = flight('key', call, { signal: one.signal });
  const second = flight('key', call, { signal: two.signal });
  const other = flight('other', async () => 'other');
  one.abort(new Error('one left'));
  await expect(first).rejects.toThrow('one left');
  expect(calls).toHaveLength(1);
  expect(calls[0]?.aborted).toBe(false);
  expect(await other).toBe('other');
  two.abort(new Error('two left'));
  await expect(second).rejects.toThrow('two left');
  expect(calls[0]?.aborted).toBe(true);

  const again = flight('key', call);
  land('landed');
  expect(await again).toBe('landed');
  expect(calls).toHaveLength(2);
});

test('shared hold: a server that asks for quiet gets it from the whole lane, and only from that', async () => {
  const clock = fakeClock();
  const work = new Work<string>();
  const { told, ended } = collect(
    run(['a', 'a', 'b', 'b'], work.attempt, { lane: (job) => job, laneLimits: { concurrency: 1 }, clock }),
  );
  await turn();
  work.at(0).fail(retry(new Error('too many'), { holdLaneMs: 2000 }));
  await clock.advance(1999);
  expect(work.jobs()).toEqual(['a', 'b']);
  work.at(1).end('done');
  await turn();
  work.at(2).end('done');
  await clock.advance(1);
  expect(work.jobs()).toEqual(['a', 'b', 'b', 'a']);
  work.at(3).end('done');
  await turn();
  work.at(4).end('done');
  expect(await ended).toBeNull();
  expect(told.toSorted()).toEqual(['0 ok', '1 ok', '2 ok', '3 ok']);
});
