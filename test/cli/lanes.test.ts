import { describe, expect, test } from 'vitest';
import { holdAnswers, redirect, reply } from '../support/answers.ts';
import { expectRefused } from '../support/in-one-process.ts';
import { lines, ndjson, times } from '../support/input.ts';
import { type Handler, startServer } from '../support/server.ts';
import { sluice, start } from '../support/sluice.ts';

// A host is a server of its own on a port of its own: what each counts is what that lane did to it.

const ok = reply(200, 'ok');

/** Counts what is in flight over several servers. Ends each answer in a later turn, so that calls can meet. */
function counted(): { handler: Handler; readonly max: number } {
  let inFlight = 0;
  let max = 0;
  return {
    handler(call, response) {
      inFlight++;
      max = Math.max(max, inFlight);
      setTimeout(() => {
        inFlight--;
        ok(call, response);
      }, 2);
    },
    get max() {
      return max;
    },
  };
}

describe('--host-concurrency', () => {
  test('holds for each host, and one that does not answer keeps nobody from the other', async () => {
    const held = holdAnswers();
    const [slow, fast] = [await startServer({ '*': held.handler }), await startServer()];
    const run = start(['fetch', '--host-concurrency', '2']);
    run.stdin.end(times(20, slow.at('/')) + times(20, fast.at('/')));
    await fast.called(20);
    await slow.called(2);
    expect(slow.inFlight()).toBe(2);
    for (let released = 1; released <= 5; released++) {
      held.release(1);
      await slow.called(2 + released);
    }
    held.open();
    expect((await run.ended).rows).toHaveLength(40);
    expect(slow.maxInFlight).toBe(2);
    expect(fast.maxInFlight).toBeLessThanOrEqual(2);
  });

  test('-c holds for all hosts together', async () => {
    const all = counted();
    const servers = await Promise.all([1, 2, 3].map(() => startServer({ '*': all.handler })));
    const input = times(20, servers.map((server) => server.at('/')).join('\n'));
    await sluice(['fetch', '-c', '4', '--host-concurrency', '3'], { input });
    expect(all.max).toBe(4);
    for (const server of servers) expect(server.maxInFlight).toBeLessThanOrEqual(3);
  });

  test('retries count in it too', async () => {
    const flaky: Handler = (call, response) => setTimeout(() => (call.nth <= 20 ? reply(500) : ok)(call, response), 2);
    const server = await startServer({ '/': flaky });
    const args = ['fetch', '--host-concurrency', '3', '--retry-delay', '1ms', '--retries', '20'];
    const run = await sluice(args, { input: times(20, server.at('/')) });
    expect(run.rows.every((row) => row.ok)).toBe(true);
    expect(server.maxInFlight).toBe(3);
  });
});

describe('--limit', () => {
  test('the first match counts; the hosts that none matches have --host-concurrency', async () => {
    const names = ['first', 'second', 'none'] as const;
    const held = names.map(() => holdAnswers());
    const [a, b, c] = await Promise.all([
      startServer({ '*': held[0]?.handler ?? ok }),
      startServer({ '*': held[1]?.handler ?? ok }),
      startServer({ '*': held[2]?.handler ?? ok }),
    ]);
    const limits = ['--limit', `${a.host}=c=3`, '--limit', `${b.host}=c=1`, '--limit', `${a.host}=c=9`];
    const run = start(['fetch', '-c', '50', ...limits, '--host-concurrency', '5']);
    run.stdin.end([a, b, c].map((server) => times(20, server.at('/'))).join(''));
    await Promise.all([a.called(3), b.called(1), c.called(5)]);
    for (const one of held) one.release(1);
    await Promise.all([a.called(4), b.called(2), c.called(6)]);
    for (const one of held) one.open();
    await run.ended;
    expect([a.maxInFlight, b.maxInFlight, c.maxInFlight]).toEqual([3, 1, 5]);
  });

  test('a pattern is a glob, and each host that it matches has a bucket of its own', async () => {
    const [one, two] = [holdAnswers(), holdAnswers()];
    const a = await startServer({ '*': one.handler });
    const b = await startServer({ '*': two.handler });
    const run = start(['fetch', '--limit', '127.0.0.*:*=c=2', '--host-concurrency', '1']);
    run.stdin.end(times(5, `${a.at('/')}\n${b.at('/')}`));
    await Promise.all([a.called(2), b.called(2)]);
    one.open();
    two.open();
    await run.ended;
    expect([a.maxInFlight, b.maxInFlight]).toEqual([2, 2]);
  });
});

