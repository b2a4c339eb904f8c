import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Order } from '../../src/flow/order.ts';

const last = { isLast: true };

function announce(count: number) {
  const given: number[] = [];
  const order = new Order<{ at: number }, number>((value) => given.push(value));
  const keys = Array.from({ length: count }, (_, at) => ({ at }));
  for (const key of keys) order.expect(key);
  return { order, keys, given };
}

test('`Order` gives every value in the order of the announcement, and none before those ahead of it', () => {
  const count = 12;
  const anyOrder = fc.shuffledSubarray([...Array(count).keys()], { minLength: count });
  fc.assert(
    fc.property(anyOrder, (settling) => {
      const { order, keys, given } = announce(count);
      const settled = new Set<number>();
      for (const at of settling) {
        order.settle(keys[at] ?? { at }, at, last);
        settled.add(at);
        const ready = keys.findIndex((key) => !settled.has(key.at));
        expect(given.length).toBe(ready === -1 ? count : ready);
      }
      expect(given).toEqual([...Array(count).keys()]);
    }),
  );
});

test('`drop` lets those go on who stand behind', () => {
  const { order, keys, given } = announce(3);
  const [first, second, third] = keys as [{ at: number }, { at: number }, { at: number }];
  order.settle(third, 2, last);
  order.drop(second);
  expect(given).toEqual([]);
  order.settle(first, 0, last);
  expect(given).toEqual([0, 2]);
});

test('the values of one key stand together, and go out as they come when it is its turn', () => {
  const { order, keys, given } = announce(2);
  const [first, second] = keys as [{ at: number }, { at: number }];
  order.settle(second, 20, { isLast: false });
  order.settle(first, 10, { isLast: false });
  expect(given).toEqual([10]);
  order.settle(second, 21, last);
  expect(given).toEqual([10]);
  order.settle(first, 11, last);
  expect(given).toEqual([10, 11, 20, 21]);
});

test('a key whose turn comes in the middle of its values gives what it has, and then the rest', () => {
  const { order, keys, given } = announce(2);
  const [first, second] = keys as [{ at: number }, { at: number }];
  order.settle(second, 20, { isLast: false });
  order.drop(first);
  expect(given).toEqual([20]);
  order.settle(second, 21, { isLast: false });
  order.settle(second, 22, last);
  expect(given).toEqual([20, 21, 22]);
});
