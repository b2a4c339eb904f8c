import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Connector, Unfinished } from '../../src/http/connector.ts';
import { waitOutShortages } from '../../src/http/shortage.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const wanted = { hostname: 'h', protocol: 'http:', port: '80' };
const failing = (code: string) => Object.assign(new Error(code), { code });

/** A connector that fails so, one after the other, and then connects. */
function connecting(failures: Error[], patienceMs = 10_000) {
  const socket = new Socket();
  const unfinished: Unfinished = new Set();
  const makeRoom = vi.fn();
  const settled: (Error | Socket)[] = [];
  let tries = 0;
  const connect: Connector = (_options, callback) => {
    const failure = failures[tries++];
    if (failure) callback(failure, null);
    else callback(null, socket);
  };
  waitOutShortages(connect, { patienceMs, makeRoom, unfinished })(wanted, (...[error, made]) =>
    settled.push(error ?? made),
  );
  return { socket, unfinished, makeRoom, settled, tries: () => tries };
}

describe('waitOutShortages', () => {
  test.each(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS'])(
    '%s (no free port, no descriptor) is tried again until it works',
    async (code) => {
      const { settled, socket, tries, makeRoom, unfinished } = connecting([
        failing(code),
        failing(code),
        failing(code),
      ]);
      expect(tries()).toBe(1);
      await vi.advanceTimersByTimeAsync(19);
      expect(tries()).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(tries()).toBe(2);
      await vi.advanceTimersByTimeAsync(40 + 80);
      expect(settled).toEqual([socket]);
      expect(makeRoom).toHaveBeenCalledTimes(3);
      expect(unfinished.size).toBe(0);
    },
  );

  test('of several addresses that were tried, the last one tells', () => {
    const first = Object.assign(new AggregateError([failing('ENETUNREACH'), failing('EMFILE')]), {
      code: 'ENETUNREACH',
    });
    expect(connecting([first]).settled).toEqual([]);
    const second = Object.assign(new AggregateError([failing('EMFILE'), failing('ECONNREFUSED')]), { code: 'EMFILE' });
    expect(connecting([second]).settled).toEqual([second]);
  });

  test('any other failure is told at once', () => {
    const refused = failing('ECONNREFUSED');
    const { settled, makeRoom } = connecting([refused]);
    expect(settled).toEqual([refused]);
    expect(makeRoom).not.toHaveBeenCalled();
  });

  test('patience has an end: then the shortage is told', async () => {
    const failures = Array.from({ length: 100 }, () => failing('EMFILE'));
    const { settled, tries } = connecting(failures, 3000);
    await vi.advanceTimersByTimeAsync(3000);
    expect(settled).toEqual([failures[tries() - 1]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('what waits can be told to stop', () => {
    const shortage = failing('EMFILE');
    const { unfinished, settled } = connecting([shortage]);
    for (const one of unfinished) one.destroy();
    expect(settled).toEqual([shortage]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
