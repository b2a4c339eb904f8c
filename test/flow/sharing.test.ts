import { describe, expect, test } from 'vitest';
import { type SharedAnswer, Sharing } from '../../src/flow/sharing.ts';
import { turn } from './fake-clock.ts';
import { endWhenCancelled } from './support/calls.ts';
import { done, failed, hop, jobAt, retry } from './support/outcomes.ts';
import { startRun, type TestOptions } from './support/start-run.ts';

/** A run in which jobs with the same payload make the same call; those called `own` share with none. */
function startShared(lanes: string, options: TestOptions = {}) {
  const kept = new Map<string, SharedAnswer<string>>();
  return startRun({
    jobs: lanes.split('').map((lane, index) => jobAt(index, lane)),
    share: {
      keyOf: ({ payload }) => (payload === '-' ? null : payload),
      store: { get: (key) => kept.get(key) ?? null, set: (key, answer) => void kept.set(key, answer) },
    },
    ...options,
  });
}

describe('sharing', () => {
  test('jobs that would make the same call have the first one’s result, and made none', async () => {
    const run = await startShared('aba--');
    expect(run.calls.made.map(({ job }) => job.index)).toEqual([0, 1, 3, 4]);
    run.calls.at(1).end(failed('no'));
    run.calls.at(0).end(done('well'));
    run.calls.endAll(done());
    await run.end();
    expect(run.result(2)).toMatchObject({ value: 'well', failure: null, attempts: 0, durationMs: null });
    expect(run.told()).toEqual(['1 http', '0 ok', '2 ok', '3 ok', '4 ok']);
  });

  test('they have it with all its attempts and hops, and a failure is shared like an answer', async () => {
    const run = await startShared('aa', { retry: { retries: 1, delayMs: 1000, maxDelayMs: 1000, retryAfterMaxMs: 0 } });
    run.calls.last.end(retry());
    await turn();
    expect(run.results).toEqual([]);
    await run.clock.advance(1000);
    run.calls.last.end(hop());
    await turn();
    run.calls.last.end(failed('no'));
    await run.end();
    expect(run.calls.made).toHaveLength(3);
    expect(run.result(0)).toMatchObject({ value: 'no', hops: 1, attempts: 2 });
    expect(run.result(1)).toMatchObject({ value: 'no', hops: 1, attempts: 0, failure: run.result(0).failure });
  });

  test('they take no slot: one waits, the others go on', async () => {
    const run = await startShared('aaab', { concurrency: 2 });
    expect(run.calls.made.map(({ job }) => job.payload)).toEqual(['a', 'b']);
    run.calls.endAll(done());
    await run.end();
  });

  test('in order, they stand where their lines stood', async () => {
    const run = await startShared('aba', { isOrdered: true });
    run.calls.at(0).end(done());
    await turn();
    expect(run.told()).toEqual(['0 ok']);
    run.calls.at(1).end(done());
    await run.end();
    expect(run.told()).toEqual(['0 ok', '1 ok', '2 ok']);
  });

  test('when the run is stopped, those who wait are stopped as well', async () => {
    const run = await startShared('aaa');
    endWhenCancelled(run.calls.last);
    run.abort.abort();
    await run.end();
    expect(run.told()).toEqual(['0 cancelled', '1 cancelled', '2 cancelled']);
  });

  test('when it breaks down, nobody waits for ever', async () => {
    const bug = new Error('a bug');
    const run = await startShared('aaa', {
      laneOf: () => {
        throw bug;
      },
    });
    expect(await run.breakdown()).toBe(bug);
  });
});

test('a job that leads nobody settles without a trace', () => {
  const kept: string[] = [];
  const store = { get: () => null, set: (key: string) => void kept.push(key) };
  const sharing = new Sharing<string, string>({ keyOf: ({ payload }) => payload, store });
  const answer = { value: 'x', failure: null, hops: 0 };
  sharing.settle(jobAt(0), answer);
  expect(kept).toEqual([]);
  const leader = jobAt(1);
  expect(sharing.isLeader(leader, () => expect.fail('it is the first'))).toBe(true);
  const taken: SharedAnswer<string>[] = [];
  const other = jobAt(2);
  expect(sharing.isLeader(other, (one) => taken.push(one))).toBe(false);
  sharing.settle(other, { ...answer, value: 'not the leader’s' });
  sharing.settle(leader, answer);
  sharing.settle(leader, { ...answer, value: 'twice' });
  expect(taken).toEqual([answer]);
  expect(kept).toEqual(['a']);
});
