import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { Scope } from '../../src/flow/signals.ts';
import { createAgent } from '../../src/http/agent.ts';
import { Failure } from '../../src/record/failure.ts';
import { startRawServer } from '../support/raw-server.ts';
import { exchangeWith, requestTo } from './calling.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A server that takes a connection and never says a word: TLS with it is never made. */
async function connecting(connectTimeoutMs: number) {
  const accepted = Promise.withResolvers<void>();
  const server = await startRawServer((socket) => void socket.once('data', () => accepted.resolve()));
  const agent = createAgent({ concurrency: 1, connectTimeoutMs });
  onTestFinished(() => agent.destroy());
  const scope = new Scope();
  const done = exchangeWith(requestTo(server.url.replace('http:', 'https:')), { agent, scope });
  await accepted.promise;
  return { done, scope };
}

test('a connection that is not made in time is a timeout', async () => {
  const { done } = await connecting(5000);
  // undici counts in ticks of its own.
  await vi.advanceTimersByTimeAsync(8000);
  expect((await done).failure).toMatchObject({ code: 'timeout', phase: 'connect' });
});

test('0 is no limit', async () => {
  const { done, scope } = await connecting(0);
  await vi.advanceTimersByTimeAsync(3_600_000);
  const stop = new Failure('cancelled', 'stopped');
  scope.cancel(stop);
  expect((await done).failure).toBe(stop);
});
