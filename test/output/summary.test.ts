import { describe, expect, test } from 'vitest';
import { renderSummary } from '../../src/output/summary.ts';
import type { TallySnapshot } from '../../src/output/tally.ts';
import { okRow, tallyOfRows } from './count-row.ts';

/** 1,000 rows: 970 ok, 20 with a 503 after three attempts, 10 that were no URL. */
function exampleTally(): TallySnapshot {
  const tally = tallyOfRows();
  for (let count = 0; count < 970; count += 1) tally.add(okRow);
  for (let count = 0; count < 20; count += 1) {
    tally.add({ ...okRow, failure: { code: 'http' }, status: 503, attempts: 3, durationMs: 250 });
  }
  for (let count = 0; count < 10; count += 1) {
    tally.add({ failure: { code: 'input' }, status: null, durationMs: null, attempts: 0, bytes: null });
  }
  return tally.snapshot();
}

const example = { elapsedMs: 20_000 };

describe('renderSummary', () => {
  test('a table for people', async () => {
    expect(await renderSummary(exampleTally(), { ...example, format: 'table' })).toBe(`\
┌─────────────┬──────────┬────────────┐
│ ok          │      970 │ 97.0%      │
│ failed      │       30 │ 3.0%       │
│   http      │       20 │            │
│   input     │       10 │            │
│ status 200  │      970 │            │
│ status 503  │       20 │            │
│ attempts    │    1,030 │ 40 retries │
│ bytes       │ 506.9 kB │            │
│ latency p50 │    13 ms │            │
│ latency p90 │    13 ms │            │
│ latency p99 │   250 ms │            │
│ latency max │   250 ms │            │
│ time        │      20s │ 50.0/s     │
└─────────────┴──────────┴────────────┘
`);
  });

  test('rows that the end of the run cut off have a line of their own; one retry is no retries', async () => {
    const tally = tallyOfRows();
    tally.add({ ...okRow, attempts: 2 });
    tally.add({ ...okRow, failure: { code: 'http' }, status: 500 });
    for (let count = 0; count < 2; count += 1) {
      tally.add({ failure: { code: 'cancelled' }, status: null, durationMs: null, attempts: 0, bytes: null });
    }
    const text = await renderSummary(tally.snapshot(), { ...example, format: 'markdown' });
    expect(text).toContain(
      '| ok | 1 | 25.0% |\n| failed | 1 | 25.0% |\n| &nbsp;&nbsp;http | 1 |  |\n| cancelled | 2 | 50.0% |',
    );
    expect(text).toContain('| attempts | 3 | 1 retry |');
  });

  test('the rate is of the rows that were done, and not of those that were cut off', async () => {
    const tally = tallyOfRows();
    tally.add(okRow);
    tally.add({ ...okRow, failure: { code: 'http' }, status: 500 });
    for (let count = 0; count < 98; count += 1) {
      tally.add({ failure: { code: 'cancelled' }, status: null, durationMs: null, attempts: 0, bytes: null });
    }
    const textOf = (format: 'json' | 'markdown') => renderSummary(tally.snapshot(), { elapsedMs: 1000, format });
    expect(await textOf('markdown')).toContain('| time | 1.0s | 2.00/s |');
    expect(await textOf('json')).toContain('"rows_per_second":2,');
  });

  test('one line of JSON for a machine', async () => {
    const text = await renderSummary(exampleTally(), { ...example, format: 'json' });
    expect(text).toBe(
      `${[
        '{"rows":1000,"ok":970,"failed":30,"cancelled":0,"failed_by_code":{"http":20,"input":10},"statuses":{"200":970,"503":20}',
        '"attempts":1030,"retries":40,"bytes":506880,"elapsed_ms":20000,"rows_per_second":50',
        '"latency_ms":{"p50":12.503,"p90":12.503,"p99":250,"max":250}}',
      ].join(',')}\n`,
    );
  });

  test('tokens of models’ answers, where there are any; for a machine always where there may be', async () => {
    const tally = tallyOfRows({ hasUsage: true });
    const textOf = (format: 'json' | 'markdown') => renderSummary(tally.snapshot(), { ...example, format });
    expect(await textOf('markdown')).not.toContain('tokens');
    expect(await textOf('json')).toContain('"bytes":0,"usage":{"input_tokens":0,"output_tokens":0},"elapsed_ms"');
    tally.add({ ...okRow, usage: { inputTokens: 1000, outputTokens: 200 } });
    tally.add({ ...okRow, usage: { inputTokens: 7, outputTokens: null } });
    tally.add({ ...okRow, usage: null });
    expect(await textOf('markdown')).toContain('| tokens in | 1,007 |  |\n| tokens out | 200 |  |\n');
    expect(await textOf('json')).toContain('"usage":{"input_tokens":1007,"output_tokens":200}');
  });

  test('Markdown for a job summary', async () => {
    expect(await renderSummary(exampleTally(), { ...example, format: 'markdown' })).toBe(`\
| sluice | | |
|:--|--:|:--|
| ok | 970 | 97.0% |
| failed | 30 | 3.0% |
| &nbsp;&nbsp;http | 20 |  |
| &nbsp;&nbsp;input | 10 |  |
| status 200 | 970 |  |
| status 503 | 20 |  |
| attempts | 1,030 | 40 retries |
| bytes | 506.9 kB |  |
| latency p50 | 13 ms |  |
| latency p90 | 13 ms |  |
| latency p99 | 250 ms |  |
| latency max | 250 ms |  |
| time | 20s | 50.0/s |
`);
  });

  test('nothing when nothing is wanted', async () => {
    expect(await renderSummary(exampleTally(), { ...example, format: 'none' })).toBe('');
  });

  test('a run without a row has a summary too', async () => {
    const empty = tallyOfRows().snapshot();
    expect(await renderSummary(empty, { format: 'table', elapsedMs: 0 })).toBe(`\
┌──────────┬──────┬────────┐
│ ok       │    0 │ 0%     │
│ failed   │    0 │ 0%     │
│ attempts │    0 │        │
│ time     │ 0.0s │ 0.00/s │
└──────────┴──────┴────────┘
`);
    expect(await renderSummary(empty, { format: 'json', elapsedMs: 0 })).toContain('"latency_ms":null');
  });

  test('colours only when told', async () => {
    const withColor = await renderSummary(exampleTally(), { ...example, format: 'table', color: true });
    expect(withColor).toContain('\u001b[31m30\u001b[39m');
    const without = await renderSummary(exampleTally(), { ...example, format: 'table' });
    expect(without).not.toContain('\u001b');
  });
});
