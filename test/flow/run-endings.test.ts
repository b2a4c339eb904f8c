import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/record/failure.ts';
import { turn } from './fake-clock.ts';
import { endWhenCancelled } from './support/calls.ts';
import type { TestJob } from './support/outcomes.ts';
import { badJob, cancelled, done, hop, jobAt, jobs, refused, retry } from './support/outcomes.ts';
import { HandSource } from './support/sources.ts';
import { startRun } from './support/start-run.ts';

const onceAMinute = { count: 1, windowMs: 60_000 };
const interrupted = new Failure('cancelled', 'Ctrl-C');

describe('abort', () => {
  test('cancels what runs and awaits it, sends away what waits, reads no further', async () => {
    const source = new HandSource<TestJob>();
    const run = await startRun({ source, concurrency: 2, window: { jobs: 3, bytes: 100 } });
    source.give(jobs(10));
    await turn();
    run.abort.abort(interrupted);
    expect(run.calls.made.map(({ context }) => context.scope.reason)).toEqual([interrupted, interrupted]);
    expect(run.calls.at(0).context.scope.signal.aborted).toBe(true);
    await turn();
    expect(run.hasEnded()).toBe(false);
    run.calls.at(0).end({ kind: 'done', value: null, failure: interrupted });
    await turn();
    expect(run.hasEnded()).toBe(false);
    run.calls.at(1).end(done('made it'));
    expect(await run.end()).toMatchObject({ kind: 'aborted', read: 3, failed: 0, isAllRead: false });
    expect(run.result(0).failure).toBe(interrupted);
    expect(run.result(1).failure).toBeNull();
    expect(run.result(2).failure).toBe(interrupted);
    expect([source.taken, source.isReturned, run.calls.made.length]).toEqual([3, true, 2]);
  });

  test('before the start reads nothing', async () => {
    const source = new HandSource<TestJob>();
    const run = await startRun({ source, signal: AbortSignal.abort() });
    expect(await run.end()).toMatchObject({ kind: 'aborted', read: 0, failed: 0, isAllRead: false });
    expect([source.asked, source.isReturned]).toEqual([0, true]);
  });

  test('does not wait for a source that is silent', async () => {
    const source = new HandSource<TestJob>();
    const run = await startRun({ source });
    run.abort.abort();
    expect(await run.end()).toMatchObject({ kind: 'aborted', read: 0 });
    expect(source.isReturned).toBe(true);
  });

  test('waits for no token, no sleep and no hold', async () => {
    const given = [jobAt(0, 'paced'), jobAt(1, 'paced'), jobAt(2, 'held'), jobAt(3, 'asleep')];
    const run = await startRun({
      jobs: given,
      limitsOf: (lane) => ({ concurrency: null, rate: lane === 'paced' ? onceAMinute : null }),
    });
    for (const call of run.calls.made) call.end(call.job.payload === 'held' ? refused(50_000) : retry());
    await turn();
    run.abort.abort();
    expect(await run.end()).toMatchObject({ kind: 'aborted', read: 4 });
    expect(run.told().sort()).toEqual(['0 cancelled', '1 cancelled', '2 cancelled', '3 cancelled']);
    expect(run.result(2).failure?.cause).toMatchObject({ code: 'rate_limited' });
  });

  test('waits for no token of the whole run’s rate, whether a slot was free or not', async () => {
    for (const concurrency of [1, 10]) {
      const run = await startRun({ jobs: jobs(3), concurrency, rate: onceAMinute });
      endWhenCancelled(run.calls.at(0));
      run.abort.abort();
      expect(await run.end()).toMatchObject({ kind: 'aborted', read: 3 });
    }
  });

  test('lets a hop go no further', async () => {
    const run = await startRun();
    run.abort.abort(interrupted);
    run.calls.at(0).end(hop('b'));
    await run.end();
    expect(run.result(0)).toMatchObject({ failure: { code: 'cancelled' }, attempts: 1 });
    expect(run.calls.made.length).toBe(1);
  });

  test('without a Failure as its reason says `cancelled`, with the reason as the cause', async () => {
    const run = await startRun();
    endWhenCancelled(run.calls.at(0));
    run.abort.abort('enough');
    await run.end();
    expect(run.result(0).failure).toMatchObject({ code: 'cancelled', cause: 'enough' });
  });

  test('after the end of a run changes nothing', async () => {
    const run = await startRun();
    run.calls.at(0).end(done());
    const end = await run.end();
    run.abort.abort();
    await turn();
    expect([end.kind, run.results.length]).toEqual(['completed', 1]);
  });
});

