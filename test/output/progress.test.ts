import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createProgress } from '../../src/output/progress.ts';
import type { RunStatus } from '../../src/output/status-line.ts';
import { createFakePipe, createFakeTerminal } from './fake-terminal.ts';

const status: RunStatus = {
  read: 60,
  done: 40,
  failed: 3,
  inFlight: 10,
  total: 100,
  heldBy: 'rate limit',
  elapsedMs: 1000,
};
const statusText = '40/100 done, 3 failed, 40.0/s, 10 in flight, held by rate limit, 1.5s left';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** To the next drawing, which is where ora is loaded. */
async function tick(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await vi.dynamicImportSettled();
  await vi.advanceTimersByTimeAsync(0);
}

describe('on a terminal', () => {
  test('`createProgress` draws one line, and leaves none', async () => {
    const terminal = createFakeTerminal();
    const progress = createProgress({
      stream: terminal.stream,
      isTerminal: true,
      color: false,
      snapshot: () => status,
    });
    await tick(99);
    expect(terminal.line()).toBe('');
    await tick(1);
    expect(terminal.line().slice(2)).toBe(statusText);
    progress.stop();
    expect(terminal.line()).toBe('');
    expect(terminal.scrolled).toEqual([]);
  });

  test('`log` writes above the line and draws the line again', async () => {
    const terminal = createFakeTerminal();
    const progress = createProgress({
      stream: terminal.stream,
      isTerminal: true,
      color: false,
      snapshot: () => status,
    });
    await tick(100);
    progress.log('first');
    progress.log('second');
    expect(terminal.scrolled).toEqual(['first', 'second']);
    expect(terminal.line().slice(2)).toBe(statusText);
    progress.stop();
    progress.log('third');
    expect(terminal.scrolled).toEqual(['first', 'second', 'third']);
    expect(terminal.line()).toBe('');
  });

  test('`clear` takes the line away until the next drawing', async () => {
    const terminal = createFakeTerminal();
    const progress = createProgress({
      stream: terminal.stream,
      isTerminal: true,
      color: false,
      snapshot: () => status,
    });
    await tick(100);
    progress.clear();
    expect(terminal.line()).toBe('');
    await tick(100);
    expect(terminal.line()).not.toBe('');
    progress.stop();
  });

  test('the line never wraps', async () => {
    const terminal = createFakeTerminal({ columns: 40 });
    const progress = createProgress({
      stream: terminal.stream,
      isTerminal: true,
      color: false,
      snapshot: () => ({ ...status, heldBy: 'a host with a very long name'.repeat(20) }),
    });
    await tick(100);
    await tick(100);
    expect(terminal.line()).toHaveLength(39);
    progress.stop();
  });

  test('a terminal of no width gets plain lines, and one that loses its width is left alone', async () => {
    const narrow = createFakeTerminal({ columns: 0 });
    const plainProgress = createProgress({ stream: narrow.stream, isTerminal: true, snapshot: () => status });
    await tick(5000);
    expect(narrow.scrolled).toEqual([`sluice: ${statusText}`]);
    plainProgress.stop();
    const terminal = createFakeTerminal();
    const progress = createProgress({ stream: terminal.stream, isTerminal: true, snapshot: () => status });
    await tick(100);
    terminal.stream.columns = 0;
    await tick(200);
    progress.stop();
    expect(terminal.line()).toBe('');
  });

  test('without colour no colour is written', async () => {
    const terminal = createFakeTerminal();
    const progress = createProgress({
      stream: terminal.stream,
      isTerminal: true,
      color: false,
      snapshot: () => status,
    });
    await tick(100);
    expect(terminal.line()).not.toContain('\u001b');
    progress.stop();
  });

  test('neither the streams nor the process are patched', async () => {
    const terminal = createFakeTerminal();
    const before = processListeners();
    const progress = createProgress({
      stream: terminal.stream,
      isTerminal: true,
      color: false,
      snapshot: () => status,
    });
    await tick(100);
    expect(Object.hasOwn(terminal.stream, 'write')).toBe(false);
    expect(processListeners()).toEqual(before);
    progress.stop();
    await tick(0);
    expect(terminal.stream.eventNames()).toEqual([]);
  });

  test('a run that stops before the first drawing writes nothing, also when ora is being loaded', async () => {
    const terminal = createFakeTerminal();
    const progress = createProgress({ stream: terminal.stream, isTerminal: true, snapshot: () => status });
    vi.advanceTimersByTime(100);
    progress.stop();
    await tick(100);
    expect(terminal.line()).toBe('');
  });

  test('a terminal that goes away does not throw, and is left alone', async () => {
    const terminal = createFakeTerminal();
    const snapshot = vi.fn(() => status);
    const progress = createProgress({ stream: terminal.stream, isTerminal: true, snapshot });
    await tick(100);
    terminal.goAway();
    await tick(100);
    snapshot.mockClear();
    await tick(1000);
    progress.log('nobody sees this');
    progress.stop();
    expect(snapshot).not.toHaveBeenCalled();
  });
});

describe('elsewhere', () => {
  test('`createProgress` writes a plain line now and then', async () => {
    const pipe = createFakePipe();
    const progress = createProgress({ stream: pipe.stream, isTerminal: false, snapshot: () => status });
    await tick(4999);
    expect(pipe.text()).toBe('');
    await tick(1);
    expect(pipe.text()).toBe(`sluice: ${statusText}\n`);
    progress.log('a line');
    progress.stop();
    await tick(5000);
    expect(pipe.text()).toBe(`sluice: ${statusText}\na line\n`);
    expect(pipe.stream.eventNames()).toEqual([]);
  });

  test('control characters never reach stderr', () => {
    const pipe = createFakePipe();
    const progress = createProgress({ stream: pipe.stream, isTerminal: false, snapshot: () => status });
    progress.log('GET \u001b[2Jhttp://a/\u009b31m\r\nb\u0000\u202ec');
    progress.stop();
    expect(pipe.text()).toBe('GET [2Jhttp://a/31m bc\n');
  });

  test('a closed stderr does not throw', async () => {
    const pipe = createFakePipe();
    const progress = createProgress({ stream: pipe.stream, isTerminal: false, snapshot: () => status });
    pipe.stream.destroy(new Error('write EPIPE'));
    await tick(5000);
    progress.log('nobody sees this');
    progress.stop();
    expect(pipe.text()).toBe('');
  });

  test('a stderr that nobody reads takes a bounded share of memory', async () => {
    const pipe = createFakePipe({ isStuck: true });
    const progress = createProgress({ stream: pipe.stream, isTerminal: false, snapshot: () => status });
    const line = 'x'.repeat(999);
    for (let count = 0; count < 5000; count += 1) progress.log(line);
    expect(pipe.stream.writableLength).toBeLessThanOrEqual(1024 * 1024 + 1000);
    progress.stop();
  });

  test('a reader who comes back is told how many lines were dropped', async () => {
    const pipe = createFakePipe({ isStuck: true });
    const progress = createProgress({ stream: pipe.stream, isTerminal: false, snapshot: () => status });
    const long = 'x'.repeat(1024 * 1024);
    for (const line of [long, 'dropped', 'dropped']) progress.log(line);
    pipe.release();
    await tick(0);
    progress.log('shown');
    progress.stop();
    expect(pipe.text()).toBe(`${long}\nsluice: 2 lines not shown, nobody was reading them\nshown\n`);
  });
});

function processListeners(): unknown[] {
  return process.eventNames().map((name) => [name, process.listenerCount(name)]);
}
