import { expect, test } from 'vitest';
import { Reader } from '../../src/flow/reader.ts';
import { turn } from './fake-clock.ts';
import { allOf, HandSource } from './support/sources.ts';

/** A reader that wants so many values for now, and a note of what it took. */
function read<T>(source: AsyncIterable<Iterable<T>>, wanted = Number.POSITIVE_INFINITY) {
  const taken: T[] = [];
  const state = { wanted, ending: 'none' as string };
  const reader = new Reader<T>({
    source,
    wantsMore: () => taken.length < state.wanted,
    take: (value) => taken.push(value),
  });
  const start = () =>
    reader.run().then(
      () => {
        state.ending = 'over';
      },
      (error: unknown) => {
        state.ending = `broken: ${error instanceof Error ? error.message : String(error)}`;
      },
    );
  return { reader, taken, state, start };
}

test('`Reader` takes all values of all batches in order, and ends with the source', async () => {
  async function* batches() {
    yield [1, 2];
    yield [];
    yield [3];
  }
  const { reader, taken, start } = read(batches());
  expect(reader.hasEnded).toBe(false);
  await start();
  expect(taken).toEqual([1, 2, 3]);
  expect(reader.hasEnded).toBe(true);
});

test('`Reader` takes no more than is wanted, one value at a time, until it is fed again', async () => {
  const source = new HandSource<number>();
  const { reader, taken, state, start } = read(source, 2);
  void start();
  source.give([1, 2, 3, 4]);
  await turn();
  expect([taken.length, source.taken]).toEqual([2, 2]);
  state.wanted = 3;
  reader.feed();
  expect([taken.length, source.taken]).toEqual([3, 3]);
});

test('`Reader` asks for the next batch only when more is wanted, and once', async () => {
  const source = new HandSource<number>();
  const { reader, state, start } = read(source, 1);
  void start();
  expect(source.asked).toBe(1);
  source.give([1]);
  await turn();
  expect(source.asked).toBe(1);
  state.wanted = 2;
  reader.feed();
  reader.feed();
  expect(source.asked).toBe(2);
});

test('`feed` called while a value is taken takes no other before it', async () => {
  const order: string[] = [];
  const reader: Reader<number> = new Reader({
    source: allOf([1, 2]),
    wantsMore: () => true,
    take: (value) => {
      order.push(`take ${value}`);
      reader.feed();
      order.push(`took ${value}`);
    },
  });
  await reader.run();
  expect(order).toEqual(['take 1', 'took 1', 'take 2', 'took 2']);
});

test('`stop` ends it, tells the source so, and what comes later is not taken', async () => {
  const source = new HandSource<number>();
  const { reader, taken, state, start } = read(source);
  void start();
  reader.stop();
  await turn();
  expect([state.ending, source.isReturned, reader.hasEnded]).toEqual(['over', true, false]);
  source.give([1]);
  await turn();
  reader.feed();
  expect([taken, source.asked]).toEqual([[], 1]);
});

test('`stop` does not wait for a source that is silent', async () => {
  async function* silent(): AsyncGenerator<number[]> {
    await new Promise(() => {});
    yield [];
  }
  const { reader, state, start } = read(silent());
  void start();
  reader.stop();
  await turn();
  expect(state.ending).toBe('over');
});

test('`stop` lets a generator clean up, and the batch too', async () => {
  const cleaned: string[] = [];
  function* batch() {
    try {
      yield 1;
      yield 2;
    } finally {
      cleaned.push('batch');
    }
  }
  async function* source() {
    try {
      yield batch();
    } finally {
      cleaned.push('source');
    }
  }
  const { reader, start } = read(source(), 1);
  void start();
  await turn();
  reader.stop();
  await turn();
  expect(cleaned).toEqual(['batch', 'source']);
});

test('`stop` before `run` reads nothing', async () => {
  const source = new HandSource<number>();
  const { reader, start } = read(source);
  reader.stop();
  await start();
  expect(source.asked).toBe(0);
});

test('a source that breaks breaks the reader, unless that was stopped before', async () => {
  const breaking = new HandSource<number>();
  const broken = read(breaking);
  void broken.start();
  breaking.break(new Error('no such file'));
  await turn();
  expect([broken.state.ending, broken.reader.hasEnded]).toEqual(['broken: no such file', false]);

  const late = new HandSource<number>();
  const stopped = read(late);
  void stopped.start();
  stopped.reader.stop();
  late.break(new Error('closed'));
  await turn();
  expect(stopped.state.ending).toBe('over');
});

test('a batch that breaks breaks the reader, after the values before', async () => {
  function* batch() {
    yield 1;
    throw new Error('not UTF-8');
  }
  const { taken, state, start } = read(allOf(batch()));
  await start();
  expect([taken, state.ending]).toEqual([[1], 'broken: not UTF-8']);
});

test('a batch that breaks lets the source clean up', async () => {
  const source = new HandSource<number>();
  const { reader, state, start } = read(source);
  void start();
  source.give(
    (function* () {
      yield 1;
      throw new Error('not UTF-8');
    })(),
  );
  await turn();
  expect(state.ending).toBe('broken: not UTF-8');
  // As the run does when its reader breaks.
  reader.stop();
  await turn();
  expect(source.isReturned).toBe(true);
});
