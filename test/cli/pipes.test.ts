import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { holdAnswers, late, reply } from '../support/answers.ts';
import { lines, times } from '../support/input.ts';
import { startServer } from '../support/server.ts';
import { shell, start } from '../support/sluice.ts';

describe('the reader goes', () => {
  test('`| head -3` stops the calls within the slots in use and exits 0', async () => {
    const never = holdAnswers().handler;
    const server = await startServer();
    // Three rows at once, a few more that show the program that nobody reads, then nothing ever.
    server.on('/', (call, response) => {
      if (call.nth <= 3) response.end('ok');
      else if (call.nth <= 7) late(200, reply(200, 'ok'))(call, response);
      else never(call, response);
    });
    const script = 'sluice fetch -c 4 | head -3; echo "exit $PIPESTATUS"';
    const run = await shell(script, { input: times(1000, server.at('/')), isRows: false });
    expect(run.lines.filter((line) => line.startsWith('{'))).toHaveLength(3);
    expect(run.stdout).toContain('exit 0\n');
    expect(run.stderr).toBe('');
    expect(server.calls.length).toBeLessThanOrEqual(12);
  });

  test('and an input without end does not hold it', async () => {
    const server = await startServer();
    const script = `yes ${server.at('/')} | sluice fetch | head -1; echo "exit \${PIPESTATUS[1]}"`;
    const run = await shell(script, { isRows: false });
    expect(run.stdout).toContain('exit 0\n');
  });

  test('failed rows do not change that', async () => {
    const server = await startServer({ '/': reply(404) });
    const script = 'sluice fetch -c 1 | head -2; echo "exit $PIPESTATUS"';
    const run = await shell(script, { input: times(500, server.at('/')), isRows: false });
    expect(run.stdout).toContain('exit 0\n');
  });

  test('in a grace period it is the end of it, and the signal still counts', async () => {
    const held = holdAnswers();
    const server = await startServer({ '/held': held.handler, '/never': holdAnswers().handler });
    const run = start(['fetch', '-c', '2', '--grace', '1h'], { isWhole: false });
    run.stdin.write(lines(server.at('/held'), server.at('/never'), server.at('/ok'), server.at('/ok')));
    await server.called(2);
    await run.signal('SIGINT');
    expect((await run.nextRow()).error?.code).toBe('cancelled'); // the signal has been heard
    run.closeStdout();
    held.open();
    expect((await run.ended).signal).toBe('SIGINT');
  });
});

describe.skipIf(!existsSync('/dev/full'))('a full disk', () => {
  test('exit 4 with one line that says so; what runs is aborted', async () => {
    const server = await startServer({ '/never': holdAnswers().handler });
    const input = lines(server.at('/ok'), ...times(20, server.at('/never')).trim().split('\n'));
    const run = await shell('sluice fetch > /dev/full', { input });
    expect(run.exitCode).toBe(4);
    expect(run.stderr.trim().split('\n')).toHaveLength(1);
    expect(run.stderr).toMatch(/ENOSPC|no space/i);
  });

  test('rows that are lost beat every other cause', async () => {
    const server = await startServer({ '/bad': reply(404) });
    const run = await shell('sluice fetch --fail-fast > /dev/full', { input: times(5, server.at('/bad')) });
    expect(run.exitCode).toBe(4);
  });
});

describe('a slow reader', () => {
  test('promise 2: loses nothing', async () => {
    const server = await startServer({ '/': reply(200, 'x'.repeat(1000)) });
    const run = start(['fetch', '-c', '20'], { isRead: false });
    run.stdin.end(times(4000, server.at('/')));
    await server.called(500);
    run.read(10); // 10 ms between any two pieces of 64 KiB
    const ended = await run.ended;
    expect(ended.exitCode).toBe(0);
    expect(ended.rows).toHaveLength(4000);
  });

  test('promise 5: makes reading wait', async () => {
    const server = await startServer({ '/': reply(200, 'x'.repeat(10_000)) });
    const run = start(['fetch'], { isRead: false });
    run.stdin.write(times(50_000, server.at('/')));
    await server.called(500);
    await run.signal('SIGINT');
    run.read();
    const ended = await run.ended;
    expect(ended.signal).toBe('SIGINT');
    expect(ended.rows.length).toBeLessThanOrEqual(2500);
  });

  test('does not use up the time of a call', async () => {
    const server = await startServer({ '/': reply(200, 'x'.repeat(20_000)) });
    const run = start(['fetch', '--timeout', '700ms', '--retries', '0'], { isRead: false });
    run.stdin.end(times(100, server.at('/')));
    await server.called(10);
    await delay(1400); // twice a call's time in which nobody reads
    run.read();
    const ended = await run.ended;
    expect([ended.exitCode, ended.rows.length]).toEqual([0, 100]);
  });
});

test('many rows arrive whole through a pipe', async () => {
  const server = await startServer({ '/': reply(200, 'ü'.repeat(500)) });
  const run = await shell('sluice fetch -c 50 | cat', { input: times(5000, server.at('/')) });
  expect(run.rows).toHaveLength(5000);
});