describe('drain', () => {
  test('lets what runs finish, hops and all, and starts nothing new', async () => {
    const source = new HandSource<TestJob>();
    const run = await startRun({ source, concurrency: 2, window: { jobs: 3, bytes: 100 } });
    source.give(jobs(10));
    await turn();
    run.drain.abort(interrupted);
    expect(run.calls.at(0).context.scope.reason).toBeNull();
    run.calls.at(0).end(hop('b'));
    run.calls.at(1).end(done());
    await turn();
    expect(run.calls.last.context.state).toBe('hop');
    run.calls.last.end(done('arrived'));
    expect(await run.end()).toMatchObject({ kind: 'drained', read: 3, failed: 0, isAllRead: false });
    expect(run.told().sort()).toEqual(['0 ok', '1 ok', '2 cancelled']);
    expect([run.calls.made.length, source.taken, source.isReturned]).toEqual([3, 3, true]);
  });

  test('sends away at once who waits for a slot, in every lane', async () => {
    const given = [jobAt(0), jobAt(1), jobAt(2), jobAt(3, 'other'), jobAt(4, 'other')];
    const run = await startRun({ jobs: given, concurrency: 1 });
    run.drain.abort(interrupted);
    await turn();
    expect(run.told().sort()).toEqual(['1 cancelled', '2 cancelled', '3 cancelled', '4 cancelled']);
    run.calls.at(0).end(done());
    expect(await run.end()).toMatchObject({ kind: 'drained', read: 5 });
  });

  test('makes no other attempt: what fails now or sleeps is `cancelled`, with its failure as the cause', async () => {
    const run = await startRun({ jobs: jobs(2) });
    run.calls.at(0).end(retry('reset'));
    await turn();
    run.drain.abort(interrupted);
    run.calls.at(1).end(retry('timeout'));
    expect(await run.end()).toMatchObject({ kind: 'drained', read: 2, failed: 0 });
    expect(run.result(0).failure).toMatchObject({ code: 'cancelled', cause: { code: 'reset' } });
    expect(run.result(1).failure).toMatchObject({ code: 'cancelled', cause: { code: 'timeout' } });
  });

  test('that becomes an abort cancels what still runs, and stays a drain', async () => {
    const run = await startRun();
    endWhenCancelled(run.calls.at(0));
    run.drain.abort(interrupted);
    await turn();
    expect(run.hasEnded()).toBe(false);
    run.abort.abort();
    expect(await run.end()).toMatchObject({ kind: 'drained', read: 1 });
  });
});

describe('the deadline', () => {
  test('cuts what runs, and sends away what waits, each with its last failure as the cause', async () => {
    const run = await startRun({ jobs: jobs(3), concurrency: 2, deadlineMs: 10_000 });
    run.calls.at(0).end(retry());
    await run.clock.advance(500);
    const [, running, again] = run.calls.made;
    expect([running?.job.index, again?.job.index]).toEqual([1, 2]);
    for (const call of run.calls.running) endWhenCancelled(call);
    await run.clock.advance(9499);
    expect(run.hasEnded()).toBe(false);
    await run.clock.advance(1);
    expect(await run.end()).toMatchObject({ kind: 'deadline', read: 3, failed: 0, isAllRead: true });
    expect(run.told().sort()).toEqual(['0 deadline', '1 deadline', '2 deadline']);
    expect(run.result(0).failure?.cause).toMatchObject({ code: 'reset' });
    expect(run.result(1).failure?.cause).toBeUndefined();
  });

  test('fails a job now whose wait would go past it', async () => {
    const run = await startRun({ jobs: [jobAt(0, 'a'), jobAt(1, 'b')], deadlineMs: 400 });
    run.calls.at(0).end(retry());
    run.calls.at(1).end(refused(400));
    expect(await run.end()).toMatchObject({ kind: 'completed', failed: 2 });
    expect(run.told().sort()).toEqual(['0 reset', '1 rate_limited']);
  });

  test('knows no grace: it cuts what runs on while the run drains', async () => {
    const run = await startRun({ deadlineMs: 1000 });
    endWhenCancelled(run.calls.at(0));
    run.drain.abort();
    await run.clock.advance(1000);
    expect(await run.end()).toMatchObject({ kind: 'drained', read: 1 });
    expect(run.told()).toEqual(['0 deadline']);
  });
});

