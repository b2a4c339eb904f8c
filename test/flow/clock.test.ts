import { expect, test } from 'vitest';
import { systemClock } from '../../src/flow/clock.ts';

test('`wakeIn` calls back once, and not before its time', async () => {
  const startedMs = systemClock.now();
  let calls = 0;
  await new Promise<void>((resolve) => {
    systemClock.wakeIn(0.2, () => {
      calls += 1;
      resolve();
    });
  });
  expect(systemClock.now() - startedMs).toBeGreaterThanOrEqual(0.2);
  expect(calls).toBe(1);
});

test.each([0.5, 30])('`wakeIn` of %d ms that is called off does not call back, and leaves no timer', (ms) => {
  const active = () =>
    process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name === 'Immediate').length;
  const before = active();
  const callOff = systemClock.wakeIn(ms, () => expect.fail('it was called off'));
  callOff();
  expect(active()).toBe(before);
});

// The gate and the lanes set their alarm with a guard up that keeps them from being entered again: what rings before
// `set` has returned is not heard, and nobody rings a second time.
test('`wakeIn` never calls back before it has returned', () => {
  let isReturned = false;
  const callOff = systemClock.wakeIn(0, () => expect(isReturned).toBe(true));
  isReturned = true;
  callOff();
});
