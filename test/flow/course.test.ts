import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/record/failure.ts';
import { turn } from './fake-clock.ts';
import { endWhenCancelled } from './support/calls.ts';
import { cancelled, done, failed, failure, hop, jobAt, refused, retry, type TestOutcome } from './support/outcomes.ts';
import { openCourse } from './support/start-course.ts';

describe('one attempt', () => {
  test('`done` settles the job with its value', async () => {
    const { clock, calls, start, result } = openCourse();
    start();
    await clock.advance(40);
    calls.at(0).end(done('hello'));
    await turn();
    expect(result()).toEqual({
      job: jobAt(0),
      value: 'hello',
      failure: null,
      attempts: 1,
      hops: 0,
      durationMs: 40,
      timings: { queuedMs: 0, limitedMs: 0, totalMs: 40 },
      log: null,
    });
    expect(clock.pending).toBe(0);
  });

  test('`done` with a failure keeps the answer and is not tried again', async () => {
    const { calls, start, result } = openCourse();
    start();
    calls.at(0).end(failed('not found'));
    await turn();
    expect(result()).toMatchObject({ value: 'not found', failure: { code: 'http' }, attempts: 1 });
  });

  test('a thrown error is a failed job with the error as cause, and is not tried again', async () => {
    const { calls, start, result, broken } = openCourse();
    const bug = new TypeError('undefined is not a function');
    start();
    calls.at(0).throw(bug);
    await turn();
    expect(result()).toMatchObject({ failure: { code: 'error', message: bug.message, cause: bug }, attempts: 1 });
    expect(broken).toEqual([]);
  });

  test('a thrown word is a failed job too', async () => {
    const { calls, start, result } = openCourse();
    start();
    calls.at(0).throw('oh');
    await turn();
    expect(result().failure).toMatchObject({ code: 'error', message: 'oh' });
  });

  test('a thrown `Failure` stays itself, and is tried again if it may pass', async () => {
    const { clock, calls, start, result } = openCourse();
    const thrown = failure('reset');
    start();
    for (const nth of [0, 1, 2]) {
      calls.at(nth).throw(thrown);
      await clock.advance(10_000);
    }
    expect(result()).toMatchObject({ attempts: 3 });
    expect(result().failure).toBe(thrown);
  });
});

describe('retries', () => {
  test('a failure that passes is forgotten when the next attempt is good', async () => {
    const { clock, gate, calls, start, result } = openCourse();
    start();
    calls.at(0).end(retry());
    await turn();
    expect(gate.running, 'a sleeping job holds no slot').toBe(0);
    await clock.advance(499);
    expect(calls.made.length).toBe(1);
    await clock.advance(1);
    expect(calls.at(1).context).toMatchObject({ attempt: 2, state: null });
    calls.at(1).end(done());
    await turn();
    expect(result()).toMatchObject({ failure: null, attempts: 2, timings: { limitedMs: 500, totalMs: 500 } });
  });

  test('the last failure and its value are final when no retry is left', async () => {
    const { clock, calls, start, result } = openCourse();
    start();
    for (const value of ['first', 'second', 'third']) {
      calls.last.end(retry('http', value));
      await clock.advance(1000);
    }
    expect(result()).toMatchObject({ value: 'third', failure: { code: 'http' }, attempts: 3 });
  });

  test('`durationMs` is the last attempt’s alone', async () => {
    const { clock, calls, start, result } = openCourse();
    start();
    await clock.advance(30);
    calls.at(0).end(retry());
    await clock.advance(500);
    await clock.advance(7);
    calls.at(1).end(done());
    await turn();
    expect(result()).toMatchObject({ durationMs: 7, timings: { queuedMs: 0, limitedMs: 500, totalMs: 537 } });
  });

  test('a wait past the deadline is not begun', async () => {
    const { clock, calls, start, result } = openCourse({ deadlineAtMs: 500 });
    start();
    calls.at(0).end(retry());
    await turn();
    expect(result()).toMatchObject({ failure: { code: 'reset' }, attempts: 1 });
    expect(clock.pending).toBe(0);
  });
});

