import { describe, expect, test } from 'vitest';
import { createForecast, type ForecastOptions } from '../../src/cli/forecast.ts';
import { createLimits, parseLaneLimit } from '../../src/cli/lane-limits.ts';
import { parseRate } from '../../src/cli/values.ts';

type Limits = { concurrency?: number; rate?: string; burst?: number; limits?: string[] };

function linesFor(calls: Record<string, number>, { concurrency = 10, rate, burst = 1, limits = [] }: Limits) {
  const { limitsOf } = createLimits(limits.map(parseLaneLimit), { concurrency: null, rate: null });
  const flow: ForecastOptions['flow'] = { concurrency, rate: rate ? parseRate(rate) : null, burst, limitsOf };
  const forecast = createForecast({ flow, lane: 'host' });
  for (const [lane, count] of Object.entries(calls)) for (let at = 0; at < count; at += 1) forecast.add(lane);
  return forecast.lines();
}

describe('createForecast', () => {
  test('counts requests, hosts and lines that failed', () => {
    const forecast = createForecast({
      flow: { concurrency: 10, rate: null, burst: 1, limitsOf: () => ({ concurrency: null, rate: null }) },
      lane: 'lane',
    });
    forecast.addFailed();
    expect(forecast.lines()).toEqual(['dry run, nothing was sent: 0 requests to 0 lanes; 1 line failed']);
    forecast.add('a');
    forecast.add('b');
    forecast.addFailed();
    expect(forecast.lines()[0]).toBe('dry run, nothing was sent: 2 requests to 2 lanes; 2 lines failed');
  });

  test('the first start costs no time, and neither do those of a burst', () => {
    expect(linesFor({ a: 1001 }, { rate: '50/s' })[1]).toContain('at least 20s at 50/s,');
    expect(linesFor({ a: 1010 }, { rate: '50/s', burst: 10 })[1]).toContain('at least 20s at 50/s,');
    expect(linesFor({ a: 1 }, { rate: '50/s' })[1]).toBe('the rate, 50/s, delays none of them');
  });

  test('the slowest lane counts where it is slower than the whole', () => {
    const limits = ['slow=1/s'];
    expect(linesFor({ fast: 900, slow: 101 }, { rate: '50/s', limits })[1]).toContain(
      'at least 1m40s at 1/s for slow (101 of them), as long as',
    );
    expect(linesFor({ fast: 9000, slow: 2 }, { rate: '50/s', limits })[1]).toContain('at least 3m00s at 50/s,');
    expect(linesFor({ fast: 9, slow: 11 }, { limits })[1]).toContain('at least 10s at 1/s for slow');
  });

  test('how quick calls must be for that, with the slots there are', () => {
    expect(linesFor({ a: 1001 }, { rate: '50/s', concurrency: 5 })[1]).toContain('no more than 100 ms (-c 5)');
    expect(linesFor({ a: 1001 }, { rate: '50/s', limits: ['a=c=1'] })[1]).toContain('20 ms (1 at once for a)');
  });

  test('without a rate it says what calls of 100 ms would take', () => {
    expect(linesFor({ a: 1000 }, {})[1]).toContain('no rate is given: with -c 10, calls of 100 ms take 10s');
    expect(linesFor({ a: 1000 }, { limits: ['*=c=2'] })[1]).toContain('with 2 at once for a, calls of 100 ms take 50s');
  });

  test('rates are told as the flag takes them', () => {
    for (const rate of ['50/s', '600/m', '2/h', '5/15s', '1/2s', '3/250ms']) {
      expect(linesFor({ a: 100 }, { rate })[1]).toContain(` at ${rate},`);
    }
    expect(linesFor({ a: 100 }, { rate: '0.5/s' })[1]).toContain(' at 1/2s,');
  });
});
