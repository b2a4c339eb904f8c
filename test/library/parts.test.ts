import { expect, test } from 'vitest';
import { Failure, group, RateLimiter, retry, run, Semaphore, singleFlight, withDeadline } from '../../src/index.ts';
import { fakeClock, stateOf, turn, userSignal } from './support/work.ts';

test('`Semaphore`: one who waits for much and leaves lets those behind in', async () => {
  const user = userSignal();
  const semaphore = new Semaphore(3);
  const release = await semaphore.acquire(2);
  const big = semaphore.acquire(3, { signal: user.signal });
  const small = semaphore.acquire(1);
  expect(semaphore.tryAcquire(1)).toBeNull();
  expect(semaphore.waiting).toBe(2);
  user.abort(new Error('gone'));
  await expect(big).rejects.toThrow('gone');
  (await small)();
  release();
  release();
  expect(semaphore.free).toBe(3);
  await expect(semaphore.acquire(1, { signal: user.signal })).rejects.toThrow('gone');
});

test('`Semaphore`: `use` releases however the call ends, and a weight that never fits is an error', async () => {
  const semaphore = new Semaphore(2);
  const call = async () => {
    expect(semaphore.free).toBe(0);
    throw new Error('no');
  };
  await expect(semaphore.use(call, { weight: 2 })).rejects.toThrow('no');
  expect(semaphore.free).toBe(2);
  await expect(semaphore.acquire(3)).rejects.toThrow("weight: expected at most the semaphore's size of 2, got `3`");
  await expect(semaphore.acquire(0)).rejects.toThrow('weight: expected a whole number of at least 1');
  expect(() => new Semaphore(0)).toThrow('Semaphore: expected');
});

test('`RateLimiter`: one who leaves uses no token and no timer', async () => {
  const clock = fakeClock();
  const user = userSignal();
  const limiter = new RateLimiter('100/s', { clock });
  await limiter.take();
  const left = limiter.take({ signal: user.signal });
  const next = limiter.take();
  expect(limiter.tryTake()).toBe(false);
  user.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  await clock.advance(9);
  expect(await stateOf(next)).toBe('pending');
  await clock.advance(1);
  expect(await stateOf(next)).toBe('resolved undefined');
  const alone = new AbortController();
  const leaver = limiter.take({ signal: alone.signal });
  expect(clock.pending).toBe(1);
  alone.abort();
  await expect(leaver).rejects.toMatchObject({ name: 'AbortError' });
  expect(clock.pending).toBe(0);
});

test('`group`: its own signal cancels it, also before anything starts, and an empty one ends at once', async () => {
  await group().wait();
  const user = userSignal();
  const parts = group({ signal: user.signal, limit: 1 });
  const saw: string[] = [];
  const work = (name: string) => async (signal: AbortSignal) => {
    saw.push(name);
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('mine')), { once: true }));
  };
  parts.go(work('first'));
  parts.go(work('second'));
  await turn();
  user.abort(new Error('Ctrl-C'));
  await expect(parts.wait()).rejects.toThrow('Ctrl-C');
  expect(saw).toEqual(['first']);

  const late = group({ signal: user.signal });
  late.go(work('late'));
  expect(await late.ready()).toBe(false);
  expect(saw).toEqual(['first']);
  await expect(late.wait()).rejects.toThrow('Ctrl-C');
});

test('`group`: its own signal cancels it while nothing runs, too', async () => {
  const user = new AbortController();
  const parts = group({ signal: user.signal });
  parts.go(async () => {});
  expect(await parts.ready()).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  user.abort(new Error('enough'));
  expect(parts.signal.aborted).toBe(true);
  await expect(parts.wait()).rejects.toThrow('enough');
});

