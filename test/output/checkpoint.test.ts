import { expect, test } from 'vitest';
import { type Known, readCheckpoint } from '../../src/output/checkpoint.ts';

/** A row of an earlier run. */
const row = (fields: Record<string, unknown>) => JSON.stringify({ index: 0, id: null, ok: true, ...fields });
const job = (fields: Partial<Known>): Known => ({ id: null, signature: '', ...fields });

/** Reads these lines, in batches of two, and says which stayed. */
async function read(...lines: string[]) {
  const kept: string[] = [];
  async function* batches() {
    for (let at = 0; at < lines.length; at += 2) yield lines.slice(at, at + 2);
  }
  const checkpoint = await readCheckpoint({
    lines: batches(),
    keep: (line) => void kept.push(line),
    signatureOf: ({ url }) => JSON.stringify(url),
  });
  return { checkpoint, kept };
}

test('rows that are ok stay, to the letter and in order; the others go', async () => {
  const [a, b, c] = [row({ id: 'a' }), row({ id: 'b', ok: false }), `${row({ key: 'c' }).slice(0, -1)} }`];
  const { checkpoint, kept } = await read(a, b, c);
  expect(kept).toEqual([a, c]);
  expect(checkpoint).toMatchObject({ kept: 2, failed: 1, unknown: 0, isTorn: false, changed: 0 });
});

test('a job is known by its id, or else by its key, and one is not taken for the other', async () => {
  const { checkpoint } = await read(row({ id: 'x' }), row({ key: 'y' }));
  expect(checkpoint.take(job({ id: 'y' }))).toBe(false);
  expect(checkpoint.take(job({ key: 'x' }))).toBe(false);
  expect(checkpoint.take(job({ id: 'x', key: 'other' }))).toBe(true);
  expect(checkpoint.take(job({ key: 'y' }))).toBe(true);
  expect(checkpoint.take(job({}))).toBe(false);
});

test('each row stands for one of the jobs that are the same', async () => {
  const { checkpoint } = await read(row({ key: 'k' }), row({ key: 'k' }), row({ key: 'k', ok: false }));
  expect([1, 2, 3].map(() => checkpoint.take(job({ key: 'k' })))).toEqual([true, true, false]);
  expect(checkpoint.takeFailed(job({ key: 'k' }))).toBe(true);
});

test('only `ok: true` is done', async () => {
  const { checkpoint, kept } = await read(row({ id: 'a', ok: 'true' }), row({ id: 'b', ok: 1 }), '{"id":"c"}');
  expect([kept.length, checkpoint.failed]).toEqual([0, 3]);
  expect(checkpoint.takeFailed(job({ id: 'a' }))).toBe(true);
  expect(checkpoint.takeFailed(job({ id: 'd' }))).toBe(false);
});

test('of the rows that a killed run left, the latest of each job is not stale; a failed one that was done again is replaced', async () => {
  const [failed, again, ok, other] = [
    row({ id: 'a', ok: false }),
    row({ id: 'a', ok: false, index: 1 }),
    row({ id: 'b' }),
    row({ id: 'b', ok: false }),
  ];
  const { checkpoint } = await read(failed, again, other, ok);
  expect([failed, again, other, ok, '{"torn'].map(checkpoint.createStaleTest())).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
  expect(checkpoint.isReplaced(again)).toBe(false);
  checkpoint.takeFailed(job({ id: 'a' }));
  expect([again, ok].map((line) => checkpoint.isReplaced(line))).toEqual([true, false]);
});

test('rows that name no job are counted, and dropped', async () => {
  const { checkpoint, kept } = await read(row({}), row({ id: 7 }), row({ ok: false }));
  expect([kept.length, checkpoint.unknown]).toEqual([0, 3]);
});

test('a last line cut short is dropped, wherever it was cut; a bad one before it is no torn end', async () => {
  const [whole, last] = [row({ id: 'a' }), row({ id: 'b', body: 'ä' })];
  for (let length = 1; length < last.length; length++) {
    const { checkpoint, kept } = await read(whole, last.slice(0, length));
    expect([kept, checkpoint.isTorn], `${length}`).toEqual([[whole], true]);
  }
  const { checkpoint, kept } = await read('{"id":', whole);
  expect([kept, checkpoint.isTorn]).toEqual([[whole], false]);
});

test('lines that are JSON but no row are dropped', async () => {
  const { kept } = await read('null', '7', '"text"', '[]');
  expect(kept).toEqual([]);
});

test('jobs done by another call than now are counted when they are looked at', async () => {
  const { checkpoint } = await read(
    row({ id: 'a', url: 'old' }),
    row({ id: 'b', url: 'same' }),
    row({ id: 'c', url: 'old' }),
  );
  checkpoint.take(job({ id: 'a', signature: '"new"' }));
  checkpoint.take(job({ id: 'b', signature: '"same"' }));
  expect(checkpoint.changed).toBe(1);
});

test('an empty file has done nothing', async () => {
  const { checkpoint } = await read();
  expect(checkpoint).toMatchObject({ kept: 0, failed: 0, unknown: 0, isTorn: false });
});
