import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Gate, type GateOptions } from '../../src/flow/gate.ts';
import { FakeClock, turn } from './fake-clock.ts';
import { TestEntrant } from './support/entrants.ts';

/** One about every 100 ms: a start may be half a millisecond later than that. */
const tenPerSecond = { count: 10, windowMs: 1000 };
/** One every 10 ms. */
const hundredPerSecond = { count: 100, windowMs: 1000 };

function openGate(options: Partial<GateOptions> = {}) {
  const clock = new FakeClock();
  const gate = new Gate({ concurrency: 2, rate: null, burst: 1, isStuffed: () => false, clock, ...options });
  /** Sends so many to the gate. */
  const enter = (count: number) =>
    Array.from({ length: count }, () => {
      const entrant = new TestEntrant(clock.now());
      gate.enter(entrant);
      return entrant;
    });
  return { clock, gate, enter };
}

function states(entrants: readonly TestEntrant[]): string {
  return entrants.map(({ state }) => state).join(' ');
}

test('`Gate` admits at once when there are a slot and no other limit', () => {
  const { gate, enter } = openGate();
  expect(states(enter(1))).toBe('running');
  expect(gate.running).toBe(1);
});

test('`Gate` runs no more than `concurrency`, and serves in order', async () => {
  const { gate, enter } = openGate();
  const [first, second, third, fourth] = enter(4) as [TestEntrant, TestEntrant, TestEntrant, TestEntrant];
  const all = [first, second, third, fourth];
  expect(states(all)).toBe('running running waiting waiting');
  second.end();
  await turn();
  expect(states(all)).toBe('running ended running waiting');
  expect(gate.running).toBe(2);
});

test('`Gate` spaces the starts by the rate', async () => {
  const { clock, gate, enter } = openGate({ concurrency: 10, rate: tenPerSecond });
  const entrants = enter(3);
  await turn();
  expect(states(entrants)).toBe('running waiting waiting');
  expect(gate.waiting).toBe(2);
  expect(gate.running).toBe(1);
  await clock.advance(99);
  expect(states(entrants)).toBe('running waiting waiting');
  await clock.advance(2);
  expect(states(entrants)).toBe('running running waiting');
  await clock.advance(101);
  expect(states(entrants)).toBe('running running running');
  expect(clock.pending).toBe(0);
});

