import { describe, expect, test } from 'vitest';
import type { RunView } from '../../src/flow/run-options.ts';
import { turn } from './fake-clock.ts';
import type { TestJob } from './support/outcomes.ts';
import { badJob, done, failed, hop, jobAt, jobs, refused, retry } from './support/outcomes.ts';
import { HandSource } from './support/sources.ts';
import { startRun, type TestRun } from './support/start-run.ts';

describe('one result for each job', () => {
  test('no job gives no result', async () => {
    const run = await startRun({ jobs: [] });
    expect(await run.end()).toMatchObject({ kind: 'completed', read: 0, failed: 0, isAllRead: true });
  });

  test('whatever comes of it: done, failed, tried again, thrown, moved on, or no job at all', async () => {
    const run = await startRun({ jobs: [jobAt(0), jobAt(1), jobAt(2), jobAt(3), jobAt(4), badJob(5)] });
    const { calls, clock } = run;
    calls.at(0).end(done());
    calls.at(1).end(failed());
    calls.at(2).end(retry());
    calls.at(3).throw(new Error('a bug'));
    calls.at(4).end(hop('b'));
    await turn();
    calls.last.end(done());
    await clock.advance(500);
    calls.last.end(done());
    expect(await run.end()).toEqual({ kind: 'completed', read: 6, failed: 3, isAllRead: true, reason: null });
    expect(run.told()).toEqual(['5 input', '0 ok', '1 http', '3 error', '4 ok', '2 ok']);
  });

  test('`emit` is called in the order in which jobs are settled', async () => {
    const run = await startRun({ jobs: jobs(3) });
    for (const nth of [2, 0, 1]) {
      run.calls.at(nth).end(done());
      await turn();
    }
    await run.end();
    expect(run.told()).toEqual(['2 ok', '0 ok', '1 ok']);
  });

  test('`isOrdered` has it called in the order in which jobs are read', async () => {
    const run = await startRun({ jobs: [jobAt(0), badJob(1), jobAt(2)], isOrdered: true });
    run.calls.at(1).end(done());
    await turn();
    expect(run.told()).toEqual([]);
    run.calls.at(0).end(done());
    await run.end();
    expect(run.told()).toEqual(['0 ok', '1 input', '2 ok']);
  });

  test('no more than `concurrency` run, all lanes together', async () => {
    const run = await startRun({ jobs: [...jobs(5, 'a'), jobAt(5, 'b'), jobAt(6, 'c')], concurrency: 3 });
    for (let nth = 0; nth < 7; nth += 1) {
      expect(run.calls.running.size).toBe(Math.min(3, 7 - nth));
      run.calls.at(nth).end(done());
      await turn();
    }
    await run.end();
    expect(run.calls.most).toBe(3);
  });

  test('each lane keeps the limits that it is given', async () => {
    const run = await startRun({
      jobs: [...jobs(3, 'narrow'), jobAt(3, 'wide'), jobAt(4, 'wide')],
      limitsOf: (lane) => ({ concurrency: lane === 'narrow' ? 1 : null, rate: null }),
    });
    const running = () => [...run.calls.running].map(({ job }) => `${job.index} ${job.payload}`);
    expect(running()).toEqual(['0 narrow', '3 wide', '4 wide']);
    run.calls.at(0).end(done());
    await turn();
    expect(running()).toEqual(['3 wide', '4 wide', '1 narrow']);
    for (let left = 3; left > 0; left -= 1) {
      run.calls.endAll(done());
      await turn();
    }
    await run.end();
  });

  test('a held lane delays no other', async () => {
    const run = await startRun({ jobs: [jobAt(0, 'a'), jobAt(1, 'a'), jobAt(2, 'b'), jobAt(3, 'b')], concurrency: 1 });
    run.calls.at(0).end(refused(30_000));
    await turn();
    for (const index of [2, 3]) {
      expect(run.calls.last.job.index).toBe(index);
      run.calls.last.end(done());
      await turn();
    }
    await run.clock.advance(30_000);
    run.calls.last.end(done());
    await turn();
    run.calls.last.end(done());
    await run.end();
  });
});

