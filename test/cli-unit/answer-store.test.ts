import { expect, onTestFinished, test } from 'vitest';
import { createAnswerStore } from '../../src/cli/answer-store.ts';
import { Failure } from '../../src/record/failure.ts';

function startStore(maxBytes: number) {
  const store = createAnswerStore<{ text: string }>({ maxBytes });
  onTestFinished(() => store.close());
  return store;
}

test.each([0, 500, 1e6])('what is kept comes back as it was, with %d bytes of memory', (maxBytes) => {
  const store = startStore(maxBytes);
  const answers = Array.from({ length: 20 }, (_, at) => ({
    value: { text: 'é\u2028'.repeat(at * 7) },
    failure: null,
    hops: at,
  }));
  for (const [at, answer] of answers.entries()) store.set(`${at}`, answer);
  for (const [at, answer] of answers.toReversed().entries()) expect(store.get(`${19 - at}`)).toEqual(answer);
  expect(store.get('none')).toBeNull();
});

test.each([0, 1e6])('a failure comes back as one, with what lies beneath, with %d bytes of memory', (maxBytes) => {
  const store = startStore(maxBytes);
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const failure = new Failure('connect', 'no connection', { phase: 'connect', retryable: true, cause });
  store.set('a', { value: null, failure, hops: 0 });
  const back = store.get('a')?.failure;
  expect(back).toBeInstanceOf(Failure);
  expect(back).toMatchObject({ code: 'connect', message: 'no connection', phase: 'connect', retryable: true });
  expect(back?.cause).toMatchObject({ message: 'refused', code: 'ECONNREFUSED' });
  store.set('b', { value: null, failure: new Failure('http', 'no'), hops: 0 });
  expect(store.get('b')?.failure?.cause).toBeUndefined();
});
