import { expect, test } from 'vitest';
import { Window } from '../../src/flow/window.ts';
import { turn } from './fake-clock.ts';

test('`Window` has room until as many jobs are read as it may hold', () => {
  const window = new Window({ jobs: 2, bytes: 100 }, () => {});
  window.enter();
  expect([window.jobs, window.hasRoom]).toEqual([1, true]);
  window.enter();
  expect([window.jobs, window.hasRoom]).toEqual([2, false]);
  window.leave(0);
  expect([window.jobs, window.hasRoom]).toEqual([1, true]);
});

test('`Window` has no room, and is stuffed, when too many bytes wait to be written', () => {
  const window = new Window({ jobs: 10, bytes: 100 }, () => {});
  for (const bytes of [60, 40]) {
    expect([window.hasRoom, window.hasBackpressure(1)]).toEqual([true, false]);
    window.enter();
    window.hold(bytes);
  }
  expect([window.hasRoom, window.hasBackpressure(1)]).toEqual([false, true]);
  window.leave(60);
  expect([window.hasRoom, window.hasBackpressure(1)]).toEqual([true, false]);
});

test('a stuffed `Window` lets one start where nothing runs, unless the output is behind: then that has to go on first', () => {
  const window = new Window({ jobs: 10, bytes: 100 }, () => {});
  window.enter();
  window.hold(100);
  expect([window.hasBackpressure(1), window.hasBackpressure(0)]).toEqual([true, false]);
  window.fallBehind();
  expect([window.hasBackpressure(1), window.hasBackpressure(0)]).toEqual([true, true]);
  window.caughtUp();
  expect(window.hasBackpressure(0)).toBe(false);
});

test('`Window` tells of each row that is written, when there is room for another', () => {
  const rooms: boolean[] = [];
  const window = new Window({ jobs: 1, bytes: 100 }, () => rooms.push(window.hasRoom));
  window.enter();
  window.leave(0);
  expect(rooms).toEqual([true]);
});

test('`empty` resolves at once when nothing is there, else when the last row is written', async () => {
  const window = new Window({ jobs: 10, bytes: 100 }, () => {});
  await window.empty();
  window.enter();
  window.enter();
  const isEmpty = emptiness(window);
  window.leave(0);
  expect(await isEmpty()).toBe(false);
  window.leave(0);
  expect(await isEmpty()).toBe(true);
});

test('`empty` goes on waiting when the row that left has made room for another job', async () => {
  let toRead = 1;
  const window = new Window({ jobs: 1, bytes: 100 }, () => {
    if (toRead-- > 0) window.enter();
  });
  window.enter();
  const isEmpty = emptiness(window);
  window.leave(0);
  expect(await isEmpty()).toBe(false);
  window.leave(0);
  expect(await isEmpty()).toBe(true);
});

/** Waits for `empty`; tells whether it has resolved yet. */
function emptiness(window: Window): () => Promise<boolean> {
  let isEmpty = false;
  void window.empty().then(() => {
    isEmpty = true;
  });
  return async () => {
    await turn();
    return isEmpty;
  };
}
