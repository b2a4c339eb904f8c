import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Gate, type GateOptions } from '../../src/flow/gate.ts';
import { FakeClock, turn } from './fake-clock.ts';
import { GateWaiter } from './support/gate-waiters.ts';

/** One about every 100 ms: a start may be half a millisecond later than that. */
const tenPerSecond = { count: 10, windowMs: 1000 };
/** One every 10 ms. */
const hundredPerSecond = { count: 100, windowMs: 1000 };

function openGate(options: Partial<GateOptions> = {}) {
  const clock = new FakeClock();
  const gate = new Gate({ concurrency: 2, rate: null, burst: 1, clock, ...options });
  /** Sends so many to the gate. */
  const enter = (count: number) =>
    Array.from({ length: count }, () => {
      const waiter = new GateWaiter(clock.now());
      gate.enter(waiter, waiter);
      return waiter;
    });
  return { clock, gate, enter };
}

function states(waiters: readonly GateWaiter[]): string {
  return waiters.map(({ state }) => state).join(' ');
}

test('`Gate` admits at once when there are a slot and no other limit', () => {
  const { gate, enter } = openGate();
  expect(states(enter(1))).toBe('running');
  expect(gate.running).toBe(1);
});

test('`Gate` runs no more than `concurrency`, and serves in order', async () => {
  const { gate, enter } = openGate();
  const [first, second, third, fourth] = enter(4) as [GateWaiter, GateWaiter, GateWaiter, GateWaiter];
  const all = [first, second, third, fourth];
  expect(states(all)).toBe('running running waiting waiting');
  second.end();
  await turn();
  expect(states(all)).toBe('running ended running waiting');
  expect(gate.running).toBe(2);
});

test('`Gate` spaces the starts by the rate', async () => {
  const { clock, gate, enter } = openGate({ concurrency: 10, rate: tenPerSecond });
  const waiters = enter(3);
  await turn();
  expect(states(waiters)).toBe('running waiting waiting');
  expect(gate.waiting).toBe(2);
  expect(gate.running).toBe(1);
  await clock.advance(99);
  expect(states(waiters)).toBe('running waiting waiting');
  await clock.advance(2);
  expect(states(waiters)).toBe('running running waiting');
  await clock.advance(101);
  expect(states(waiters)).toBe('running running running');
  expect(clock.pending).toBe(0);
});

test('`Gate` takes the token in the moment of the start: waiting for a slot uses none', async () => {
  const { clock, enter } = openGate({ concurrency: 1, rate: tenPerSecond });
  const [first, second, third] = enter(3) as [GateWaiter, GateWaiter, GateWaiter];
  await clock.advance(950);
  first.end();
  await turn();
  expect(second.state).toBe('running');
  second.end();
  await clock.advance(94);
  expect(third.state).toBe('waiting');
  await clock.advance(7);
  expect(third.state).toBe('running');
});

test('who is not ready when its slot comes is requeued, and the slot goes on', async () => {
  const { gate, enter } = openGate({ concurrency: 1 });
  const [first, second, third] = enter(3) as [GateWaiter, GateWaiter, GateWaiter];
  second.isReadyNow = false;
  first.end();
  await turn();
  expect(states([first, second, third])).toBe('ended requeued running');
  expect(gate.running).toBe(1);
});

test('who is requeued uses no token', async () => {
  const { clock, enter } = openGate({ concurrency: 3, rate: tenPerSecond });
  const [first, second, third] = enter(3) as [GateWaiter, GateWaiter, GateWaiter];
  await turn();
  second.isReadyNow = false;
  await clock.advance(101);
  expect(states([first, second, third])).toBe('running requeued running');
});

test('`review` requeues at once who waits for a token and is not ready any more, and the slot goes on', async () => {
  const { clock, gate, enter } = openGate({ concurrency: 2, rate: tenPerSecond });
  const [first, second, third] = enter(3) as [GateWaiter, GateWaiter, GateWaiter];
  await turn();
  second.isReadyNow = false;
  gate.review();
  await turn();
  expect(states([first, second, third])).toBe('running requeued waiting');
  expect(gate.waiting).toBe(1);
  await clock.advance(101);
  expect(third.state).toBe('running');
});

test('`review` that sends everyone away leaves no timer', async () => {
  const { clock, gate, enter } = openGate({ concurrency: 3, rate: tenPerSecond });
  const [first, ...others] = enter(3) as [GateWaiter, GateWaiter, GateWaiter];
  await turn();
  for (const other of others) other.isReadyNow = false;
  gate.review();
  await turn();
  expect(states([first, ...others])).toBe('running requeued requeued');
  expect(clock.pending).toBe(0);
});