test('`group`: `ready` waits for a free place', async () => {
  const parts = group({ limit: 1 });
  let end: () => void = () => {};
  expect(await parts.ready()).toBe(true);
  parts.go(
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  const ready = parts.ready();
  expect(await stateOf(ready)).toBe('pending');
  end();
  expect(await stateOf(ready)).toBe('resolved true');
  await parts.wait();
});

test('`group`: work may add work, and `wait` waits for that too', async () => {
  const parts = group();
  const done: number[] = [];
  const countDown = (n: number) => async () => {
    await turn();
    done.push(n);
    if (n > 0) parts.go(countDown(n - 1));
  };
  parts.go(countDown(3));
  await parts.wait();
  expect(done).toEqual([3, 2, 1, 0]);
});

test('`withDeadline` passes on values and errors, and the caller’s reason when that is what ended it', async () => {
  const clock = fakeClock();
  const user = userSignal();
  expect(await withDeadline(10, async () => 'value', { clock })).toBe('value');
  await expect(withDeadline(10, async () => Promise.reject(new Error('own')), { clock })).rejects.toThrow('own');
  const hangs = (signal: AbortSignal) =>
    new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
    );
  const call = withDeadline(10, hangs, { clock, signal: user.signal });
  user.abort(new Error('Ctrl-C'));
  await expect(call).rejects.toThrow('Ctrl-C');
  await expect(withDeadline(10, async () => 1, { clock, signal: user.signal })).rejects.toThrow('Ctrl-C');
  await expect(withDeadline(-1, async () => 1)).rejects.toThrow('withDeadline: expected milliseconds');
});

test('`singleFlight` shares errors too, keeps nothing, and takes nobody aboard a flight that is being cancelled', async () => {
  const flight = singleFlight<number, number>();
  let calls = 0;
  const fail = async () => {
    calls += 1;
    throw new Error(`call ${calls}`);
  };
  const both = await Promise.allSettled([flight(1, fail), flight(1, fail)]);
  expect(both.map((each) => each.status === 'rejected' && each.reason.message)).toEqual(['call 1', 'call 1']);
  await expect(flight(1, fail)).rejects.toThrow('call 2');

  const user = userSignal();
  let end: () => void = () => {};
  const slowToEnd = () =>
    new Promise<number>((resolve) => {
      end = () => resolve(1);
    });
  const left = flight(2, slowToEnd, { signal: user.signal });
  user.abort(new Error('gone'));
  expect(await stateOf(left)).toBe('pending');
  expect(await flight(2, async () => 2)).toBe(2);
  end();
  await expect(left).rejects.toThrow('gone');
});

test('`retry` keeps the error’s words, and takes no wait from what is no time', () => {
  const error = new Failure('http', 'status 503', { phase: 'headers' });
  expect(retry(error, { holdLaneMs: 10 })).toMatchObject({
    code: 'http',
    phase: 'headers',
    cause: error,
    holdLaneMs: 10,
  });
  const cause = new Error('x');
  expect(retry(cause, { afterMs: Number.NaN, holdLaneMs: -5 })).toMatchObject({ message: 'x', retryable: true, cause });
  expect(retry(cause, { afterMs: Number.NaN, holdLaneMs: -5 })).toMatchObject({
    afterMs: undefined,
    holdLaneMs: undefined,
  });
  expect(retry('text')).toBeInstanceOf(Failure);
});

test('nobody listens any more to a signal that never aborted', async () => {
  const clock = fakeClock();
  // Checked when the test is over.
  const { signal } = userSignal();
  const semaphore = new Semaphore(1);
  const release = await semaphore.acquire(1, { signal });
  const second = semaphore.acquire(1, { signal });
  release();
  (await second)();

  const limiter = new RateLimiter('100/s', { clock });
  const tokens = [limiter.take({ signal }), limiter.take({ signal })];
  await clock.advance(10);
  await Promise.all(tokens);

  const flight = singleFlight<number>();
  await flight('key', async () => 1, { signal });
  await expect(flight('key', async () => Promise.reject(new Error('no')), { signal })).rejects.toThrow('no');

  const parts = group({ signal });
  parts.go(async () => {});
  await parts.wait();
  for await (const _ of run([1, 2], async (n) => n, { signal, drain: signal }));
});
