import { expect, test } from 'vitest';
import { FakeClock, turn } from './fake-clock.ts';
import { endWhenCancelled } from './support/calls.ts';
import type { TestJob } from './support/outcomes.ts';
import { badJob, done, failed, jobs, retry } from './support/outcomes.ts';
import { HandSource } from './support/sources.ts';
import { startRun } from './support/start-run.ts';

test('a bad line is a result like any other, and nothing is called for it', async () => {
  const run = await startRun({ jobs: [badJob(0), ...jobs(2).slice(1)] });
  run.calls.endAll(done());
  expect(await run.end()).toMatchObject({ kind: 'completed', read: 2, failed: 1, isAllRead: true });
  expect(run.told()).toEqual(['0 input', '1 ok']);
});

test('the source is read no further than the window', async () => {
  const source = new HandSource<TestJob>();
  const run = await startRun({ source, concurrency: 2, window: { jobs: 5, bytes: 1000 } });
  source.give(jobs(20));
  await turn();
  expect(source.taken).toBe(5);
  run.calls.at(0).end(done());
  await turn();
  expect(source.taken).toBe(6);
  run.abort.abort();
  run.calls.endAll(done());
  await run.end();
});

test('a row that is not written yet holds reading, and attempts where it is large', async () => {
  let write: () => void = () => {};
  const run = await startRun({
    jobs: jobs(4),
    concurrency: 2,
    window: { jobs: 100, bytes: 10 },
    weigh: () => 10,
    emit: ({ job }) => (job.index === 0 ? new Promise<void>((resolve) => (write = resolve)) : undefined),
  });
  run.calls.at(0).end(done());
  await turn();
  expect(run.calls.made).toHaveLength(2);
  write();
  await turn();
  expect(run.calls.made).toHaveLength(3);
  for (let nth = 1; nth < 4; nth += 1) {
    run.calls.at(nth).end(done());
    await turn();
  }
  await run.end();
});

test('the deadline cuts what runs and what waits, with the last failure beneath', async () => {
  const run = await startRun({ jobs: jobs(3), concurrency: 1, deadlineMs: 5000 });
  run.calls.at(0).end(retry());
  await turn();
  endWhenCancelled(run.calls.last);
  await run.clock.advance(5000);
  expect(await run.end()).toMatchObject({ kind: 'deadline', failed: 0 });
  expect(run.results.map(({ failure }) => failure?.code)).toEqual(['deadline', 'deadline', 'deadline']);
  expect(run.result(0).failure?.cause).toMatchObject({ code: 'reset' });
});

test('the Nth failure stops the run: what runs is cancelled', async () => {
  const run = await startRun({ jobs: jobs(5), concurrency: 2, failureLimit: { count: 2 } });
  endWhenCancelled(run.calls.at(1));
  run.calls.at(0).end(failed());
  await turn();
  endWhenCancelled(run.calls.at(2));
  expect(run.hasEnded()).toBe(false);
  run.calls.at(1).end(failed());
  expect(await run.end()).toMatchObject({ kind: 'failures', failed: 2 });
  expect(run.told().slice(2).sort()).toEqual(['2 cancelled', '3 cancelled', '4 cancelled']);
});

test.each([
  [99, 50, 'completed'],
  [99, 49, 'failures'],
])('a share of %i rows counts at the end: %i%% is %s', async (count, percent, kind) => {
  const run = await startRun({ jobs: jobs(count), concurrency: count, failureLimit: { share: percent / 100 } });
  for (const [nth, call] of run.calls.made.entries()) call.end(nth % 2 === 1 ? failed() : done());
  expect((await run.end()).kind).toBe(kind);
});

test('a source that breaks rejects the run when all is settled', async () => {
  const source = new HandSource<TestJob>();
  const run = await startRun({ source });
  source.give(jobs(1));
  await turn();
  endWhenCancelled(run.calls.at(0));
  source.break(new Error('no more input'));
  expect(await run.breakdown()).toEqual(new Error('no more input'));
  expect(run.told()).toEqual(['0 cancelled']);
});

test('an emit that breaks rejects the run when all is settled', async () => {
  const run = await startRun({
    jobs: jobs(2),
    emit: ({ job }) => {
      if (job.index === 0) throw new Error('no room');
    },
  });
  endWhenCancelled(run.calls.at(1));
  run.calls.at(0).end(done());
  expect(await run.breakdown()).toEqual(new Error('no room'));
});

test('a silent source does not hold an abort', async () => {
  const source = new HandSource<TestJob>();
  const run = await startRun({ source, clock: new FakeClock() });
  run.abort.abort();
  expect(await run.end()).toMatchObject({ kind: 'aborted', read: 0, isAllRead: false });
  expect(source.isReturned).toBe(true);
});

test('draining lets what runs finish, and starts no retry', async () => {
  const run = await startRun({ jobs: jobs(3), concurrency: 2 });
  run.drain.abort();
  run.calls.at(0).end(done());
  run.calls.at(1).end(retry());
  expect(await run.end()).toMatchObject({ kind: 'drained' });
  expect(run.calls.made).toHaveLength(2);
  expect(run.told().sort()).toEqual(['0 ok', '1 cancelled', '2 cancelled']);
  expect(run.result(1).failure?.cause).toMatchObject({ code: 'reset' });
});
