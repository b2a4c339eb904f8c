import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { says } from '../llm/chat-answers.ts';
import { inTurn, late } from '../support/answers.ts';
import { breaksAfter, chunk, speaker, streams } from '../support/chat-stream.ts';
import { type DeltaRow, streamRows } from '../support/delta.ts';
import { lines } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { promptRows } from '../support/row.ts';
import { rowsIn } from '../support/row-file.ts';
import { type CountingServer, type Handler, startServer } from '../support/server.ts';
import { shell, sluice, start } from '../support/sluice.ts';

const path = '/v1/chat/completions';

async function startModel(handler: Handler): Promise<CountingServer> {
  return await startServer({ [path]: handler });
}

function asking(server: CountingServer, ...more: string[]): string[] {
  return ['prompt', '-m', 'm', '--base-url', `${server.url}/v1`, '--retry-delay', '1ms', ...more];
}

async function streamed(server: CountingServer, args: string[], input = '') {
  const run = await sluice(asking(server, '--stream', ...args), { input, isRows: false });
  return { ...run, ...streamRows(run.stdout) };
}

const joined = (deltas: DeltaRow[], index: number, attempt = 1): string =>
  deltas
    .filter((delta) => delta.index === index && delta.attempt === attempt)
    .map(({ text }) => text)
    .join('');

