import { expect, test } from 'vitest';
import { Failure } from '../../src/record/failure.ts';

const cause = new Error('the socket hung up');
const failure = new Failure('reset', 'broken off', { phase: 'body', retryable: true, cause });

test('`with` changes what it is given and keeps the rest', () => {
  const told = ({ code, message, phase, retryable, cause }: Failure) => ({ code, message, phase, retryable, cause });
  const same = { code: 'reset', message: 'broken off', phase: 'body', retryable: true, cause };
  expect(told(failure.with({}))).toEqual(same);
  expect(told(failure.with({ message: 'a:1: broken off' }))).toEqual({ ...same, message: 'a:1: broken off' });
  expect(told(failure.with({ retryable: false, phase: null }))).toEqual({ ...same, retryable: false, phase: null });
  expect(told(failure.with({ cause: failure }))).toEqual({ ...same, cause: failure });
});

test('`with` leaves the failure itself as it is', () => {
  const changed = failure.with({ retryable: false });
  expect(changed).not.toBe(failure);
  expect(failure.retryable).toBe(true);
});

test('a failure without a cause has none after `with` either', () => {
  expect('cause' in new Failure('input', 'no URL').with({ message: 'a:1: no URL' })).toBe(false);
});
