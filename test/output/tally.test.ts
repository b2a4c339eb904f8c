import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { okRow, type Row, tallyOfRows } from './count-row.ts';

const failedRow: Row = { ...okRow, failure: { code: 'http' }, status: 503, attempts: 3, bytes: null };

describe('createTally', () => {
  test('starts from nothing', () => {
    expect(tallyOfRows().snapshot()).toEqual({
      done: 0,
      ok: 0,
      failed: 0,
      cancelled: 0,
      failedByCode: new Map(),
      cancelledByCode: new Map(),
      statuses: new Map(),
      attempts: 0,
      retries: 0,
      bytes: 0,
      usage: null,
      latency: null,
    });
  });

  test('counts rows by verdict, code and status, the most frequent code first', () => {
    const tally = tallyOfRows();
    tally.add(okRow);
    tally.add({ ...failedRow, failure: { code: 'input' }, status: null, durationMs: null, attempts: 0 });
    tally.add(failedRow);
    tally.add(failedRow);
    const snapshot = tally.snapshot();
    expect(snapshot).toMatchObject({ done: 4, ok: 1, failed: 3, attempts: 7, retries: 4, bytes: 512 });
    expect([...snapshot.failedByCode]).toEqual([
      ['http', 2],
      ['input', 1],
    ]);
    expect([...snapshot.statuses]).toEqual([
      [200, 1],
      [503, 2],
    ]);
  });

  test('a snapshot does not change when rows follow', () => {
    const tally = tallyOfRows();
    tally.add(failedRow);
    const before = tally.snapshot();
    tally.add(failedRow);
    expect(before.failedByCode.get('http')).toBe(1);
    expect(before.done).toBe(1);
  });

  test('latency percentiles are within 0.1%, the maximum is exact', () => {
    const tally = tallyOfRows();
    for (let ms = 1; ms <= 1000; ms += 1) tally.add({ ...okRow, durationMs: ms });
    tally.add({ ...okRow, durationMs: 1234.567 });
    const { latency } = tally.snapshot();
    expect(latency?.p50).toBeCloseTo(501, 0);
    expect(latency?.p90).toBeCloseTo(901, 0);
    expect(latency?.p99).toBeCloseTo(991, 0);
    expect(latency?.max).toBe(1234.567);
  });

  test('no duration breaks it: zero, tiny, weeks', () => {
    const tally = tallyOfRows();
    for (const durationMs of [0, 1e-9, 3e9]) tally.add({ ...okRow, durationMs });
    expect(tally.snapshot()).toMatchObject({ done: 3, latency: { max: 3e9 } });
  });

  test('what the end of the run cut off is cancelled, and has not failed', () => {
    const tally = tallyOfRows();
    tally.add(failedRow);
    tally.add({ ...failedRow, failure: { code: 'cancelled' } });
    tally.add({ ...failedRow, failure: { code: 'deadline' } });
    tally.add({ ...failedRow, failure: { code: 'cancelled' } });
    const snapshot = tally.snapshot();
    expect(snapshot).toMatchObject({ done: 4, ok: 0, failed: 1, cancelled: 3 });
    expect([...snapshot.failedByCode]).toEqual([['http', 1]]);
    expect(snapshot.cancelledByCode).toEqual(
      new Map([
        ['cancelled', 2],
        ['deadline', 1],
      ] as const),
    );
  });

  test('done is always ok, failed and cancelled together, and each row that is not ok has its code', () => {
    const code = fc.constantFrom(null, 'http' as const, 'timeout' as const, 'input' as const, 'cancelled' as const);
    fc.assert(
      fc.property(fc.array(code), (codes) => {
        const tally = tallyOfRows();
        for (const code of codes) tally.add({ ...okRow, failure: code && { code } });
        const { done, ok, failed, cancelled, failedByCode, cancelledByCode } = tally.snapshot();
        expect(done).toBe(codes.length);
        expect(ok + failed + cancelled).toBe(done);
        expect([...cancelledByCode.values()].reduce((sum, count) => sum + count, 0)).toBe(cancelled);
        expect([...failedByCode.values()].reduce((sum, count) => sum + count, 0)).toBe(failed);
      }),
    );
  });
});
