import { describe, expect, test } from 'vitest';
import type { TokenOptions } from '../../src/flow/allowance.ts';
import type { RunView } from '../../src/flow/run-options.ts';
import type { Budget } from '../../src/record/reply.ts';
import { turn } from './fake-clock.ts';
import { failure, jobAt, jobs, retry, type TestOutcome } from './support/outcomes.ts';
import { startRun } from './support/start-run.ts';

/** In these tests every job may take ten tokens, unless a test says otherwise. */
function limits(changes: Partial<TokenOptions<string>> = {}): TokenOptions<string> {
  return { estimate: () => 10, perMinute: null, total: null, ...changes };
}

/** A good answer that took so many. */
function took(tokens: number | null, budgets: readonly Budget[] = []): TestOutcome {
  return { kind: 'done', value: 'done', failure: null, cost: { tokens, budgets } };
}

const starts = ({ calls }: { calls: { made: readonly { job: { index: number } }[] } }) =>
  calls.made.map(({ job }) => job.index);

describe('tokens a minute', () => {
  test('hold a lane as long as it takes, and no other lane, slot or rate token', async () => {
    let look: () => RunView | null = () => null;
    const run = await startRun({
      jobs: [...jobs(4), jobAt(4, 'b')],
      tokens: limits({ perMinute: 120 }),
      concurrency: 3,
      watch: (lookAtRun) => {
        look = lookAtRun;
      },
    });
    // A sixth at once: two calls of ten. The third slot is free for the other lane.
    expect(starts(run)).toEqual([0, 1, 4]);
    expect(look()?.heldBy).toBe('tokens');
    await run.clock.advance(4999);
    expect(starts(run)).toEqual([0, 1, 4]);
    run.calls.endAll(took(10));
    await run.clock.advance(2);
    expect(starts(run)).toEqual([0, 1, 4, 2]);
    await run.clock.advance(5001);
    run.calls.endAll(took(10));
    await run.end();
    expect(Math.round(run.result(2).timings.limitedMs / 10)).toBe(500);
  });

  test('are given back as soon as an answer took fewer', async () => {
    const run = await startRun({ jobs: jobs(4), tokens: limits({ perMinute: 120 }) });
    expect(starts(run)).toEqual([0, 1]);
    run.calls.at(0).end(took(0));
    await turn();
    expect(starts(run)).toEqual([0, 1, 2]);
    run.calls.endAll(took(0));
    await turn();
    run.calls.endAll(took(0));
    await run.end();
  });

  test('let a heavy job have its turn: the light ones behind it do not go by', async () => {
    const estimate = ({ index }: { index: number }) => (index === 1 ? 100 : 10);
    const run = await startRun({ jobs: jobs(4), tokens: limits({ estimate, perMinute: 120 }) });
    expect(starts(run)).toEqual([0]);
    await run.clock.advance(5000);
    expect(starts(run)).toEqual([0, 1]);
    // What runs and may take 110 of 120 leaves room for one of ten, once the bucket is out of debt.
    run.calls.at(1).end(took(10));
    await turn();
    expect(starts(run)).toEqual([0, 1, 2]);
    await run.clock.advance(10_000);
    run.calls.endAll(took(10));
    await run.end();
  });

  test('are reserved for each attempt anew; what nobody knows counts as all', async () => {
    const run = await startRun({ jobs: jobs(2), tokens: limits({ perMinute: 60 }) });
    expect(starts(run)).toEqual([0]);
    run.calls.at(0).end(retry());
    await run.clock.advance(10_000);
    expect(starts(run)).toEqual([0, 1]);
    await run.clock.advance(10_000);
    expect(starts(run)).toEqual([0, 1, 0]);
    run.calls.endAll(took(10));
    await run.end();
  });

  test('that a job could never have make it fail, without a call', async () => {
    const estimate = ({ index }: { index: number }) => (index === 0 ? 121 : 10);
    const run = await startRun({ jobs: jobs(2), tokens: limits({ estimate, perMinute: 120 }) });
    run.calls.endAll(took(10));
    await run.end();
    expect(run.told()).toEqual(['0 input', '1 ok']);
    expect(run.result(0)).toMatchObject({ attempts: 0 });
  });

  test('are estimated anew while a job waits, whose turn may come sooner for it, or never', async () => {
    let estimate = 60;
    const run = await startRun({ jobs: jobs(4), tokens: limits({ estimate: () => estimate, perMinute: 60 }) });
    expect(starts(run)).toEqual([0]);
    estimate = 10;
    run.calls.at(0).end(took(0));
    await turn();
    expect(starts(run)).toEqual([0, 1]);
    estimate = 61;
    run.calls.at(1).end(took(0));
    await run.end();
    expect(run.told().toSorted()).toEqual(['0 ok', '1 ok', '2 input', '3 input']);
  });

  test('do not keep a run from ending', async () => {
    const run = await startRun({ jobs: jobs(3), tokens: limits({ perMinute: 60 }) });
    run.abort.abort(failure('cancelled'));
    run.calls.endAll(took(null));
    await run.end();
    expect(run.told().toSorted()).toEqual(['0 ok', '1 cancelled', '2 cancelled']);
  });
});

