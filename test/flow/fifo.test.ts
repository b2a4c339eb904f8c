import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fifo } from '../../src/flow/fifo.ts';

const many = fc.integer({ min: 1, max: 900 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('push' as const), count: many }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('shift' as const), count: many }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('putFirst' as const), count: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('drain' as const), count: fc.constant(0) }) },
);

test('gives what an array would, however many come and go', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const fifo = new Fifo<number>();
      let expected: number[] = [];
      let next = 0;
      for (const { what, count } of steps) {
        const numbers = Array.from({ length: count }, () => next++);
        if (what === 'push') {
          for (const number of numbers) fifo.push(number);
          expected.push(...numbers);
        } else if (what === 'shift') {
          expect(numbers.map(() => fifo.shift())).toEqual(numbers.map(() => expected.shift()));
        } else if (what === 'putFirst') {
          fifo.putFirst(numbers);
          expected.unshift(...numbers);
        } else {
          expect(fifo.drain()).toEqual(expected);
          expected = [];
        }
        expect([fifo.length, fifo.head]).toEqual([expected.length, expected[0]]);
      }
      expect(fifo.drain()).toEqual(expected);
    }),
  );
});