describe('hops', () => {
  test('a hop goes on in its own lane with its state, and is no attempt', async () => {
    const { calls, events, start, result } = openCourse();
    start();
    calls.at(0).end(hop('b', 'moved'));
    await turn();
    expect(calls.at(1).context).toMatchObject({ attempt: 1, state: 'moved' });
    calls.at(1).end(hop('c', 'moved again'));
    await turn();
    calls.at(2).end(done());
    await turn();
    expect(result()).toMatchObject({ failure: null, attempts: 1, hops: 2 });
    expect(events.filter(({ kind }) => kind === 'hop')).toMatchObject([{ lane: 'b' }, { lane: 'c' }]);
  });

  test('a hop gives its slot back and passes the gate again', async () => {
    const { calls, gate, start } = openCourse({ limits: { slots: 1 } });
    start(jobAt(0, 'a'));
    start(jobAt(1, 'b'));
    calls.at(0).end(hop('c'));
    await turn();
    expect(calls.last.job.index).toBe(1);
    expect(gate.running).toBe(1);
    calls.last.end(done());
    await turn();
    expect(calls.last.job.index).toBe(0);
  });

  test('a retry begins again at the first call, and only the last attempt’s hops count', async () => {
    const { clock, calls, start, result } = openCourse();
    start();
    calls.at(0).end(hop('b'));
    await turn();
    calls.at(1).end(retry());
    await clock.advance(500);
    expect(calls.at(2).context).toMatchObject({ attempt: 2, state: null });
    calls.at(2).end(done());
    await turn();
    expect(result()).toMatchObject({ attempts: 2, hops: 0 });
  });

  test('`durationMs` adds up the time in slots over the hops of an attempt', async () => {
    const { clock, lanes, calls, start, result } = openCourse();
    lanes.get('b').hold(1000, { isGuess: false });
    start();
    await clock.advance(30);
    calls.at(0).end(hop('b'));
    await clock.advance(970);
    await clock.advance(12);
    calls.at(1).end(done());
    await turn();
    expect(result()).toMatchObject({ durationMs: 42, timings: { limitedMs: 970, totalMs: 1012 } });
  });
});

describe('the timeout', () => {
  test('cancels the call when its time is over, and not before', async () => {
    const { clock, calls, start } = openCourse({ timeoutMs: 100 });
    start();
    await clock.advance(99);
    expect(calls.at(0).context.scope.reason).toBeNull();
    await clock.advance(1);
    expect(calls.at(0).context.scope.reason).toMatchObject({ code: 'timeout', retryable: true });
  });

  test('adds up over hops, and stands still between them', async () => {
    const { clock, lanes, calls, start } = openCourse({ timeoutMs: 100 });
    lanes.get('b').hold(1000, { isGuess: false });
    start();
    await clock.advance(60);
    calls.at(0).end(hop('b'));
    await clock.advance(940);
    expect(calls.made.length).toBe(2);
    await clock.advance(39);
    expect(calls.at(1).context.scope.reason).toBeNull();
    await clock.advance(1);
    expect(calls.at(1).context.scope.reason).toMatchObject({ code: 'timeout', phase: 'total' });
  });

  test('begins anew with each attempt', async () => {
    const { clock, calls, start } = openCourse({ timeoutMs: 100 });
    start();
    await clock.advance(90);
    calls.at(0).end(retry());
    await clock.advance(500);
    await clock.advance(99);
    expect(calls.at(1).context.scope.reason).toBeNull();
    await clock.advance(1);
    expect(calls.at(1).context.scope.reason).not.toBeNull();
  });

  test('strikes each call at its own time, whichever began or ended before it', async () => {
    const { clock, calls, start } = openCourse({ timeoutMs: 100 });
    const isCancelled = () => [0, 1, 2].map((index) => calls.at(index).context.scope.reason !== null);
    for (const index of [0, 1, 2]) {
      start(jobAt(index));
      await clock.advance(10);
    }
    calls.at(0).end(done());
    await clock.advance(79);
    expect(isCancelled()).toEqual([false, false, false]);
    await clock.advance(1);
    expect(isCancelled()).toEqual([false, true, false]);
    await clock.advance(10);
    expect(isCancelled()).toEqual([false, true, true]);
  });

  test('leaves no timer when the call ends first, however it ends', async () => {
    const { clock, calls, start } = openCourse({ timeoutMs: 100 });
    for (const index of [0, 1, 2]) start(jobAt(index));
    expect(clock.pending).toBe(1);
    calls.at(0).end(done());
    calls.at(1).throw(new Error('oh'));
    calls.at(2).end(failed());
    await turn();
    expect(clock.pending).toBe(0);
  });
});

