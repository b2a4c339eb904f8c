import { expect, test } from 'vitest';
import { cancelled } from './support/outcomes.ts';
import { count, openLanes, type TestWaiter } from './support/waiters.ts';

const names = Array.from({ length: 10_000 }, (_, index) => `host-${index}`);

test('`Lanes` gives the same lane for the same name', () => {
  const { lanes } = openLanes();
  expect(lanes.get('a')).toBe(lanes.get('a'));
  expect(lanes.get('a')).not.toBe(lanes.get('b'));
  expect(lanes.size).toBe(2);
});

test('`Lanes` forgets idle lanes: ten thousand names need the memory of a thousand', () => {
  const { lanes, enter } = openLanes({ slots: names.length });
  let most = 0;
  for (const name of names) {
    for (const waiter of enter(name, 1)) waiter.end();
    most = Math.max(most, lanes.size);
  }
  expect(most).toBe(1000);
});

test('`Lanes` forgets no lane that has somebody in it, is held, or is closed', async () => {
  const { lanes, enter } = openLanes();
  const [running] = enter('running', 1) as [TestWaiter];
  lanes.get('held').hold(60_000, { isGuess: false });
  const waiting = enter('held', 1);
  lanes.get('closed').close(60_000, cancelled);
  for (const name of names) lanes.get(name);
  expect(lanes.held()).toEqual(['held']);
  expect(count(enter('closed', 1))).toBe('1 rejected');
  running.end();
  expect(count([running, ...waiting])).toBe('1 ended, 1 waiting');
});

test('`Lanes` keeps a lane as long as its rate remembers a start', () => {
  const { lanes, enter } = openLanes({ rate: { count: 1, windowMs: 1000 } });
  const [first] = enter('a', 1) as [TestWaiter];
  first.end();
  for (const name of names) lanes.get(name);
  expect(count(enter('a', 1))).toBe('1 waiting');
});

test('`held` names the lanes that are held, the longest hold first', async () => {
  const { clock, lanes } = openLanes();
  for (const [name, ms] of Object.entries({ short: 100, long: 900, middle: 500, never: 0 }))
    lanes.get(name).hold(ms, { isGuess: false });
  expect(lanes.held()).toEqual(['long', 'middle', 'short']);
  await clock.advance(100);
  expect(lanes.held()).toEqual(['long', 'middle']);
});

test('a run that ends is rejected by every lane, by those to come too', async () => {
  const { stop, enter } = openLanes({ concurrency: 1 });
  const [running, waiting] = enter('a', 2) as [TestWaiter, TestWaiter];
  stop(cancelled, { allowsHops: true });
  expect(count([running, waiting, ...enter('b', 1)])).toBe('1 running, 2 rejected');
  expect(count(enter('c', 1, { isHop: true }))).toBe('1 running');
});

test('`Lanes` forgets lanes whose hold is over: a list of hosts that all refused needs no more memory', async () => {
  const { clock, lanes, enter } = openLanes({ slots: names.length });
  let most = 0;
  for (const name of names) {
    const [waiter] = enter(name, 1) as [TestWaiter];
    lanes.get(name).hold(10, { isGuess: false });
    waiter.end({ wasRefused: true });
    clock.jump(20);
    most = Math.max(most, lanes.size);
  }
  expect(most).toBeLessThanOrEqual(2000);
});
