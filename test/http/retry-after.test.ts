import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { retryAfterMs } from '../../src/http/retry-after.ts';

const nowMs = Date.UTC(2026, 0, 1, 12, 0, 0);
const serverDate = 'Thu, 01 Jan 2026 12:00:00 GMT';
const later = 'Thu, 01 Jan 2026 12:00:30 GMT';
const wait = (headers: Parameters<typeof retryAfterMs>[0]) => retryAfterMs(headers, nowMs);

describe('retryAfterMs', () => {
  test.each([
    ['120', 120_000],
    ['1', 1000],
    ['0.5', 500],
    [' 7 ', 7000],
    ['99999999999', 99_999_999_999_000],
    [later, 30_000],
    ['Thursday, 01-Jan-26 12:00:30 GMT', 30_000],
  ])('Retry-After: %s is %d ms', (value, ms) => {
    expect(wait({ 'retry-after': value })).toBe(ms);
  });

  test.each([
    ['0'],
    ['-5'],
    ['soon'],
    ['soon 1'],
    ['Soon 1'],
    ['1e3'],
    ['0x10'],
    ['Infinity'],
    ['12s'],
    [''],
    ['Thu, 01 Jan 2026 11:59:59 GMT'],
    [serverDate],
    ['2026-01-01T13:00:00Z'],
    ['9'.repeat(400)],
  ])('Retry-After: %s says nothing usable', (value) => {
    expect(wait({ 'retry-after': value })).toBeNull();
  });

  test('no header says nothing', () => {
    expect(wait({})).toBeNull();
  });

  test('the old form of a date, which names no zone, is UTC wherever we are', () => {
    const zone = process.env.TZ;
    process.env.TZ = 'America/New_York';
    try {
      expect(wait({ 'retry-after': 'Thu Jan  1 12:00:30 2026' })).toBe(30_000);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  test("a date counts from the server's own clock", () => {
    const date = 'Thu, 01 Jan 2026 10:00:00 GMT';
    expect(wait({ 'retry-after': 'Thu, 01 Jan 2026 10:00:05 GMT', date })).toBe(5000);
    expect(wait({ 'retry-after': later, date: 'nonsense' })).toBe(30_000);
  });

  test.each(['0', '12', 'soon 1'])("a server's clock that is no date counts as none: %s", (date) => {
    expect(wait({ 'retry-after': later, date })).toBe(30_000);
  });

  test('milliseconds beat seconds, which beat the RateLimit headers', () => {
    const ratelimit = '"default";r=0;t=9';
    expect(wait({ 'retry-after-ms': '250', 'retry-after': '7', ratelimit })).toBe(250);
    expect(wait({ 'retry-after': '7', ratelimit })).toBe(7000);
    expect(wait({ 'retry-after-ms': '-1', 'retry-after': '7' })).toBe(7000);
    expect(wait({ 'retry-after': 'junk', ratelimit })).toBe(9000);
  });

  test.each([
    ['"default";r=0;t=30', 30_000],
    ['"burst";r=5;t=1, "daily";r=0;t=60', 60_000],
    ['"default";t=4', 4000],
    ['"default";r=3;t=30', null],
    ['"default"; r=0; t=30', 30_000],
    ['junk', null],
  ])('RateLimit: %s is %s ms', (ratelimit, ms) => {
    expect(wait({ ratelimit })).toBe(ms);
  });

  test.each(['ratelimit-reset', 'x-ratelimit-reset'])('%s is seconds, or the time of day in Unix seconds', (name) => {
    expect(wait({ [name]: '15' })).toBe(15_000);
    expect(wait({ [name]: String(nowMs / 1000 + 45) })).toBe(45_000);
    expect(wait({ [name]: String(nowMs / 1000 - 45) })).toBeNull();
    expect(wait({ [name]: String(nowMs / 1000 + 45), date: 'Thu, 01 Jan 2026 12:00:40 GMT' })).toBe(5000);
  });

  test('a reset in Unix milliseconds is read as such', () => {
    expect(wait({ 'x-ratelimit-reset': String(nowMs + 45_000) })).toBe(45_000);
  });

  test.each(['ratelimit', 'x-ratelimit'])(
    'a %s-reset beside something that remains is no reason to wait: a 503 carries it too',
    (name) => {
      expect(wait({ [`${name}-remaining`]: '0', [`${name}-reset`]: '3600' })).toBe(3_600_000);
      expect(wait({ [`${name}-remaining`]: '4999', [`${name}-reset`]: '3600' })).toBeNull();
    },
  );

  test('of a header given twice the last one counts', () => {
    expect(wait({ 'retry-after': ['5', '7'] })).toBe(7000);
  });

  test('is a wait that can be waited, or null, whatever a server sends', () => {
    const value = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    );
    const headers = fc.record(
      {
        date: value,
        'retry-after': value,
        'retry-after-ms': value,
        ratelimit: value,
        'ratelimit-reset': value,
        'x-ratelimit-reset': value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(headers, (given) => {
        const ms = wait(given);
        expect(ms === null || (Number.isFinite(ms) && ms > 0)).toBe(true);
      }),
    );
  });
});
