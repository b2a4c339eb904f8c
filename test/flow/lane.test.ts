import { describe, expect, test } from 'vitest';
import { turn } from './fake-clock.ts';
import { cancelled, failure } from './support/outcomes.ts';
import { count, openLanes, states, type TestWaiter } from './support/waiters.ts';

/** One about every 100 ms: a start may be half a millisecond later than that. */
const tenPerSecond = { count: 10, windowMs: 1000 };
/** One every 10 ms. */
const hundredPerSecond = { count: 100, windowMs: 1000 };
type Two = [TestWaiter, TestWaiter];
type Three = [TestWaiter, TestWaiter, TestWaiter];

/** The server said how long. */
const told = { isGuess: false };

describe('limits', () => {
  test('`Lane` lets everyone through in order when it has no limits of its own', async () => {
    const { enter } = openLanes({ slots: 2 });
    const waiters = enter('a', 3) as Three;
    expect(states(waiters)).toBe('running running waiting');
    waiters[1].end();
    await turn();
    expect(states(waiters)).toBe('running ended running');
  });

  test('`Lane` has at most one job at the gate, so lanes take turns', async () => {
    const { clock, gate, enter } = openLanes({ gateRate: tenPerSecond });
    const many = enter('busy', 50);
    const [late] = enter('late', 1) as [TestWaiter];
    expect(gate.waiting).toBe(2);
    await clock.advance(101);
    expect(count(many)).toBe('2 running, 48 waiting');
    await clock.advance(101);
    expect(late.state).toBe('running');
    expect(gate.waiting).toBe(1);
  });

  test('`Lane` runs no more than its own concurrency, and holds no slot for the rest', async () => {
    const { gate, enter } = openLanes({ concurrency: 2, slots: 3 });
    const mine = enter('a', 5);
    const others = enter('b', 1);
    expect(count(mine)).toBe('2 running, 3 waiting');
    expect(count(others)).toBe('1 running');
    mine[0]?.end();
    await turn();
    expect(count(mine)).toBe('1 ended, 2 running, 2 waiting');
    expect(gate.running).toBe(3);
  });

  test('`Lane` spaces its starts by its own rate, and delays no other lane by it', async () => {
    const { clock, enter } = openLanes({ rate: tenPerSecond });
    const mine = enter('a', 3);
    const others = enter('b', 1);
    expect(count(mine)).toBe('1 running, 2 waiting');
    expect(count(others)).toBe('1 running');
    await clock.advance(99);
    expect(count(mine)).toBe('1 running, 2 waiting');
    await clock.advance(2);
    expect(count(mine)).toBe('2 running, 1 waiting');
    await clock.advance(101);
    expect(count(mine)).toBe('3 running');
    expect(clock.pending).toBe(0);
  });

  test('`Lane` counts its own spacing and the gate’s from when a request has left', async () => {
    for (const limits of [{ rate: tenPerSecond }, { gateRate: tenPerSecond }]) {
      const { clock, lanes, enter } = openLanes(limits);
      const waiters = enter('a', 2);
      expect(lanes.get('a').isPaced).toBe(true);
      await clock.advance(30);
      lanes.get('a').sent();
      await clock.advance(99);
      expect(states(waiters)).toBe('running waiting');
      await clock.advance(2);
      expect(states(waiters)).toBe('running running');
    }
    expect(openLanes().lanes.get('a').isPaced).toBe(false);
  });

  test('`Lane` serves hops first', async () => {
    const { enter } = openLanes({ concurrency: 1 });
    const [running, next] = enter('a', 2) as Two;
    const [hop] = enter('a', 1, { isHop: true }) as [TestWaiter];
    running.end();
    await turn();
    expect(states([hop, next])).toBe('running waiting');
  });

  test('the wait for a turn is written down as queued, for the rate of the lane as limited', async () => {
    const { clock, enter } = openLanes({ rate: hundredPerSecond, concurrency: 1 });
    const [first, second] = enter('a', 2) as Two;
    await clock.advance(3);
    first.end();
    await clock.advance(7);
    expect(second.state).toBe('running');
    expect(second.timings).toMatchObject({ queuedMs: 3, limitedMs: 7 });
  });
});