describe('reading', () => {
  async function finish(run: TestRun, source: HandSource<TestJob>): Promise<void> {
    run.calls.endAll(done());
    await turn();
    source.end();
    await run.end();
  }

  test('goes no further than the window of jobs that are not written', async () => {
    const source = new HandSource<TestJob>();
    const run = await startRun({ source, window: { jobs: 3, bytes: 100 } });
    source.give(jobs(10));
    await turn();
    expect(source.taken).toBe(3);
    run.calls.at(0).end(done());
    await turn();
    expect(source.taken).toBe(4);
    for (let nth = 1; nth < 10; nth += 1) {
      run.calls.at(nth).end(done());
      await turn();
    }
    source.end();
    expect(await run.end()).toMatchObject({ read: 10, isAllRead: true });
  });

  test('counts jobs that sleep until their next try', async () => {
    const source = new HandSource<TestJob>();
    const run = await startRun({ source, window: { jobs: 2, bytes: 100 } });
    source.give(jobs(3));
    await turn();
    run.calls.endAll(retry());
    await turn();
    expect(source.taken).toBe(2);
    await run.clock.advance(500);
    run.calls.endAll(done());
    await turn();
    expect(source.taken).toBe(3);
    await finish(run, source);
  });

  test('waits while `emit` is busy', async () => {
    const source = new HandSource<TestJob>();
    const written = Promise.withResolvers<void>();
    const run = await startRun({ source, window: { jobs: 2, bytes: 100 }, emit: () => written.promise });
    source.give(jobs(3));
    await turn();
    run.calls.endAll(done());
    await turn();
    expect([run.results.length, source.taken]).toEqual([2, 2]);
    written.resolve();
    await turn();
    expect(source.taken).toBe(3);
    await finish(run, source);
  });

  test('and starting wait while too many bytes are not written', async () => {
    const source = new HandSource<TestJob>();
    const writes: (() => void)[] = [];
    let view: () => RunView = () => expect.fail('nothing to look at');
    const run = await startRun({
      source,
      concurrency: 2,
      window: { jobs: 100, bytes: 100 },
      weigh: () => 60,
      emit: () => new Promise((resolve) => writes.push(resolve)),
      watch: (look) => {
        view = look;
      },
    });
    source.give(jobs(6));
    await turn();
    expect(source.taken).toBe(6);
    run.calls.endAll(done());
    await turn();
    expect([writes.length, run.calls.running.size, view().heldBy]).toEqual([2, 0, 'output']);
    for (const write of writes.splice(0)) write();
    await turn();
    expect([run.calls.running.size, view().heldBy]).toEqual([2, null]);
    while (writes.length > 0 || run.calls.running.size > 0) {
      run.calls.endAll(done());
      await turn();
      for (const write of writes.splice(0)) write();
      await turn();
    }
    source.end();
    await run.end();
  });

  test('the end waits for the last row to be written', async () => {
    const written = Promise.withResolvers<void>();
    const run = await startRun({ emit: () => written.promise });
    run.calls.at(0).end(done());
    await turn();
    expect(run.hasEnded()).toBe(false);
    written.resolve();
    await run.end();
  });
});

