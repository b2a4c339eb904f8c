import { describe, expect, test } from 'vitest';
import { createLimits, parseLaneLimit } from '../../src/cli/lane-limits.ts';
import { UsageError } from '../../src/cli/values.ts';

const perSecond = (count: number) => ({ count, windowMs: 1000 });
const none = { concurrency: null, rate: null };

describe('parseLaneLimit', () => {
  test.each([
    ['a.example=c=8,50/s', 8, perSecond(50)],
    ['a.example=50/s,c=8', 8, perSecond(50)],
    [' a.example = c=8 , 50/s ', 8, perSecond(50)],
    ['a.example=c=2', 2, null],
    ['a.example=5/15s', null, { count: 5, windowMs: 15_000 }],
    ['a.example=50', null, perSecond(50)],
    ['*=c=1', 1, null],
  ])('%s', (text, concurrency, rate) => {
    expect(parseLaneLimit(text)).toMatchObject({ concurrency, rate });
  });

  test.each([
    '',
    'a.example',
    'a.example=',
    '=c=2',
    'a=c=0',
    'a=c=',
    'a=c=x',
    'a=c=1.5',
    'a=0/s',
    'a=fast',
    'a=c=2,',
    'a=,',
    'a=c=2,x',
  ])('`%s` is wrong usage, and the message says so with an example', (text) => {
    expect(() => parseLaneLimit(text)).toThrow(UsageError);
    expect(() => parseLaneLimit(text)).toThrow('c=8,50/s');
    expect(() => parseLaneLimit(text)).toThrow(`, got \`${text}\``);
  });

  test.each(['c=8', ' c = 8 ', 'c=8,50/s'])('`%s` has no pattern, and the message shows where it goes', (text) => {
    expect(() => parseLaneLimit(text)).toThrow('*=c=8 for every lane');
  });

  test('a lane may be called c', () => {
    expect(parseLaneLimit('c=c=8')).toMatchObject({ concurrency: 8, rate: null });
    expect(parseLaneLimit('c=8/s')).toMatchObject({ concurrency: null, rate: perSecond(8) });
  });

  test.each([
    // [pattern, lane, whether it matches]
    ['a.example', 'a.example:443', true],
    ['a.example', 'a.example:80', true],
    ['a.example', 'a.example:8080', false],
    ['a.example:8080', 'a.example:8080', true],
    ['a.example:443', 'a.example:443', true],
    ['a.example:443', 'a.example:80', false],
    ['a.example', 'b.a.example:443', false],
    ['a.example', 'a.example.org:443', false],
    ['a.example', 'aXexample:443', false],
    ['*.example', 'a.example:443', true],
    ['*.example', 'a.b.example:80', true],
    ['*.example', 'example:443', false],
    ['*.example:*', 'a.example:8080', true],
    ['*', 'a.example:8080', true],
    ['api-?.example', 'api-1.example:443', true],
    ['api-?.example', 'api-12.example:443', false],
    ['A.Example', 'a.example:443', true],
    ['[::1]:8080', '[::1]:8080', true],
    ['(a+)+$', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', false],
    ['key-1', 'key-1', true],
  ])('%s of %s: %s', (pattern, lane, expected) => {
    expect(parseLaneLimit(`${pattern}=c=1`).matches(lane)).toBe(expected);
  });
});

describe('createLimits', () => {
  const { limitsOf } = createLimits(['a.example=c=8', '*.example=5/s', 'a.*=c=1,1/s'].map(parseLaneLimit), {
    concurrency: 3,
    rate: perSecond(30),
  });

  test('the first match counts, and only it; what it leaves out falls back', () => {
    expect(limitsOf('a.example:443')).toEqual({ concurrency: 8, rate: perSecond(30) });
    expect(limitsOf('b.example:443')).toEqual({ concurrency: 3, rate: perSecond(5) });
    expect(limitsOf('a.org:443')).toEqual({ concurrency: 1, rate: perSecond(1) });
  });

  test('no match is the fallback, which may be no limit at all', () => {
    expect(limitsOf('b.org:443')).toEqual({ concurrency: 3, rate: perSecond(30) });
    expect(createLimits([], none).limitsOf('b.org:443')).toEqual(none);
  });

  test('a limit that no lane came under is named, once there are lanes', () => {
    const none = { concurrency: null, rate: null };
    const limits = ['*.example=c=2', 'a.example=c=1', 'b.org=5/s', 'typo.org=5/s'].map(parseLaneLimit);
    const { limitsOf, unused } = createLimits(limits, none);
    expect(unused()).toEqual([]);
    for (const lane of ['a.example:443', 'b.org:443', 'c.org:443']) limitsOf(lane);
    expect(unused()).toEqual(['a.example=c=1', 'typo.org=5/s']);
  });
});