describe('a refused lane', () => {
  test('is held for as long as the server says, and the job loses no retry', async () => {
    const { clock, calls, start, result } = openCourse({
      policy: { retries: 0, delayMs: 1000, maxDelayMs: 1000, retryAfterMaxMs: 60_000 },
    });
    start();
    for (const ms of [10_000, 20_000]) {
      calls.last.end(refused(ms));
      await clock.advance(ms - 1);
      const before = calls.made.length;
      await clock.advance(1);
      expect(calls.made.length).toBe(before + 1);
    }
    calls.last.end(done());
    await turn();
    expect(result()).toMatchObject({ failure: null, attempts: 3, timings: { limitedMs: 30_000 } });
  });

  test('fails the job when all its holds together are too long', async () => {
    const { clock, calls, start, result } = openCourse();
    start();
    for (const ms of [40_000, 20_000]) {
      calls.last.end(refused(ms));
      await clock.advance(ms);
    }
    calls.last.end(refused(1));
    await turn();
    expect(result()).toMatchObject({ value: '429', failure: { code: 'rate_limited' }, attempts: 3 });
  });

  test('is held before another of its jobs can start, even by the last attempt', async () => {
    const { clock, calls, start } = openCourse({
      limits: { slots: 1 },
      policy: { retries: 0, delayMs: 1000, maxDelayMs: 1000, retryAfterMaxMs: 60_000 },
    });
    start(jobAt(0));
    start(jobAt(1));
    calls.at(0).end(refused(null));
    await clock.advance(499);
    expect(calls.made.length).toBe(1);
    await clock.advance(1);
    expect(calls.last.job.index).toBe(1);
  });

  test('is closed by a wait that is too long: its jobs fail without a call, until the wait is over', async () => {
    const { clock, calls, results, start } = openCourse({ limits: { concurrency: 1 } });
    start(jobAt(0));
    start(jobAt(1));
    calls.at(0).end(refused(3_600_000));
    await turn();
    const [waiting, asker] = results;
    expect(asker).toMatchObject({ job: { index: 0 }, failure: { code: 'rate_limited' }, attempts: 1 });
    expect(asker?.failure?.message).toContain('3600 s');
    expect(waiting).toMatchObject({ job: { index: 1 }, failure: { code: 'rate_limited' }, attempts: 0 });
    expect(waiting?.failure?.cause).toMatchObject({ message: 'it failed: rate_limited' });
    clock.jump(3_600_000);
    start(jobAt(2));
    expect(calls.last.job.index).toBe(2);
  });
});

describe('the end of the run', () => {
  test('a job that waits is rejected with the run’s reason itself', () => {
    const { ending, results, start } = openCourse();
    ending.abort(cancelled);
    start();
    expect(results[0]?.failure).toBe(cancelled);
  });

  test('a job that has failed before says so in the cause', async () => {
    const { ending, calls, start, result } = openCourse();
    start();
    const first = retry();
    calls.at(0).end(first);
    await turn();
    ending.drain(cancelled);
    await turn();
    expect(result()).toMatchObject({ failure: { code: 'cancelled', cause: { code: 'reset' } }, attempts: 1 });
  });

  test('a call that the end has cut is `cancelled`, with what failed before it as the cause', async () => {
    const { clock, ending, calls, start, result } = openCourse();
    start();
    calls.at(0).end(retry());
    await clock.advance(500);
    endWhenCancelled(calls.at(1));
    ending.abort(cancelled);
    await turn();
    expect(result()).toMatchObject({ failure: { code: 'cancelled', cause: { code: 'reset' } }, attempts: 2 });
  });

  test('a call that was over before is not cancelled', async () => {
    const { ending, calls, start } = openCourse();
    start();
    calls.at(0).end(done());
    await turn();
    ending.abort(cancelled);
    expect(calls.at(0).context.scope.reason).toBeNull();
  });

  test('an attempt that fails while the run drains is not made again', async () => {
    const { clock, ending, calls, start, result } = openCourse();
    start();
    ending.drain(cancelled);
    calls.at(0).end(retry());
    await turn();
    expect(result()).toMatchObject({ failure: { code: 'cancelled', cause: { code: 'reset' } }, attempts: 1 });
    expect(clock.pending).toBe(0);
  });

  test('a call that is cut in the grace period says what failed before it, too', async () => {
    const { clock, ending, calls, start, result } = openCourse();
    start();
    calls.at(0).end(retry());
    await clock.advance(500);
    endWhenCancelled(calls.at(1));
    ending.drain(cancelled);
    ending.abort(new Failure('deadline', 'the time was over'));
    await turn();
    expect(result()).toMatchObject({ failure: { code: 'deadline', cause: { code: 'reset' } }, attempts: 2 });
  });
});

test('`keepsLog` keeps every attempt and hop in order', async () => {
  const { clock, calls, start, result } = openCourse({ keepsLog: true });
  start();
  await clock.advance(5);
  calls.at(0).end(hop('b'));
  await clock.advance(6);
  calls.at(1).end(retry());
  await clock.advance(500);
  calls.at(2).end(done());
  await turn();
  expect(result().log).toMatchObject([
    { attempt: 1, lane: 'a', durationMs: 5, failure: null },
    { attempt: 1, lane: 'b', durationMs: 6, failure: { code: 'reset' } },
    { attempt: 2, lane: 'a', durationMs: 0, failure: null },
  ]);
});