describe('the failure limit', () => {
  test('of one stops at the first failed row: what runs is cancelled, what waits is sent away', async () => {
    const source = new HandSource<TestJob>();
    const run = await startRun({ source, concurrency: 2, failureLimit: { count: 1 } });
    source.give(jobs(4));
    await turn();
    run.calls.at(0).end(failed());
    await turn();
    expect(run.calls.at(1).context.scope.reason).toMatchObject({ code: 'cancelled' });
    run.calls.at(1).end(done());
    expect(await run.end()).toMatchObject({ kind: 'failures', read: 4, failed: 1, isAllRead: false });
    expect(run.calls.made.length).toBe(2);
    expect(source.isReturned).toBe(true);
    expect(run.told().sort()).toEqual(['0 http', '1 ok', '2 cancelled', '3 cancelled']);
  });

  test('counts final rows, lines that are no jobs too, and not what is tried again', async () => {
    const run = await startRun({ jobs: [badJob(0), jobAt(1), jobAt(2)], failureLimit: { count: 2 } });
    run.calls.at(0).end(retry());
    await turn();
    expect(run.hasEnded()).toBe(false);
    run.calls.at(1).end(failed());
    expect(await run.end()).toMatchObject({ kind: 'failures', failed: 2 });
    expect(run.told()).toEqual(['0 input', '2 http', '1 cancelled']);
  });

  test('by share counts from the 100th row on', async () => {
    const given = [...Array(99).keys()].map(badJob);
    const run = await startRun({ jobs: [...given, jobAt(99), jobAt(100)], failureLimit: { share: 0.99 } });
    expect(run.hasEnded()).toBe(false);
    run.calls.at(0).end(done());
    await turn();
    expect(run.calls.at(1).context.scope.reason).toMatchObject({ code: 'cancelled' });
    run.calls.at(1).end(done());
    expect(await run.end()).toMatchObject({ kind: 'failures', failed: 99 });
  });

  test.each([
    { share: 0.5, kind: 'failures' },
    { share: 0.51, kind: 'completed' },
  ])('by a share of $share of two rows, one failed, is $kind at the end', async ({ share, kind }) => {
    const run = await startRun({ jobs: [badJob(0), jobAt(1)], failureLimit: { share } });
    expect(run.hasEnded()).toBe(false);
    run.calls.at(0).end(done());
    expect(await run.end()).toMatchObject({ kind, read: 2, failed: 1, isAllRead: true });
  });

  test.each([
    [99, 50, 'completed'],
    [99, 49, 'failures'],
  ])('by share, fewer than 100 rows count at the end: of %i, %i%% is %s', async (count, percent, kind) => {
    const jobs = [...Array(count).keys()].map((index) => jobAt(index));
    const run = await startRun({ jobs, concurrency: count, failureLimit: { share: percent / 100 } });
    for (const [nth, call] of run.calls.made.entries()) call.end(nth % 2 === 1 ? failed() : done());
    expect((await run.end()).kind).toBe(kind);
  });

  test('stops thousands of waiting lanes without running out of stack', async () => {
    const lanes = 3000;
    const given = [...Array(lanes * 2).keys()].map((index) => jobAt(index, `lane-${index % lanes}`));
    const run = await startRun({
      jobs: given,
      window: { jobs: lanes * 2, bytes: 100 },
      concurrency: 1,
      failureLimit: { count: 1 },
    });
    run.calls.at(0).end(failed());
    expect(await run.end()).toMatchObject({ kind: 'failures', read: lanes * 2, failed: 1 });
  });
});

test('`watch` gives a look at the run: what is read, settled, running, and what holds it back', async () => {
  const source = new HandSource<TestJob>();
  let view: () => RunView = () => expect.fail('nothing to look at');
  const run = await startRun({
    source,
    rate: { count: 1, windowMs: 1000 },
    watch: (look) => {
      view = look;
    },
  });
  expect(view()).toEqual({ read: 0, settled: 0, isAllRead: false, running: 0, heldBy: null });
  source.give([...jobs(2, 'a'), badJob(2)]);
  await turn();
  expect(view()).toEqual({ read: 3, settled: 1, isAllRead: false, running: 1, heldBy: 'rate' });
  run.calls.last.end(refused(10_000));
  await turn();
  source.end();
  await turn();
  expect(view()).toEqual({ read: 3, settled: 1, isAllRead: true, running: 0, heldBy: 'a asked to wait' });
  for (const ms of [10_000, 10_000]) {
    await run.clock.advance(ms);
    run.calls.last.end(done());
    await turn();
  }
  await run.end();
});
