import { beforeEach, describe, expect, test } from 'vitest';
import { holdAnswers } from '../support/answers.ts';
import { times } from '../support/input.ts';
import { startServer } from '../support/server.ts';
import { achievedRate, expectPaced, lateness } from '../support/sliding.ts';
import { sluice, start } from '../support/sluice.ts';

// What of lanes the server's clock judges. A host is a server of its own on a port of its own.

/** A second try tells a busy machine from a fault. */
const measured = { retry: 2 };

/** How late this process, and so its servers, saw things since the test began. */
let lateMs: () => number;
beforeEach(() => {
  lateMs = lateness();
});

describe('--host-rate', () => {
  test('holds for each host and is reached by each, at the same time', measured, async () => {
    const servers = [await startServer(), await startServer()] as const;
    const input = servers.map((server) => times(60, server.at('/'))).join('');
    await sluice(['fetch', '--host-rate', '50/s'], { input });
    for (const server of servers) {
      expect(server.calls).toHaveLength(60);
      expectPaced(server.times(), 50, lateMs());
      expect(achievedRate(server.times(), lateMs())).toBeGreaterThanOrEqual(49);
    }
    const [one, other] = servers.map((server) => server.times());
    // One after the other would be 2.4 s.
    expect(Math.max(...(one ?? [])) - Math.min(...(other ?? []))).toBeGreaterThan(1000);
  });

  test('-r holds for all hosts together', measured, async () => {
    const servers = [await startServer(), await startServer()] as const;
    const input = times(20, servers.map((server) => server.at('/')).join('\n'));
    await sluice(['fetch', '-r', '50/s', '--host-rate', '30/s'], { input });
    expectPaced(
      servers.flatMap((server) => server.times()),
      50,
      lateMs(),
    );
    for (const server of servers) expectPaced(server.times(), 30, lateMs());
  });
});

describe('--limit', () => {
  test('what it leaves out falls back to --host-*', measured, async () => {
    const [a, b] = [holdAnswers(), holdAnswers()];
    const paced = await startServer({ '*': a.handler });
    const wide = await startServer({ '*': b.handler });
    const flags = ['--limit', `${paced.host}=50/s`, '--limit', `${wide.host}=c=4`];
    const run = start(['fetch', ...flags, '--host-concurrency', '2', '--host-rate', '100/s']);
    run.stdin.end(times(30, paced.at('/')) + times(30, wide.at('/')));
    await Promise.all([paced.called(2), wide.called(4)]);
    a.open();
    b.open();
    await run.ended;
    expect([paced.maxInFlight, wide.maxInFlight]).toEqual([2, 4]);
    expectPaced(paced.times(), 50, lateMs());
    expectPaced(wide.times(), 100, lateMs());
  });

  test('both limits at once, and the pattern without its port does not match another', measured, async () => {
    const held = holdAnswers();
    const a = await startServer({ '*': held.handler });
    const b = await startServer();
    const run = start(['fetch', '--limit', `${a.host}=c=2,50/s`, '--limit', '127.0.0.1=c=1,1/m']);
    run.stdin.end(times(20, a.at('/')) + times(20, b.at('/')));
    await Promise.all([a.called(2), b.called(20)]);
    held.open();
    await run.ended;
    expect(a.maxInFlight).toBe(2);
    expectPaced(a.times(), 50, lateMs());
  });
});