test('`review` keeps the order of those who stay', async () => {
  const { clock, gate, enter } = openGate({ concurrency: 4, rate: tenPerSecond });
  const waiters = enter(4) as [GateWaiter, GateWaiter, GateWaiter, GateWaiter];
  await turn();
  waiters[1].isReadyNow = false;
  gate.review();
  await clock.advance(101);
  expect(states(waiters)).toBe('running requeued running waiting');
});

test('the wait for a slot is written down as queued, the wait for output and token as limited', async () => {
  const { clock, enter } = openGate({ concurrency: 2, rate: hundredPerSecond });
  const [first, , third] = enter(3) as [GateWaiter, GateWaiter, GateWaiter];
  await clock.advance(13);
  first.end();
  await clock.advance(7);
  expect(third.state).toBe('running');
  expect(first.timings).toEqual({ queuedMs: 0, limitedMs: 0, totalMs: 0 });
  expect(third.timings).toEqual({ queuedMs: 13, limitedMs: 7, totalMs: 0 });
});

test('`Gate` serves or requeues everyone, never too many at once, and leaves no timer', async () => {
  const plan = fc.array(fc.record({ isReady: fc.boolean(), ms: fc.nat(300) }), { minLength: 1, maxLength: 30 });
  const rates = fc.constantFrom(null, tenPerSecond);
  await fc.assert(
    fc.asyncProperty(plan, rates, fc.integer({ min: 1, max: 4 }), async (steps, rate, concurrency) => {
      const { clock, gate } = openGate({ concurrency, rate });
      const order: GateWaiter[] = [];
      const waiters = steps.map(() => new GateWaiter(0, (waiter) => order.push(waiter)));
      const running = () => waiters.filter(({ state }) => state === 'running');
      for (const waiter of waiters) gate.enter(waiter, waiter);
      for (const [index, { isReady, ms }] of steps.entries()) {
        const waiter = waiters[index];
        if (waiter) waiter.isReadyNow = isReady;
        if (ms % 2) gate.review();
        await clock.advance(ms);
        expect(gate.running).toBe(running().length);
        expect(running().length).toBeLessThanOrEqual(concurrency);
        running().at(0)?.end();
      }
      // From here on each ends as soon as it has started.
      for (let left = waiters.length; left > 0; left -= 1) {
        for (const waiter of running()) waiter.end();
        await clock.advance(101);
      }
      for (const waiter of running()) waiter.end();
      await turn();
      expect(waiters.every(({ state }) => state === 'ended' || state === 'requeued')).toBe(true);
      const started = [...new Set(order.filter(({ state }) => state === 'ended'))];
      expect(started).toEqual(waiters.filter(({ state }) => state === 'ended'));
      expect([gate.running, gate.waiting, clock.pending]).toEqual([0, 0, 0]);
    }),
    { numRuns: 100 },
  );
});

test('who is not ready when its slot comes does not wait for a token, nor keep the slot meanwhile', async () => {
  const { clock, enter } = openGate({ concurrency: 1, rate: { count: 1, windowMs: 60_000 } });
  const [first, second] = enter(2) as [GateWaiter, GateWaiter];
  await clock.advance(10);
  second.isReadyNow = false;
  first.end();
  await turn();
  expect(second.state).toBe('requeued');
});

test('who stops being ready while its token is on the way does not start', async () => {
  const { clock, enter } = openGate({ rate: tenPerSecond });
  const [, second] = enter(2) as [GateWaiter, GateWaiter];
  await turn();
  second.isReadyNow = false;
  clock.jump(101);
  expect(second.state).toBe('requeued');
});

test('`sent` lets the next one start a spacing after the request has left', async () => {
  const { clock, gate, enter } = openGate({ rate: tenPerSecond });
  const [, second] = enter(2) as [GateWaiter, GateWaiter];
  await clock.advance(30);
  gate.sent(clock.now());
  await clock.advance(99);
  expect(second.state).toBe('waiting');
  await clock.advance(2);
  expect(second.state).toBe('running');
});

test('the first request that has left lets the others go at once, not only when `coldMs` are over', async () => {
  const { clock, gate, enter } = openGate({ rate: hundredPerSecond, coldMs: 500 });
  const [, second] = enter(2) as [GateWaiter, GateWaiter];
  await clock.advance(15);
  gate.sent(clock.now());
  await clock.advance(10);
  expect(second.state).toBe('running');
});