describe('tokens of the whole run', () => {
  test('end it when the next call does not fit any more: what runs is waited for, and kept', async () => {
    const run = await startRun({ jobs: [jobAt(0), jobAt(1, 'b'), jobAt(2), jobAt(3)], tokens: limits({ total: 25 }) });
    expect(starts(run)).toEqual([0, 1]);
    run.calls.at(0).end(took(10));
    await turn();
    // 10 spent and 10 reserved: another ten do not fit, but may when the other one has taken less.
    expect(starts(run)).toEqual([0, 1]);
    run.calls.at(1).end(took(4));
    await turn();
    expect(starts(run)).toEqual([0, 1, 2]);
    run.calls.at(2).end(took(10));
    expect(await run.end()).toMatchObject({ kind: 'budget', isAllRead: true });
    expect(run.told()).toEqual(['0 ok', '1 ok', '2 ok', '3 cancelled']);
  });

  test('that are just enough end nothing', async () => {
    const run = await startRun({ jobs: jobs(2), tokens: limits({ total: 20 }) });
    run.calls.endAll(took(10));
    expect(await run.end()).toMatchObject({ kind: 'completed' });
  });

  test('that are too few for the first call send nothing', async () => {
    const run = await startRun({ jobs: jobs(2), tokens: limits({ total: 9 }) });
    expect(await run.end()).toMatchObject({ kind: 'budget', spent: { spent: 0, next: 10 } });
    expect(starts(run)).toEqual([]);
  });
});

describe('what a server says is left', () => {
  const left = (remaining: number): Budget[] => [{ kind: 'requests', limit: 10, remaining, resetMs: 30_000 }];

  test('slows its lane when it is little, and no other', async () => {
    const run = await startRun({
      jobs: [jobAt(0), jobAt(1), jobAt(2), jobAt(3, 'b'), jobAt(4, 'b')],
      tokens: limits(),
      limitsOf: () => ({ concurrency: 1, rate: null }),
    });
    expect(starts(run)).toEqual([0, 3]);
    run.calls.at(0).end(took(1, left(1)));
    run.calls.at(1).end(took(1, left(9)));
    await turn();
    expect(starts(run)).toEqual([0, 3, 4]);
    await run.clock.advance(15_000);
    expect(starts(run)).toEqual([0, 3, 4, 1]);
    run.calls.endAll(took(1, left(5)));
    await turn();
    expect(starts(run)).toEqual([0, 3, 4, 1, 2]);
    run.calls.endAll(took(1));
    await run.end();
  });
});

describe('an empty account', () => {
  test('closes its lane for good: who waits and who comes fails `quota` without a call', async () => {
    const run = await startRun({
      jobs: [...jobs(3), jobAt(3, 'b')],
      limitsOf: () => ({ concurrency: 1, rate: null }),
    });
    const empty = { kind: 'retry', value: null, failure: failure('quota', { retryable: false }) } as const;
    run.calls.at(0).end(empty);
    run.calls.at(1).end(took(1));
    await run.end();
    expect(run.told()).toEqual(expect.arrayContaining(['0 quota', '1 quota', '2 quota', '3 ok']));
    expect(run.calls.made).toHaveLength(2);
    expect(run.result(2)).toMatchObject({ attempts: 0, failure: { cause: { code: 'quota' } } });
  });
});
