import { describe, expect, test } from 'vitest';
import { holdAnswers, late, redirect, reply } from '../support/answers.ts';
import { times } from '../support/input.ts';
import { type Handler, startServer } from '../support/server.ts';
import { sluice, start } from '../support/sluice.ts';

const ok = reply(200, 'ok');

describe('-c', () => {
  test('promise 3: -c 20 is never more than 20 at once, and does reach 20', async () => {
    const held = holdAnswers();
    const server = await startServer({ '*': held.handler });
    const run = start(['fetch', '-c', '20']);
    run.stdin.end(times(100, server.at('/')));
    await server.called(20);
    for (let released = 1; released <= 20; released++) {
      held.release(1);
      await server.called(20 + released);
    }
    held.release(10);
    await server.called(50);
    held.open();
    const ended = await run.ended;
    expect(ended.rows).toHaveLength(100);
    expect(server.maxInFlight).toBe(20);
  });

  test('10 at once by default', async () => {
    const held = holdAnswers();
    const server = await startServer({ '*': held.handler });
    const run = start(['fetch']);
    run.stdin.end(times(30, server.at('/')));
    await server.called(10);
    held.release(1);
    await server.called(11);
    held.open();
    await run.ended;
    expect(server.maxInFlight).toBe(10);
  });

  test('retries and redirects count too', async () => {
    const flaky: Handler = (call, response) => (call.nth <= 30 ? reply(500) : ok)(call, response);
    const server = await startServer({
      '/flaky': late(5, flaky),
      '/hop': late(5, redirect('/end')),
      '/end': late(5, ok),
    });
    const input = times(20, `${server.at('/flaky')}\n${server.at('/hop')}`);
    await sluice(['fetch', '-c', '3', '--retry-delay', '1ms', '--retries', '5'], { input });
    expect(server.maxInFlight).toBe(3);
  });
});