test('`observe` hears of attempts, hops, retries, holds and closings as they come', async () => {
  const { clock, calls, events, start } = openCourse();
  start();
  for (const outcome of [hop('b'), retry(), refused(50), refused(100_000)]) {
    calls.last.end(outcome);
    await clock.advance(500);
  }
  const told = events.map(
    (event) => `${event.kind} ${'ms' in event ? event.ms : 'delayMs' in event ? event.delayMs : ''}`,
  );
  const attempt = 'attempt ';
  expect(told).toEqual([attempt, 'hop ', attempt, 'retry 500', attempt, 'hold 50', attempt, 'close 100000']);
});

describe('`cancel`', () => {
  test('settles at once a course that waits in its lane, which serves the next', async () => {
    const { calls, results, start } = openCourse({ limits: { concurrency: 1 } });
    start(jobAt(0));
    const waiting = start(jobAt(1));
    start(jobAt(2));
    waiting.cancel(cancelled);
    expect(results).toMatchObject([{ job: jobAt(1), failure: cancelled, attempts: 0 }]);
    calls.at(0).end(done());
    await turn();
    expect(calls.last.job).toEqual(jobAt(2));
  });

  test('settles at once a course that waits at the gate, which uses no token', async () => {
    const { clock, calls, results, start } = openCourse({ limits: { gateRate: { count: 10, windowMs: 1000 } } });
    start(jobAt(0));
    const waiting = start(jobAt(1, 'b'));
    start(jobAt(2, 'c'));
    await turn();
    waiting.cancel(cancelled);
    expect(results).toMatchObject([{ job: { index: 1 }, failure: cancelled }]);
    await clock.advance(101);
    expect(calls.made.map(({ job }) => job.index)).toEqual([0, 2]);
  });

  test('cuts a call in flight, and settles when that has ended', async () => {
    const { calls, results, start, result } = openCourse();
    const course = start();
    course.cancel(cancelled);
    expect([calls.last.context.scope.reason, results]).toEqual([cancelled, []]);
    calls.last.end(retry());
    await turn();
    expect(result()).toMatchObject({ failure: cancelled, attempts: 1 });
    expect(result().failure?.cause).toMatchObject({ code: 'reset' });
  });

  test('ends the sleep before a retry, and leaves no timer', async () => {
    const { clock, calls, start, result } = openCourse();
    const course = start();
    calls.last.end(retry());
    await turn();
    expect(clock.pending).toBe(1);
    course.cancel(cancelled);
    await turn();
    expect(result().failure).toMatchObject({ code: 'cancelled', cause: { code: 'reset' } });
    expect([clock.pending, calls.made.length]).toEqual([0, 1]);
  });

  test('does nothing to a course that has settled', async () => {
    const { calls, start, result } = openCourse();
    const course = start();
    calls.last.end(done());
    await turn();
    course.cancel(cancelled);
    expect(result().failure).toBeNull();
  });
});

describe('a job of several parts', () => {
  const page = (value: string, state: string): TestOutcome => ({
    kind: 'next',
    state,
    lane: 'a',
    part: { value, failure: null },
  });

  test('gives a result for each, in order, and says which is the last', async () => {
    const { calls, results, start } = openCourse();
    start();
    calls.last.end(page('1', 'to 2'));
    await turn();
    expect(results).toMatchObject([{ value: '1', part: { index: 0, isLast: false }, attempts: 1 }]);
    calls.last.end(hop('a', 'redirected'));
    await turn();
    calls.last.end(done('2'));
    await turn();
    expect(results[1]).toMatchObject({ value: '2', part: { index: 1, isLast: true }, attempts: 1, hops: 1 });
  });

  test('tries a part again from where it began, with retries of its own', async () => {
    const { clock, calls, results, start } = openCourse();
    start();
    calls.last.end(retry());
    await clock.advance(10_000);
    calls.last.end(page('1', 'to 2'));
    await turn();
    for (const _retry of [1, 2]) {
      calls.last.end(hop('a', 'redirected'));
      await turn();
      calls.last.end(retry());
      await clock.advance(10_000);
      expect(calls.last.context).toMatchObject({ state: 'to 2' });
    }
    calls.last.end(done('2'));
    await turn();
    expect(results.map(({ value, attempts }) => [value, attempts])).toEqual([
      ['1', 2],
      ['2', 3],
    ]);
  });

  test('a part that fails for good ends the job; the parts before it stay', async () => {
    const { calls, results, start } = openCourse();
    start();
    calls.last.end(page('1', 'to 2'));
    await turn();
    calls.last.end(failed('gone'));
    await turn();
    expect(results).toMatchObject([{ failure: null }, { failure: { code: 'http' }, part: { index: 1, isLast: true } }]);
  });

  test('no part begins while the run drains', async () => {
    const { ending, calls, results, start } = openCourse();
    start();
    ending.drain(cancelled);
    calls.last.end(page('1', 'to 2'));
    await turn();
    expect(results).toMatchObject([{ value: '1' }, { failure: cancelled, part: { index: 1, isLast: true } }]);
    expect(calls.made).toHaveLength(1);
  });
});