describe('a held lane', () => {
  test('starts nothing until the hold ends, then exactly one probe, then everyone', async () => {
    const { clock, lanes, enter } = openLanes();
    lanes.get('a').hold(500, told);
    const waiters = enter('a', 4);
    await clock.advance(499);
    expect(count(waiters)).toBe('4 waiting');
    expect(lanes.get('a').heldMs()).toBe(1);
    await clock.advance(1);
    expect(count(waiters)).toBe('1 running, 3 waiting');
    await clock.advance(10_000);
    expect(count(waiters)).toBe('1 running, 3 waiting');
    waiters[0]?.end();
    expect(count(waiters)).toBe('1 ended, 3 running');
    expect(clock.pending).toBe(0);
  });

  test('delays no other lane, and takes no slot', async () => {
    const { lanes, gate, enter } = openLanes({ slots: 1 });
    lanes.get('a').hold(500, told);
    enter('a', 3);
    expect(count(enter('b', 1))).toBe('1 running');
    expect([gate.running, gate.waiting]).toEqual([1, 0]);
  });

  test('calls back who waits at the gate for a token', async () => {
    const { clock, gate, lanes, enter } = openLanes({ gateRate: tenPerSecond });
    enter('b', 1);
    const waiters = enter('a', 2);
    expect(gate.waiting).toBe(1);
    lanes.get('a').hold(500, told);
    await turn();
    expect([gate.running, gate.waiting]).toEqual([1, 0]);
    await clock.advance(500);
    expect(states(waiters)).toBe('running waiting');
  });

  test('takes the latest end of overlapping holds', async () => {
    const { clock, lanes, enter } = openLanes();
    const lane = lanes.get('a');
    lane.hold(500, told);
    const waiters = enter('a', 1);
    lane.hold(200, told);
    await clock.advance(100);
    lane.hold(600, told);
    await clock.advance(599);
    expect(count(waiters)).toBe('1 waiting');
    await clock.advance(1);
    expect(count(waiters)).toBe('1 running');
  });

  test('is held again when the probe is refused', async () => {
    const { clock, lanes, enter } = openLanes();
    const lane = lanes.get('a');
    lane.hold(500, told);
    const waiters = enter('a', 3) as Three;
    await clock.advance(500);
    lane.hold(300, told);
    waiters[0].end({ wasRefused: true });
    await clock.advance(299);
    expect(count(waiters)).toBe('1 ended, 2 waiting');
    await clock.advance(1);
    expect(count(waiters)).toBe('1 ended, 1 running, 1 waiting');
    waiters[1].end();
    expect(count(waiters)).toBe('2 ended, 1 running');
  });

  test('opens for a probe, not for everyone, when a call from before the hold ends well', async () => {
    const { clock, lanes, enter } = openLanes();
    const [early] = enter('a', 1) as [TestWaiter];
    lanes.get('a').hold(500, told);
    const waiters = enter('a', 3);
    early.end();
    expect(count(waiters)).toBe('3 waiting');
    await clock.advance(500);
    expect(count(waiters)).toBe('1 running, 2 waiting');
  });

  test('writes the hold down as limited', async () => {
    const { clock, lanes, enter } = openLanes();
    lanes.get('a').hold(500, told);
    const [waiter] = enter('a', 1) as [TestWaiter];
    await clock.advance(500);
    expect(waiter.timings).toMatchObject({ queuedMs: 0, limitedMs: 500 });
  });
});

describe('a closed lane', () => {
  test('rejects who waits and who comes, without a call, until it opens', async () => {
    const { clock, lanes, enter } = openLanes({ concurrency: 1 });
    const why = failure('rate_limited');
    const [running, waiting] = enter('a', 2) as Two;
    lanes.get('a').close(1000, why);
    expect(states([running, waiting])).toBe('running rejected');
    expect(waiting.rejection).toBe(why);
    running.end();
    await clock.advance(999);
    expect(count([...enter('a', 2), ...enter('a', 1, { isHop: true })])).toBe('3 rejected');
    await clock.advance(1);
    expect(count(enter('a', 1))).toBe('1 running');
  });

  test('calls back who waits at the gate', async () => {
    const { lanes, enter } = openLanes({ gateRate: tenPerSecond });
    enter('b', 1);
    const waiters = enter('a', 2);
    lanes.get('a').close(1000, failure('rate_limited'));
    await turn();
    expect(count(waiters)).toBe('2 rejected');
  });

  test('stays closed as long as the longest asks for', async () => {
    const { clock, lanes, enter } = openLanes();
    lanes.get('a').close(1000, failure('rate_limited'));
    lanes.get('a').close(500, failure('rate_limited'));
    await clock.advance(999);
    expect(count(enter('a', 1))).toBe('1 rejected');
  });

  test('closes no other lane', () => {
    const { lanes, enter } = openLanes();
    lanes.get('a').close(1000, failure('rate_limited'));
    expect(count(enter('b', 1))).toBe('1 running');
  });
});

