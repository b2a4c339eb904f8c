import { expect, test } from 'vitest';
import { Alarm } from '../../src/flow/alarm.ts';
import { FakeClock } from './fake-clock.ts';

function setAlarm() {
  const clock = new FakeClock();
  const rings: number[] = [];
  return { clock, rings, alarm: new Alarm(clock, () => rings.push(clock.now())) };
}

test('`Alarm` rings once: exactly, or on the next whole millisecond', () => {
  const { clock, rings, alarm } = setAlarm();
  alarm.set(1.5, { isExact: true });
  clock.jump(10);
  alarm.set(1.5, { isExact: false });
  clock.jump(10);
  expect(rings).toEqual([1.5, 12]);
});

test.each([true, false])('`Alarm` that is set again or cleared calls the last one off (exact: %s)', (isExact) => {
  const { clock, rings, alarm } = setAlarm();
  alarm.set(10, { isExact });
  alarm.set(20, { isExact });
  expect(clock.pending).toBe(1);
  clock.jump(30);
  expect(rings).toEqual([20]);
  alarm.set(10, { isExact });
  alarm.clear();
  alarm.clear();
  expect(clock.pending).toBe(0);
});

test('`Alarm` may be set again while it rings', () => {
  const clock = new FakeClock();
  let rings = 0;
  const alarm = new Alarm(clock, () => {
    rings += 1;
    if (rings < 3) alarm.set(10, { isExact: true });
  });
  alarm.set(10, { isExact: true });
  clock.jump(100);
  expect([rings, clock.pending]).toEqual([3, 0]);
});