describe('--stream', () => {
  test('gives deltas as they come, and a result with the whole', async () => {
    const model = speaker();
    const server = await startModel(model.handler);
    const run = start(asking(server, '--stream', 'hi'), { isRows: false });
    await model.opened(1);
    model.say('one ');
    expect(await run.nextLine()).toContain('"one "');
    model.say('two');
    expect(await run.nextLine()).toContain('"two"');
    await delay(100); // so that the time of the first token is told from that of the whole
    model.finish();
    const { stdout, exitCode } = await run.ended;
    const { deltas, results } = streamRows(stdout);
    expect(deltas.map(({ text }) => text)).toEqual(['one ', 'two']);
    expect(deltas[0]).toEqual({ type: 'delta', index: 0, id: null, attempt: 1, text: 'one ' });
    expect(results).toMatchObject([{ type: 'result', index: 0, ok: true, text: 'one two', finish_reason: 'stop' }]);
    const [{ ttft_ms: ttft, duration_ms: duration } = { ttft_ms: null, duration_ms: null }] = results;
    expect(ttft).toBeGreaterThan(0);
    expect(duration).toBeGreaterThan((ttft ?? 0) + 90);
    expect(exitCode).toBe(0);
  });

  test('many at once: each row whole, each result behind its deltas, the pieces together the text', async () => {
    const server = await startModel((call, response) => {
      const { messages } = JSON.parse(call.body) as { messages: { content: string }[] };
      streams(...(messages[0]?.content.match(/.{1,3}/gsu) ?? []))(call, response);
    });
    const prompts = Array.from({ length: 40 }, (_, at) =>
      JSON.stringify({ id: `p${at}`, prompt: `${at} 😀\u2028 wörd` }),
    );
    const { deltas, results, order } = await streamed(server, ['-c', '8'], lines(...prompts));
    expect(results).toHaveLength(40);
    for (const { index, id, text } of results) {
      expect(id).toBe(`p${index}`);
      expect(joined(deltas, index)).toBe(text);
      expect(order.lastIndexOf(`delta ${index}`)).toBeLessThan(order.indexOf(`result ${index}`));
    }
  });

  test('an answer that comes in one piece is one delta', async () => {
    const server = await startModel(says('all of it'));
    const { deltas, results } = await streamed(server, ['hi']);
    expect(deltas.map(({ text }) => text)).toEqual(['all of it']);
    expect(results[0]).toMatchObject({ text: 'all of it', ttft_ms: null });
  });

  test('another attempt begins anew, and says so', async () => {
    const server = await startModel(inTurn(breaksAfter('lost '), streams('found')));
    const { deltas, results } = await streamed(server, ['hi']);
    expect([joined(deltas, 0, 1), joined(deltas, 0, 2)]).toEqual(['lost ', 'found']);
    expect(results[0]).toMatchObject({ ok: true, attempts: 2, text: 'found' });
  });

  test('--ordered keeps results in input order, and deltas come when they come', async () => {
    const model = speaker();
    const server = await startModel((call, response) =>
      call.body.includes('slow') ? model.handler(call, response) : streams('quick')(call, response),
    );
    const run = start(asking(server, '--stream', '--ordered', 'slow', 'fast'), { isRows: false });
    await model.opened(1);
    expect(await run.nextLine()).toContain('"quick"');
    model.say('at last');
    expect(await run.nextLine()).toContain('"at last"');
    model.finish();
    const { order } = streamRows((await run.ended).stdout);
    expect(order).toEqual(['delta 1', 'delta 0', 'result 0', 'result 1']);
  });

  test('-o gets whole rows as ever, while stdout streams', async () => {
    const server = await startModel(streams('a', 'b'));
    const cwd = temporaryFolder();
    const run = await sluice(asking(server, '--stream', '-o', 'out.ndjson', 'x', 'y'), { cwd, isRows: false });
    const { deltas, results } = streamRows(run.stdout);
    expect([joined(deltas, 0), joined(deltas, 1), results.length]).toEqual(['ab', 'ab', 2]);
    const rows = promptRows(rowsIn(join(cwd, 'out.ndjson')));
    expect(rows.map(({ text }) => text)).toEqual(['ab', 'ab']);
    expect(readFileSync(join(cwd, 'out.ndjson'), 'utf8')).not.toContain('"type"');
  });

  test('a reader who leaves stops the calls', async () => {
    const model = speaker();
    const server = await startModel(model.handler);
    const run = start(asking(server, '--stream', '-c', '2'), { isRows: false, isWhole: false });
    run.stdin.end(lines('a', 'b', 'c', 'd'));
    await model.opened(2);
    model.say('x');
    await run.nextLine();
    run.closeStdout();
    const talk = setInterval(() => model.say('y'), 20);
    const { exitCode } = await run.ended;
    clearInterval(talk);
    expect(exitCode).toBe(0);
    await server.quiet();
    expect(server.calls).toHaveLength(2);
  });

  test('a reader who leaves a file’s run does not stop it', async () => {
    const server = await startModel(streams('a', 'b'));
    const cwd = temporaryFolder();
    const script = `sluice ${asking(server, '--stream', '-o', 'out.ndjson').join(' ')} | head -1; echo "exit $PIPESTATUS"`;
    const run = await shell(script, { cwd, input: lines('1', '2', '3', '4', '5'), isRows: false });
    expect(run.stdout).toContain('exit 0\n');
    expect(rowsIn(join(cwd, 'out.ndjson'))).toHaveLength(5);
  });

  test('a slow reader slows the server: what nobody has read yet is not piled up', async () => {
    let sent = 0;
    let isStuck = false;
    const server = await startModel((_call, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const big = chunk('x'.repeat(16_000));
      const pour = (): void => {
        while (!response.destroyed && sent < 100_000_000) {
          sent += big.length;
          if (response.write(big)) continue;
          isStuck = true;
          response.once('drain', pour);
          return;
        }
      };
      pour();
    });
    const run = start(asking(server, '--stream', 'x', '--idle-timeout', '200ms'), {
      isRows: false,
      isWhole: false,
      isRead: false,
    });
    await server.called(1);
    // That no more is taken shows only in time; all of it is longer than --idle-timeout, which is not to count here.
    await delay(1000);
    const before = sent;
    await delay(500);
    expect(isStuck).toBe(true);
    expect(sent).toBe(before);
    expect(sent).toBeLessThan(30_000_000);
    run.closeStdout();
    expect((await run.ended).exitCode).toBe(0);
  });

  test('a key that the server says back is masked, also when it comes in pieces', async () => {
    const key = 'sk-test-0123456789abcdef';
    const server = await startModel(streams('your key: sk-te', 'st-0123456', '789abcdef, isn’t it? sk-t'));
    const run = await sluice(asking(server, '--stream', 'x'), { isRows: false, env: { OPENAI_API_KEY: key } });
    const { deltas, results } = streamRows(run.stdout);
    expect(joined(deltas, 0)).toBe('your key: ***, isn’t it? sk-t');
    expect(results[0]?.text).toBe('your key: ***, isn’t it? sk-t');
  });

  test('a stream that breaks off is a failed row that keeps what came', async () => {
    const server = await startModel(breaksAfter('so ', 'far'));
    const { results, exitCode } = await streamed(server, ['x', '--retries', '0']);
    expect(results[0]).toMatchObject({ ok: false, text: 'so far' });
    expect(['reset', 'truncated']).toContain(results[0]?.error?.code);
    expect(exitCode).toBe(1);
  });
});