test('an end that comes in the moment of a token starts nothing, in no lane', async () => {
  const hundredPerSecond = { count: 100, windowMs: 1000 };
  const given = [jobAt(0, 'a'), jobAt(1, 'b'), jobAt(2, 'c')];
  const run = await startRun({ jobs: given, rate: hundredPerSecond, deadlineMs: 10 });
  endWhenCancelled(run.calls.at(0));
  await run.clock.advance(10);
  run.calls.endAll(done());
  await run.end();
  expect(run.calls.made.map(({ job }) => job.index)).toEqual([0]);
});

describe('a breakdown', () => {
  const bug = new Error('broken');

  test('of the source ends the run: what is read is cancelled and has its results, then it rejects', async () => {
    const source = new HandSource<TestJob>();
    const run = await startRun({ source });
    source.give(jobs(2));
    await turn();
    for (const call of run.calls.running) endWhenCancelled(call);
    source.break(bug);
    expect(await run.breakdown()).toBe(bug);
    expect(run.told().sort()).toEqual(['0 cancelled', '1 cancelled']);
  });

  test('of a batch does the same, and the source may clean up', async () => {
    const source = new HandSource<TestJob>();
    const run = await startRun({ source });
    source.give(
      (function* () {
        yield badJob(0);
        throw bug;
      })(),
    );
    await turn();
    expect(await run.breakdown()).toBe(bug);
    expect([run.told(), source.isReturned]).toEqual([['0 input'], true]);
  });

  test.each([
    {
      how: 'throws',
      emit: () => {
        throw bug;
      },
    },
    { how: 'rejects', emit: () => Promise.reject(bug) },
  ])('of `emit`, which $how, ends the run: it rejects when all is settled', async ({ emit }) => {
    const source = new HandSource<TestJob>();
    const run = await startRun({ source, concurrency: 2, emit });
    source.give(jobs(4));
    await turn();
    run.calls.at(0).end(done());
    await turn();
    expect(run.hasEnded()).toBe(false);
    expect(run.calls.at(1).context.scope.reason).toMatchObject({ code: 'cancelled', cause: bug });
    run.calls.at(1).end(done());
    expect(await run.breakdown()).toBe(bug);
    expect([run.results.length, run.calls.made.length, source.isReturned]).toEqual([4, 2, true]);
  });

  test('of `laneOf` or `limitsOf` ends the run', async () => {
    const fail = () => {
      throw bug;
    };
    for (const broken of [{ laneOf: fail }, { limitsOf: fail }]) {
      const run = await startRun({ jobs: jobs(3), ...broken });
      expect(await run.breakdown()).toBe(bug);
    }
  });

  test('of `observe` ends the run, also where other jobs wait for the slot', async () => {
    const observe = () => {
      throw bug;
    };
    const run = await startRun({ jobs: jobs(3), concurrency: 1, observe });
    run.calls.at(0).end(done());
    expect(await run.breakdown()).toBe(bug);
  });

  test('of `weigh` ends the run, also when jobs are sent away', async () => {
    const weigh = () => {
      throw bug;
    };
    const run = await startRun({
      jobs: jobs(4),
      limitsOf: () => ({ concurrency: 1, rate: null }),
      weigh,
    });
    run.calls.at(0).end(done());
    await turn();
    // The next one had started by then.
    run.calls.endAll(done());
    expect(await run.breakdown()).toBe(bug);
  });
});

test('of two ends the first one counts', async () => {
  const run = await startRun({ deadlineMs: 1000, signal: AbortSignal.abort(cancelled) });
  expect(await run.end()).toMatchObject({ kind: 'aborted' });

  const late = await startRun({ deadlineMs: 1000 });
  await late.clock.advance(1000);
  late.abort.abort();
  late.calls.at(0).end(done());
  expect(await late.end()).toMatchObject({ kind: 'deadline' });
  expect(late.told()).toEqual(['0 ok']);
});
