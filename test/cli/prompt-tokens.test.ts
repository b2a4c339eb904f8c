import { describe, expect, test } from 'vitest';
import { refuses } from '../llm/chat-answers.ts';
import { inTurn } from '../support/answers.ts';
import { chunk, lastEvents } from '../support/chat-stream.ts';
import { expectRefused } from '../support/in-one-process.ts';
import { lines, times } from '../support/input.ts';
import { promptRows } from '../support/row.ts';
import { type CountingServer, type Handler, startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

const path = '/v1/chat/completions';

async function startModel(handler: Handler): Promise<CountingServer> {
  return await startServer({ [path]: handler });
}

/** A streamed answer that takes so many tokens. */
function takes(tokens: number, headers: Record<string, string> = {}): Handler {
  return (_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
    response.end(chunk('x') + lastEvents({ prompt_tokens: tokens - 1, completion_tokens: 1 }));
  };
}

async function ask(server: CountingServer, args: string[], input = '') {
  const model = ['prompt', '-m', 'm', '--base-url', `${server.url}/v1`, '--retry-delay', '1ms'];
  const run = await sluice([...model, ...args], { input });
  return { ...run, prompts: promptRows(run.rows).sort((a, b) => a.index - b.index) };
}

/** Every call's time since the first, in milliseconds. */
function startsOf({ calls }: CountingServer): number[] {
  const [first] = calls;
  return calls.map(({ at }) => at - (first?.at ?? 0));
}

describe('--tpm', () => {
  test('spreads what a minute allows: a sixth at once, the rest evenly, whatever -c says', async () => {
    const server = await startModel(takes(100));
    // 6,000 a minute are 100 a second: ten calls of 100 at once, then one a second. The first takes a while to connect.
    const { exitCode } = await ask(server, ['--tpm', '6k', '--max-tokens', '95', '-c', '50'], times(12, 'x'));
    const starts = startsOf(server);
    expect(starts).toHaveLength(12);
    expect(starts.at(-1)).toBeGreaterThan(1000);
    expect(exitCode).toBe(0);
  });

  test('counts what came back, not what was feared', async () => {
    const server = await startModel(takes(10));
    // Each may take 3,000 of 6,000 and takes 10: one after the other they all fit.
    const { prompts } = await ask(server, ['--tpm', '6k', '--max-tokens', '500', '-c', '10'], times(20, 'x'));
    expect(prompts.every(({ ok }) => ok)).toBe(true);
    // Else the last would start after a minute and a half.
    expect(startsOf(server).at(-1)).toBeLessThan(20_000);
  });

  test('smaller than a guess at the first answer is no reason to refuse a prompt', async () => {
    const server = await startModel(takes(10));
    const { prompts } = await ask(server, ['--tpm', '400', '-c', '10'], times(3, 'x'));
    expect(prompts.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(startsOf(server).at(-1)).toBeLessThan(20_000);
  });

  test('a prompt that never fits is a failed row, and nothing is sent for it', async () => {
    const server = await startModel(takes(10));
    const { prompts } = await ask(server, ['--tpm', '100', '--max-tokens', '50'], lines('x'.repeat(400), 'y'));
    expect(prompts[0]).toMatchObject({
      attempts: 0,
      error: { code: 'input', message: expect.stringContaining('--tpm') },
    });
    expect(prompts[1]).toMatchObject({ ok: true });
    expect(server.calls).toHaveLength(1);
  });

  test('--deadline cuts a wait for tokens', async () => {
    const server = await startModel(takes(100));
    const { prompts, exitCode } = await ask(
      server,
      ['--tpm', '100', '--deadline', '1s', '--max-tokens', '50'],
      times(2, 'x'),
    );
    expect(prompts.map(({ error }) => error?.code)).toEqual([undefined, 'deadline']);
    expect(exitCode).toBe(124);
  });
});

describe('--budget-tokens', () => {
  test('ends the run when it is used up: exit 3, and what is done is kept', async () => {
    const server = await startModel(takes(100));
    const args = ['--budget-tokens', '1000', '--max-tokens', '70', '-c', '4'];
    const { prompts, exitCode, stderr } = await ask(server, args, times(50, 'x'));
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(
      /^sluice: stopped: the budget is used up \(--budget-tokens\): 1000 tokens are spent, .* may take \d+\. To resume: /,
    );
    expect(prompts.filter(({ ok }) => ok)).toHaveLength(10);
    expect(server.calls).toHaveLength(10);
    const rest = prompts.filter(({ ok }) => !ok);
    expect(rest.map(({ error }) => error?.code)).toEqual(Array(40).fill('cancelled'));
    expect(rest[0]?.error?.message).toMatch(/budget of 1000 tokens/);
  });

  test('counts what calls take, and waits for those that run before it gives up', async () => {
    const server = await startModel(takes(10));
    const args = ['--budget-tokens', '1000', '--max-tokens', '900', '-c', '10'];
    const { exitCode, prompts } = await ask(server, args, times(8, 'x'));
    expect([exitCode, prompts.length]).toEqual([0, 8]);
  });

  test('smaller than a guess at the first answer lets that be asked for, and then knows better', async () => {
    const server = await startModel(takes(10));
    const { exitCode, prompts } = await ask(server, ['--budget-tokens', '100', '-c', '10'], times(10, 'x'));
    expect([exitCode, prompts.filter(({ ok }) => ok).length]).toEqual([0, 10]);
  });

  test('smaller than the first call sends nothing and says how much it may take', async () => {
    const server = await startModel(takes(10));
    const { exitCode, stderr, prompts } = await ask(server, ['--budget-tokens', '50', '--max-tokens', '90'], 'x');
    expect([exitCode, server.calls.length]).toEqual([3, 0]);
    expect(stderr).toMatch(/^sluice: stopped: nothing is spent, and the next prompt may take 95 tokens/);
    expect(prompts[0]?.error?.message).toMatch(/0 are spent, and the next one may take 95$/);
  });

  test('that is enough changes nothing', async () => {
    const server = await startModel(takes(10));
    expect((await ask(server, ['--budget-tokens', '1M'], times(5, 'x'))).exitCode).toBe(0);
  });
});

describe('what a server says', () => {
  test('an empty account closes its lane: no other job asks it, and all fail `quota`', async () => {
    const empty = refuses(429, { code: 'insufficient_quota', message: 'no' });
    const server = await startModel(inTurn(takes(10), empty));
    const { prompts, exitCode } = await ask(server, ['-c', '1', '-v'], times(10, 'x'));
    expect(prompts.map(({ error }) => error?.code)).toEqual([undefined, ...Array(9).fill('quota')]);
    expect(prompts[5]).toMatchObject({
      attempts: 0,
      error: { message: expect.stringMatching(/^not called: /), cause: { code: 'quota' } },
    });
    expect(server.calls).toHaveLength(2);
    expect(exitCode).toBe(1);
  });
});

test('what is no number of tokens is wrong usage', async () => {
  const base = ['prompt', 'x', '-m', 'm', '--base-url', 'http://127.0.0.1:9'];
  await expectRefused([
    [[...base, '--tpm', '200k/m'], /--tpm: expected a number of tokens like/],
    [[...base, '--budget-tokens', '0'], /--budget-tokens: expected a number of tokens like/],
  ]);
});
