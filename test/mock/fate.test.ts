import { expect, test } from 'vitest';
import { type FateOptions, fates, seededRandom } from '../../src/mock/fate.ts';

function draw(count: number, options: Partial<FateOptions>) {
  const next = fates({ random: seededRandom(1), ...options });
  return Array.from({ length: count }, next);
}

test('`fates` are the same for the same seed, and others for another', () => {
  const options = { latencyMs: 50, jitterMs: 20, failShare: 0.5 };
  expect(draw(50, options)).toEqual(draw(50, options));
  expect(draw(50, options)).not.toEqual(draw(50, { ...options, random: seededRandom(2) }));
});

test('`fates` fail the same requests whatever the latency', () => {
  const plain = draw(50, { failShare: 0.3 }).map(({ fails }) => fails);
  expect(draw(50, { failShare: 0.3, latencyMs: 9, jitterMs: 9 }).map(({ fails }) => fails)).toEqual(plain);
});

test('`fates` fail the share asked for: none, some, all', () => {
  const failures = (failShare: number) => draw(10_000, { failShare }).filter(({ fails }) => fails).length;
  expect(failures(0)).toBe(0);
  expect(failures(1)).toBe(10_000);
  expect(Math.abs(failures(0.1) - 1000)).toBeLessThan(100);
});

test('`fates` jitter the latency both ways, and never below nothing', () => {
  const delays = draw(1000, { latencyMs: 50, jitterMs: 20 }).map(({ delayMs }) => delayMs);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(30);
  expect(Math.max(...delays)).toBeLessThanOrEqual(70);
  expect(delays.some((ms) => ms < 40) && delays.some((ms) => ms > 60)).toBe(true);
  expect(Math.min(...draw(1000, { latencyMs: 5, jitterMs: 20 }).map(({ delayMs }) => delayMs))).toBe(0);
});

test('`fates` without jitter wait exactly the latency, and never longer than a timer can', () => {
  expect(draw(1, { latencyMs: 50 })).toEqual([{ delayMs: 50, fails: false }]);
  expect(draw(1, { latencyMs: 2 ** 31 - 1, jitterMs: 1000, random: () => 0.99 })[0]?.delayMs).toBe(2 ** 31 - 1);
});