describe('a stopped lane', () => {
  test('rejects everyone who has not started, and who comes later', async () => {
    const { clock, enter, stop } = openLanes({ slots: 1, gateRate: tenPerSecond });
    const waiters = enter('a', 3) as Three;
    stop(cancelled, { allowsHops: false });
    waiters[0].end();
    await clock.advance(101);
    expect(states(waiters)).toBe('ended rejected rejected');
    expect(waiters[1].rejection).toBe(cancelled);
    expect(count([...enter('a', 1), ...enter('a', 1, { isHop: true })])).toBe('2 rejected');
    expect(clock.pending).toBe(0);
  });

  test('lets hops through, and nobody else, when it `allowsHops`', async () => {
    const { enter, stop } = openLanes({ concurrency: 1 });
    const [running, waiting] = enter('a', 2) as Two;
    const [hop] = enter('a', 1, { isHop: true }) as [TestWaiter];
    stop(cancelled, { allowsHops: true });
    expect(states([running, waiting, hop])).toBe('running rejected waiting');
    running.end();
    await turn();
    expect(hop.state).toBe('running');
    hop.end();
    await turn();
    expect(count([...enter('a', 1), ...enter('a', 1, { isHop: true })])).toBe('1 running, 1 rejected');
  });

  test('rejects hops too when it is stopped again without them', async () => {
    const { enter, stop } = openLanes({ concurrency: 1 });
    enter('a', 1);
    const hops = enter('a', 1, { isHop: true });
    stop(cancelled, { allowsHops: true });
    stop(cancelled, { allowsHops: false });
    expect(count(hops)).toBe('1 rejected');
  });

  test('leaves no timer, also when it was held', async () => {
    const { clock, lanes, enter, stop } = openLanes();
    lanes.get('a').hold(500, told);
    const waiters = enter('a', 2);
    expect(clock.pending).toBe(1);
    stop(cancelled, { allowsHops: true });
    expect(count(waiters)).toBe('2 rejected');
    expect(clock.pending).toBe(0);
  });
});

describe('`isIdle`', () => {
  test('is false while somebody waits or runs, while the lane is held or closed, or its rate remembers', async () => {
    const { clock, lanes, enter } = openLanes({ rate: tenPerSecond, slots: 1 });
    const lane = lanes.get('a');
    expect(lane.isIdle()).toBe(true);
    const [running, waiting] = enter('a', 2) as Two;
    await clock.advance(1000);
    expect(lane.isIdle()).toBe(false);
    running.end();
    await turn();
    waiting.end();
    expect(lane.isIdle()).toBe(false);
    await clock.advance(101);
    expect(lane.isIdle()).toBe(true);
    lane.close(500, failure('rate_limited'));
    expect(lane.isIdle()).toBe(false);
    await clock.advance(500);
    expect(lane.isIdle()).toBe(true);
    lane.hold(500, told);
    expect(lane.isIdle()).toBe(false);
  });

  test('is true again when the hold is over, though nobody came to be the probe', async () => {
    const { clock, lanes } = openLanes();
    const lane = lanes.get('a');
    lane.hold(500, told);
    await clock.advance(500);
    expect(lane.isIdle()).toBe(true);
  });
});

test('a hop that comes while another job waits at the gate is still first when the lane calls that one back', async () => {
  const { clock, lanes, enter } = openLanes({ gateRate: tenPerSecond });
  enter('b', 1);
  const [atGate] = enter('a', 1) as [TestWaiter];
  const [hop] = enter('a', 1, { isHop: true }) as [TestWaiter];
  lanes.get('a').hold(500, told);
  await clock.advance(500);
  expect(states([hop, atGate])).toBe('running waiting');
});

test('hops keep their order among themselves', async () => {
  const { enter } = openLanes({ concurrency: 1 });
  const [running] = enter('a', 1) as [TestWaiter];
  const hops = enter('a', 2, { isHop: true });
  running.end();
  await turn();
  expect(states(hops)).toBe('running waiting');
});

test('the wait for the rate of the lane is written down as limited also when another job ends meanwhile', async () => {
  const { clock, enter } = openLanes({ rate: hundredPerSecond });
  const [first, second] = enter('a', 2) as Two;
  await clock.advance(6);
  first.end();
  await clock.advance(4);
  expect(second.timings).toMatchObject({ queuedMs: 0, limitedMs: 10 });
});
