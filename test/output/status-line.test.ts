import { describe, expect, test } from 'vitest';
import { createStatusLine, type RunStatus } from '../../src/output/status-line.ts';

const status: RunStatus = { read: 0, done: 0, failed: 0, inFlight: 0, total: null, heldBy: null, elapsedMs: 0 };

describe('createStatusLine', () => {
  test('begins with nothing and no time left', () => {
    expect(createStatusLine()(status)).toBe('0/0+ done, 0.00/s, 0 in flight');
  });

  test('says with a plus that input is still being read', () => {
    const line = createStatusLine()({ ...status, read: 2200, done: 1200, inFlight: 20, elapsedMs: 4000 });
    expect(line).toBe('1,200/2,200+ done, 300/s, 20 in flight');
  });

  test('tells failures, what holds the run back, and the time left once the total is known', () => {
    const line = createStatusLine()({
      read: 10_000,
      total: 10_000,
      done: 1200,
      failed: 12,
      inFlight: 20,
      heldBy: 'api.example.com, 12s',
      elapsedMs: 24_000,
    });
    expect(line).toBe('1,200/10,000 done, 12 failed, 50.0/s, 20 in flight, held by api.example.com, 12s, 2m56s left');
  });

  test('the rate is that of the last five seconds', () => {
    const statusLine = createStatusLine();
    for (let second = 1; second <= 10; second += 1) {
      statusLine({ ...status, read: 1000, done: second * 100, elapsedMs: second * 1000 });
    }
    const stalled = [11, 12, 13, 14, 15, 16].map((second) =>
      statusLine({ ...status, read: 2000, done: 1000, elapsedMs: second * 1000 }),
    );
    expect(stalled.map((line) => line.split(', ')[1])).toEqual([
      '80.0/s',
      '60.0/s',
      '40.0/s',
      '20.0/s',
      '0.00/s',
      '0.00/s',
    ]);
  });

  test('nothing is left when all is done', () => {
    const line = createStatusLine()({ ...status, read: 5, total: 5, done: 5, elapsedMs: 1000 });
    expect(line).toBe('5/5 done, 5.00/s, 0 in flight');
  });

  test('a clock that stands still gives no rate', () => {
    expect(createStatusLine()({ ...status, read: 5, done: 5 })).toBe('5/5+ done, 0.00/s, 0 in flight');
  });
});