describe('--lane', () => {
  test('the jobs of one lane share its limits, whatever their host', async () => {
    const [x, y] = [counted(), counted()];
    const paths = { '/x': x.handler, '/y': y.handler };
    const servers = [await startServer(paths), await startServer(paths)];
    const records = servers.flatMap((server) =>
      ['x', 'y'].map((account) => ({ url: server.at(`/${account}`), account })),
    );
    const args = ['fetch', '--lane', 'key-{{account}}', '--limit', 'key-x=c=1', '--host-concurrency', '3'];
    const run = await sluice(args, { input: ndjson(...records).repeat(10) });
    expect(run.rows).toHaveLength(40);
    expect([x.max, y.max]).toEqual([1, 3]);
  });

  test('a 429 holds the jobs of its lane on every host, and no other lane', async () => {
    const a = await startServer({ '/x': reply(429, '', { 'retry-after': '60' }) });
    const b = await startServer();
    const run = start(['fetch', '-c', '1', '-v', '--lane', '{{account}}']);
    run.stdin.write(ndjson({ url: a.at('/x'), account: 'x' }));
    await run.says(/\bx\b.* held/);
    run.stdin.end(ndjson({ url: b.at('/x'), account: 'x' }, { url: a.at('/y'), account: 'y' }));
    await a.called(1, '/y');
    expect(await run.nextRow()).toMatchObject({ index: 2, ok: true });
    await run.signal('SIGINT');
    const ended = await run.ended;
    expect([ended.row(0).error?.code, ended.row(1).error?.code]).toEqual(['cancelled', 'cancelled']);
    expect(b.calls).toHaveLength(0);
  });

  test('a missing field is a `template` failure: nothing is sent', async () => {
    const server = await startServer();
    const input = lines(
      JSON.stringify({ url: server.at('/a'), account: 'x' }),
      JSON.stringify({ url: server.at('/b') }),
      server.at('/c'),
    );
    const run = await sluice(['fetch', '--lane', '{{account}}'], { input });
    expect(run.exitCode).toBe(1);
    expect([0, 1, 2].map((index) => run.row(index).error?.code)).toEqual([undefined, 'template', 'template']);
    expect(run.row(1).error?.message).toContain('account');
    expect(server.calls.map((call) => call.path)).toEqual(['/a']);
  });
});

describe('a redirect into another lane', () => {
  test("passes that lane's limit", async () => {
    const held = holdAnswers();
    const end = await startServer({ '*': held.handler });
    const begin = await startServer({ '/': redirect(`${end.url}/end`) });
    const run = start(['fetch', '-c', '20', '--limit', `${end.host}=c=1`]);
    run.stdin.end(times(10, begin.at('/')));
    await begin.called(10);
    for (let count = 1; count <= 9; count++) {
      await end.called(count);
      held.release(1);
    }
    held.open();
    const { rows } = await run.ended;
    expect(rows.every((row) => row.ok && row.redirects === 1 && row.attempts === 1)).toBe(true);
    expect(end.maxInFlight).toBe(1);
  });

  test('gives its slot back while it waits there', async () => {
    const held = holdAnswers();
    const end = await startServer({ '*': held.handler });
    const begin = await startServer({ '/moved': redirect(`${end.url}/end`) });
    const run = start(['fetch', '-c', '2', '--limit', `${end.host}=c=1`]);
    run.stdin.end(times(10, begin.at('/moved')) + times(20, begin.at('/plain')));
    await begin.called(20, '/plain');
    expect(end.inFlight()).toBe(1);
    held.open();
    expect((await run.ended).rows).toHaveLength(30);
  });
});

