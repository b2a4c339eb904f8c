import { describe, expect, test } from 'vitest';
import { flowFlags } from '../../src/cli/flow-flags.ts';
import { type FlowFlags, flowSettings } from '../../src/cli/flow-settings.ts';
import { parseLaneLimit } from '../../src/cli/lane-limits.ts';
import { UsageError } from '../../src/cli/values.ts';

const defaults: FlowFlags = {
  concurrency: 10,
  burst: 1,
  timeout: 30_000,
  'connect-timeout': 10_000,
  deadline: 0,
  retries: 2,
  'retry-delay': 500,
  'retry-max-delay': 30_000,
  'retry-after-max': 300_000,
  'fail-fast': false,
  ordered: false,
  window: 1000,
  grace: 5000,
};

/** What a flag is where it is not given; it may depend on those that are. */
async function defaultOf(name: string, flags: object = {}): Promise<unknown> {
  const { default: own } = flowFlags[name as keyof typeof flowFlags] as { default?: unknown };
  return typeof own === 'function' ? await own({ flags, options: {} }) : (own ?? false);
}

const settings = (flags: Partial<FlowFlags>) => flowSettings({ ...defaults, ...flags });

describe('flowSettings', () => {
  test('of the defaults', () => {
    expect(settings({})).toMatchObject({
      concurrency: 10,
      rate: null,
      burst: 1,
      isOrdered: false,
      timeoutMs: 30_000,
      deadlineMs: 0,
      retry: { retries: 2, delayMs: 500, maxDelayMs: 30_000, retryAfterMaxMs: 300_000 },
      failureLimit: null,
      window: { jobs: 1000, bytes: 64 * 1024 ** 2 },
      graceMs: 5000,
    });
  });

  test('the flags have these defaults', async () => {
    for (const [name, value] of Object.entries(defaults)) expect(await defaultOf(name), name).toBe(value);
    expect(await defaultOf('idle-timeout')).toBe(0);
  });

  test('a body that is saved may take its time, but not be silent', async () => {
    const flags = { 'output-dir': 'saved' };
    expect(await defaultOf('timeout', flags)).toBe(0);
    expect(await defaultOf('idle-timeout', flags)).toBe(30_000);
  });

  test('--fail-fast is one failure, --max-failures so many', () => {
    expect(settings({ 'fail-fast': true }).failureLimit).toEqual({ count: 1 });
    expect(settings({ 'max-failures': { count: 7 } }).failureLimit).toEqual({ count: 7 });
    expect(settings({ 'max-failures': { share: 0.1 } }).failureLimit).toEqual({ share: 0.1 });
    expect(() => settings({ 'fail-fast': true, 'max-failures': { count: 7 } })).toThrow(UsageError);
  });

  test('--burst needs a rate to relax', () => {
    expect(() => settings({ burst: 5 })).toThrow('--burst: there is no rate');
    expect(settings({ burst: 5, rate: { count: 50, windowMs: 1000 } })).toMatchObject({ burst: 5 });
    expect(settings({ burst: 5, 'host-rate': { count: 5, windowMs: 1000 } })).toMatchObject({ burst: 5 });
    expect(settings({ burst: 5, limit: [parseLaneLimit('*=5/s')] })).toMatchObject({ burst: 5 });
    expect(() => settings({ burst: 5, limit: [parseLaneLimit('*=c=5')] })).toThrow(UsageError);
  });

  test('a lane has the limits of the first --limit that matches, and --host-* for what it leaves out', () => {
    const { limitsOf } = settings({
      limit: ['api.example=c=2', '*.example=5/s', '*.example=c=9'].map(parseLaneLimit),
      'host-concurrency': 4,
      'host-rate': { count: 1, windowMs: 1000 },
    });
    expect(limitsOf('api.example:443')).toEqual({ concurrency: 2, rate: { count: 1, windowMs: 1000 } });
    expect(limitsOf('www.example:443')).toEqual({ concurrency: 4, rate: { count: 5, windowMs: 1000 } });
    expect(limitsOf('other:443')).toEqual({ concurrency: 4, rate: { count: 1, windowMs: 1000 } });
    expect(settings({}).limitsOf('other:443')).toEqual({ concurrency: null, rate: null });
  });
});
