import { onTestFinished } from 'vitest';
import { parseCount, parseDuration, parseSize } from '../../src/cli/values.ts';
import { seededRandom } from '../../src/mock/fate.ts';
import { type Mock, type MockOptions, startMock } from '../../src/mock/server.ts';

export const values = { duration: parseDuration, size: parseSize, count: parseCount };

/** A mock on a free port, gone after the test. */
export async function start(options: Partial<MockOptions> = {}): Promise<Mock> {
  const mock = await startMock({ random: seededRandom(1), values, ...options });
  onTestFinished(async () => {
    mock.drop();
    await mock.stop();
  });
  return mock;
}

/** A clock that stands still: whoever sleeps is woken by hand. */
export function handClock() {
  const sleepers: { ms: number; wake: () => void }[] = [];
  const watchers = new Set<() => void>();
  let nowMs = 0;
  function change(): void {
    for (const watcher of watchers) watcher();
  }
  return {
    now: () => nowMs,
    advance: (ms: number) => {
      nowMs += ms;
    },
    sleepers,
    sleep: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const leave = (settle: () => void): void => {
          const place = sleepers.indexOf(sleeper);
          if (place !== -1) sleepers.splice(place, 1);
          settle();
          change();
        };
        const sleeper = { ms, wake: () => leave(resolve) };
        signal.addEventListener('abort', () => leave(() => reject(signal.reason)), { once: true });
        sleepers.push(sleeper);
        change();
      }),
    /** Settles as soon as exactly so many sleep. */
    asleep: (count: number) =>
      new Promise<void>((resolve) => {
        const check = (): void => {
          if (sleepers.length !== count) return;
          watchers.delete(check);
          resolve();
        };
        watchers.add(check);
        check();
      }),
  };
}