describe('promise 4: 900 lines of one host, then 10 of another', () => {
  test('a slow host does not delay the other: both have their limit', async () => {
    const held = holdAnswers();
    const [slow, fast] = [await startServer({ '*': held.handler }), await startServer()];
    const run = start(['fetch', '--host-concurrency', '5']);
    run.stdin.end(times(900, slow.at('/')) + times(10, fast.at('/')));
    await fast.called(10);
    for (let count = 0; count < 10; count++) expect((await run.nextRow()).url).toBe(fast.at('/'));
    expect(slow.calls).toHaveLength(5);
    held.open();
    expect((await run.ended).rows).toHaveLength(910);
  });

  test('a host with a rate does not', async () => {
    const [limited, fast] = [await startServer(), await startServer()];
    const run = start(['fetch', '--limit', `${limited.host}=1/m`]);
    run.stdin.end(times(900, limited.at('/')) + times(10, fast.at('/')));
    await fast.called(10);
    await limited.called(1);
    await run.signal('SIGINT');
    expect((await run.ended).rows.filter((row) => row.ok)).toHaveLength(11);
    expect(limited.calls).toHaveLength(1);
  });

  test('a held host does not', async () => {
    const held = await startServer({ '*': reply(429, '', { 'retry-after': '60' }) });
    const fast = await startServer();
    const run = start(['fetch']);
    run.stdin.end(times(900, held.at('/')) + times(10, fast.at('/')));
    for (let count = 0; count < 10; count++) expect((await run.nextRow()).url).toBe(fast.at('/'));
    expect(held.calls.length).toBeLessThanOrEqual(10);
    await run.signal('SIGINT');
    const { rows } = await run.ended;
    expect(rows.filter((row) => row.error?.code === 'cancelled')).toHaveLength(900);
  });

  test('without limits of their own the hosts take turns at the slots', async () => {
    const slots = holdAnswers();
    const [slow, fast] = [await startServer({ '*': slots.handler }), await startServer()];
    const run = start(['fetch', '-c', '4']);
    run.stdin.end(times(900, slow.at('/')) + times(10, fast.at('/')));
    await slow.called(4);
    let released = 0;
    while (fast.calls.length < 10 && released < 100) {
      released += 1;
      slots.release(1);
      await slow.called(4 + released);
    }
    expect(released).toBeLessThanOrEqual(25);
    slots.open();
    expect((await run.ended).rows).toHaveLength(910);
  });

  test('nor does a run rate serve one host before the other', async () => {
    const [many, few] = [await startServer(), await startServer()];
    const run = start(['fetch', '-r', '100/s']);
    run.stdin.end(times(900, many.at('/')) + times(10, few.at('/')));
    await few.called(10);
    expect(many.calls.length).toBeLessThanOrEqual(40);
    await run.signal('SIGINT');
    await run.ended;
  });
});

test('a wrong limit is wrong usage: one line, exit 2, nothing sent', async () => {
  const server = await startServer();
  const wrong: [flag: string, value: string][] = [
    ['--limit', 'api.example.com'],
    ['--limit', 'api.example.com=c=0'],
    ['--limit', '=c=2'],
    ['--limit', 'a=c=2,fast'],
    ['--host-rate', 'often'],
    ['--host-concurrency', '0'],
    ['--lane', '{{account'],
  ];
  await expectRefused(wrong.map((flags) => [['fetch', ...flags, server.at('/')], flags[0]]));
  expect(server.calls).toHaveLength(0);
});