test('`Gate` takes the token in the moment of the start: waiting for a slot uses none', async () => {
  const { clock, enter } = openGate({ concurrency: 1, rate: tenPerSecond });
  const [first, second, third] = enter(3) as [TestEntrant, TestEntrant, TestEntrant];
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

test('who is not ready when its slot comes is declined, and the slot goes on', async () => {
  const { gate, enter } = openGate({ concurrency: 1 });
  const [first, second, third] = enter(3) as [TestEntrant, TestEntrant, TestEntrant];
  second.isReady = false;
  first.end();
  await turn();
  expect(states([first, second, third])).toBe('ended declined running');
  expect(gate.running).toBe(1);
});

test('who is declined uses no token', async () => {
  const { clock, enter } = openGate({ concurrency: 3, rate: tenPerSecond });
  const [first, second, third] = enter(3) as [TestEntrant, TestEntrant, TestEntrant];
  await turn();
  second.isReady = false;
  await clock.advance(101);
  expect(states([first, second, third])).toBe('running declined running');
});

test('`review` declines at once who waits for a token and is not ready any more, and the slot goes on', async () => {
  const { clock, gate, enter } = openGate({ concurrency: 2, rate: tenPerSecond });
  const [first, second, third] = enter(3) as [TestEntrant, TestEntrant, TestEntrant];
  await turn();
  second.isReady = false;
  gate.review();
  await turn();
  expect(states([first, second, third])).toBe('running declined waiting');
  expect(gate.waiting).toBe(1);
  await clock.advance(101);
  expect(third.state).toBe('running');
});

test('`review` that sends everyone away leaves no timer', async () => {
  const { clock, gate, enter } = openGate({ concurrency: 3, rate: tenPerSecond });
  const [first, ...others] = enter(3) as [TestEntrant, TestEntrant, TestEntrant];
  await turn();
  for (const other of others) other.isReady = false;
  gate.review();
  await turn();
  expect(states([first, ...others])).toBe('running declined declined');
  expect(clock.pending).toBe(0);
});

test('`review` keeps the order of those who stay', async () => {
  const { clock, gate, enter } = openGate({ concurrency: 4, rate: tenPerSecond });
  const entrants = enter(4) as [TestEntrant, TestEntrant, TestEntrant, TestEntrant];
  await turn();
  entrants[1].isReady = false;
  gate.review();
  await clock.advance(101);
  expect(states(entrants)).toBe('running declined running waiting');
});

test('while one attempt at a time may go on for the output, one does, and the others when `review` finds room', async () => {
  let isStuffed = true;
  const { gate, enter } = openGate({ concurrency: 3, isStuffed: (running) => isStuffed && running > 0 });
  const entrants = enter(4) as [TestEntrant, TestEntrant, TestEntrant, TestEntrant];
  expect(states(entrants)).toBe('running waiting waiting waiting');
  expect([gate.running, gate.waiting]).toEqual([1, 2]);
  entrants[0].end();
  await turn();
  expect(states(entrants)).toBe('ended running waiting waiting');
  isStuffed = false;
  gate.review();
  await turn();
  expect(states(entrants)).toBe('ended running running running');
});

test('who waits for the output takes no token', async () => {
  let isStuffed = true;
  const { clock, gate, enter } = openGate({ rate: tenPerSecond, isStuffed: (running) => isStuffed && running > 0 });
  const entrants = enter(3);
  await clock.advance(500);
  expect(states(entrants)).toBe('running waiting waiting');
  isStuffed = false;
  gate.review();
  expect(states(entrants)).toBe('running running waiting');
});

test('the wait for a slot is written down as queued, the wait for output and token as limited', async () => {
  const { clock, enter } = openGate({ concurrency: 2, rate: hundredPerSecond });
  const [first, , third] = enter(3) as [TestEntrant, TestEntrant, TestEntrant];
  await clock.advance(13);
  first.end();
  await clock.advance(7);
  expect(third.state).toBe('running');
  expect(first.timings).toEqual({ queuedMs: 0, limitedMs: 0, totalMs: 0 });
  expect(third.timings).toEqual({ queuedMs: 13, limitedMs: 7, totalMs: 0 });
});

test('`Gate` serves or declines everyone, never too many at once, and leaves no timer', async () => {
  const plan = fc.array(fc.record({ isReady: fc.boolean(), ms: fc.nat(300) }), { minLength: 1, maxLength: 30 });
  const rates = fc.constantFrom(null, tenPerSecond);
  await fc.assert(
    fc.asyncProperty(plan, rates, fc.integer({ min: 1, max: 4 }), async (steps, rate, concurrency) => {
      const { clock, gate } = openGate({ concurrency, rate });
      const order: TestEntrant[] = [];
      const entrants = steps.map(() => new TestEntrant(0, (entrant) => order.push(entrant)));
      const running = () => entrants.filter(({ state }) => state === 'running');
      for (const entrant of entrants) gate.enter(entrant);
      for (const [index, { isReady, ms }] of steps.entries()) {
        const entrant = entrants[index];
        if (entrant) entrant.isReady = isReady;
        if (ms % 2) gate.review();
        await clock.advance(ms);
        expect(gate.running).toBe(running().length);
        expect(running().length).toBeLessThanOrEqual(concurrency);
        running().at(0)?.end();
      }
      // From here on each ends as soon as it has started.
      for (let left = entrants.length; left > 0; left -= 1) {
        for (const entrant of running()) entrant.end();
        await clock.advance(101);
      }
      for (const entrant of running()) entrant.end();
      await turn();
      expect(entrants.every(({ state }) => state === 'ended' || state === 'declined')).toBe(true);
      const started = [...new Set(order.filter(({ state }) => state === 'ended'))];
      expect(started).toEqual(entrants.filter(({ state }) => state === 'ended'));
      expect([gate.running, gate.waiting, clock.pending]).toEqual([0, 0, 0]);
    }),
    { numRuns: 100 },
  );
});

test('who is not ready when its slot comes does not wait for a token, nor keep the slot meanwhile', async () => {
  const { clock, enter } = openGate({ concurrency: 1, rate: { count: 1, windowMs: 60_000 } });
  const [first, second] = enter(2) as [TestEntrant, TestEntrant];
  await clock.advance(10);
  second.isReady = false;
  first.end();
  await turn();
  expect(second.state).toBe('declined');
});

test('who stops being ready while its token is on the way does not start', async () => {
  const { clock, enter } = openGate({ rate: tenPerSecond });
  const [, second] = enter(2) as [TestEntrant, TestEntrant];
  await turn();
  second.isReady = false;
  clock.jump(101);
  expect(second.state).toBe('declined');
});

test('`sent` lets the next one start a spacing after the request has left', async () => {
  const { clock, gate, enter } = openGate({ rate: tenPerSecond });
  const [, second] = enter(2) as [TestEntrant, TestEntrant];
  await clock.advance(30);
  gate.sent(clock.now());
  await clock.advance(99);
  expect(second.state).toBe('waiting');
  await clock.advance(2);
  expect(second.state).toBe('running');
});

test('the first request that has left lets the others go at once, not only when `coldMs` are over', async () => {
  const { clock, gate, enter } = openGate({ rate: hundredPerSecond, coldMs: 500 });
  const [, second] = enter(2) as [TestEntrant, TestEntrant];
  await clock.advance(15);
  gate.sent(clock.now());
  await clock.advance(10);
  expect(second.state).toBe('running');
});
