import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { nodePath, projectRoot } from '../support/places.ts';

const folder = join(projectRoot, 'fixtures/examples');

/** What each example prints, a line each. */
const printed: Record<string, string[]> = {
  'backpressure.ts': ['1000 taken, never more than 8 read ahead: true'],
  'deadlines.ts': [
    'timeout: not finished after 0.005 s',
    'quick: ok',
    'slow: timeout',
    'slow: deadline',
    'the run is over: deadline',
    'child true, parent false',
  ],
  'error-group-with-limit.ts': ['shard 3 is broken', 'shards 0 to 3 were tried: true', 'most were never started: true'],
  'error-group.ts': ['download has cleaned up', 'index has cleaned up', 'stopped: the disk is full'],
  'fan-out-fan-in.ts': ['0:PRESSURE 1:GATE 2:LANE 3:WINDOW 4:ROW'],
  'graceful-end.ts': [
    'answer to 1',
    'answer to 2',
    'answer to 3',
    'drained; what was read and not begun is told too: true',
  ],
  'pipeline.ts': ['0.5', '2', '4.5', '8', '12.5', 'the source is closed', 'and nothing is left running'],
  'rate-limiter.ts': ['9 starts, 8 spacings of 10 ms: true'],
  'single-flight.ts': ['profile of ada', 'no time', 'profile of ada', 'profile of bob', '2 calls for four who asked'],
  'weighted-semaphore.ts': [
    'photo in, 10 MB free',
    'thumbnail in, 10 MB free',
    'poster in, 0 MB free',
    'icon in, 0 MB free',
    'all out, 100 MB free',
  ],
  'worker-pool.ts': ['13 failed: unlucky', 'sum of the others: 2301, at most 4 at once, 0 left running'],
};

test('every example is run', () => {
  expect(readdirSync(folder).toSorted()).toEqual(Object.keys(printed));
});

test.each(Object.keys(printed))('example %s prints what it should, says nothing else, and ends', async (name) => {
  const { stdout, stderr } = await promisify(execFile)(nodePath, [join(folder, name)], { timeout: 15_000 });
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toEqual([...(printed[name] ?? []), '']);
});