describe('the clocks', () => {
  test('silence in the middle of an answer is `timeout`, phase idle; before it, only --timeout counts', async () => {
    const model = speaker();
    const server = await startModel(model.handler);
    const run = start(asking(server, 'x', '--retries', '0', '--idle-timeout', '150ms'));
    await model.opened(1);
    await delay(400); // longer than --idle-timeout
    model.say('hm');
    const [row] = promptRows((await run.ended).rows);
    expect(row).toMatchObject({ ok: false, text: 'hm', error: { code: 'timeout', phase: 'idle' } });
    const late = await sluice(asking(server, 'x', '--retries', '0', '--timeout', '100ms'));
    expect(late.rows[0]?.error).toMatchObject({ code: 'timeout', phase: 'body' });
  });

  test('Ctrl-C in the middle of an answer keeps what came, and lets go at once', async () => {
    const model = speaker();
    const server = await startModel(model.handler);
    const run = start(asking(server, 'x', '--grace', '0'));
    await model.opened(1);
    model.say('half an ');
    await delay(100); // for it to arrive: nothing tells
    await run.signal('SIGINT');
    const ended = await run.ended;
    expect(promptRows(ended.rows)[0]).toMatchObject({ text: 'half an ', error: { code: 'cancelled' } });
    expect(ended.signal).toBe('SIGINT');
    await server.quiet();
  });
});

describe('--text', () => {
  test('prints each whole answer in turn, in input order, and failed rows on stderr', async () => {
    const server = await startModel((call, response) => {
      if (call.body.includes('bad')) response.writeHead(400).end('{"error":{"message":"no"}}');
      else if (call.body.includes('slow')) late(100, streams('first\nanswer'))(call, response);
      else streams('sec', 'ond\n')(call, response);
    });
    const run = await sluice(asking(server, '--text'), { input: lines('slow', 'bad', 'x'), isRows: false });
    expect(run.stdout).toBe('first\nanswer\nsecond\n');
    expect(run.stderr).toMatch(/^#1: http: .*400.*: no\n$/);
    expect(run.exitCode).toBe(1);
  });

  test('asks again freely, since nothing is shown before the end', async () => {
    const server = await startModel(inTurn(breaksAfter('lost '), streams('found')));
    const run = await sluice(asking(server, '--text', 'x'), { isRows: false });
    expect([run.stdout, run.exitCode]).toEqual(['found\n', 0]);
  });

  test('with --stream shows one answer as it comes; what is said is said: no other attempt', async () => {
    const server = await startModel(inTurn(breaksAfter('half an'), streams('found')));
    const run = await sluice(asking(server, '--text', '--stream', 'x'), { isRows: false });
    expect([run.stdout, run.exitCode]).toEqual(['half an\n', 1]);
    expect(run.stderr).toMatch(/^#0: \w+: /);
    expect(server.calls).toHaveLength(1);
  });

  test('with --stream asks again as long as nothing was said', async () => {
    const server = await startModel(inTurn(breaksAfter(), streams('found')));
    const run = await sluice(asking(server, '--text', '--stream', 'x'), { isRows: false });
    expect([run.stdout, run.exitCode]).toEqual(['found\n', 0]);
  });

  test('-o keeps the rows', async () => {
    const server = await startModel(streams('well'));
    const cwd = temporaryFolder();
    const run = await sluice(asking(server, '--text', '-o', 'out.ndjson', 'x'), { cwd, isRows: false });
    expect(run.stdout).toBe('well\n');
    expect(promptRows(rowsIn(join(cwd, 'out.ndjson')))[0]).toMatchObject({ text: 'well' });
  });
});
