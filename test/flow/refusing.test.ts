import { describe, expect, test } from 'vitest';
import { atOnce, atRandom, bucket, each, from, inWindows, randomFrom, runAgainst, until } from './support/refusing.ts';

const seeds = [1, 2, 3, 4];

describe('a server that refuses calls at random, without saying for how long', () => {
  test.each([
    // What 500 calls take at 50 at once would be 0.6 s, and 20 s where an answer takes 2 s.
    [0.05, 50, 30],
    [0.2, 50, 100],
    [0.4, 50, 120],
    [0.05, 2000, 240],
    [0.2, 2000, 450],
    [0.4, 2000, 450],
  ])('%d of them, answering in %d ms, is done with in %d s', async (share, answerMs, mostSeconds) => {
    for (const seed of seeds) {
      const run = await runAgainst({ takes: atRandom(share, seed), answerMs, random: randomFrom(seed) });
      expect(run.ok).toBe(500);
      expect(run.calls).toBeLessThan((500 / (1 - share)) * 1.1);
      expect(run.seconds).toBeLessThan(mostSeconds);
    }
  });

  test('and then all of them for a minute, is left alone again', async () => {
    for (const seed of seeds) {
      const broken = until(180_000, () => false, atRandom(0.2, seed));
      const takes = until(120_000, atRandom(0.2, seed), broken);
      const run = await runAgainst({ takes, count: 3000, answerMs: 2000, retries: 30, random: randomFrom(seed) });
      expect(run.ok).toBe(3000);
      expect(run.callsBetween(120_000, 125_000)).toBeLessThan(60);
      expect(run.callsBetween(130_000, 180_000)).toBeLessThan(250);
    }
  });
});

describe('a server with a limit that it does not tell is asked hardly more often than it takes', () => {
  test.each([
    ['5 at once', () => atOnce(5), { answerMs: 50 }, 60],
    ['20 at once', () => atOnce(20), { answerMs: 2000 }, 60],
    ['one each 20 ms', () => each(20), { answerMs: 50 }, 70],
    ['one each 200 ms', () => each(200), { answerMs: 2000 }, 80],
    ['40, then one each 100 ms', () => bucket(40, 100), { answerMs: 50 }, 180],
    ['60 in 10 s', () => inWindows(60, 10_000), { answerMs: 50 }, 120],
  ])('%s', async (_name, limit, load, mostRefused) => {
    for (const seed of seeds) {
      const run = await runAgainst({ ...load, takes: limit(), count: 200, random: randomFrom(seed) });
      expect(run.ok).toBe(200);
      expect(run.refused).toBeLessThan(mostRefused);
    }
  });

  test.each([
    ['a little late', (random: number) => random * 3],
    ['3% of them up to 40 ms late', (random: number) => (random < 0.03 ? random * 1300 : random * 3)],
    ['10% of them up to 80 ms late', (random: number) => (random < 0.1 ? random * 800 : random * 10)],
  ])('one each 100 ms, seeing calls %s: no job needs more than the usual retries', async (_name, lateMs) => {
    for (const seed of seeds) {
      const load = { count: 110, answerMs: 100, retries: 3, lateMs, random: randomFrom(seed) };
      const run = await runAgainst({ ...load, takes: each(100) });
      expect([run.ok, seed]).toEqual([110, seed]);
      expect(run.calls).toBeLessThan(110 * 1.7);
      expect(run.seconds).toBeLessThan(25);
    }
  });

  test('none at all: after the first calls one at a time, and no job more often than its retries allow', async () => {
    const run = await runAgainst({ takes: from(Number.POSITIVE_INFINITY), count: 100, concurrency: 20, retries: 2 });
    expect(run).toMatchObject({ ok: 0, calls: 300 });
    expect(run.callsBetween(0, 50)).toBe(20);
    expect(run.seconds).toBeGreaterThan(100);
  });
});
