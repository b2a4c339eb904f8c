import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { breaksAfter, speaker, streams } from '../support/chat-stream.ts';
import { nodePath, programPath, temporaryFolder } from '../support/places.ts';
import { startServer } from '../support/server.ts';

type Seen = { text: string; exitCode: number | null };

/** Runs the program with a terminal on all three streams, by `script` of util-linux: it needs no package that is compiled. */
function onTerminal(args: string[]): {
  type(text: string): void;
  shows(pattern: RegExp): Promise<void>;
  ended: Promise<Seen>;
} {
  const cwd = temporaryFolder();
  const env = { PATH: process.env.PATH ?? '', HOME: cwd, TERM: 'xterm-256color' };
  const command = [nodePath, programPath, ...args].map((word) => `'${word}'`).join(' ');
  const terminal = spawn('script', ['-qec', `stty cols 120 rows 40; exec ${command}`, '/dev/null'], { cwd, env });
  let isOver = false;
  let text = '';
  const watchers = new Set<() => void>();
  terminal.stdout.on('data', (data: Buffer) => {
    text += data.toString();
    for (const watcher of watchers) watcher();
  });
  const ended = new Promise<Seen>((resolve, reject) => {
    terminal.on('error', reject);
    terminal.on('close', (exitCode) => {
      isOver = true;
      resolve({ text, exitCode });
    });
  });
  onTestFinished(() => {
    if (!isOver) terminal.kill('SIGKILL');
  });
  return {
    type: (keys) => void terminal.stdin.write(keys),
    shows: (pattern) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!pattern.test(text)) return;
          watchers.delete(check);
          resolve();
        };
        watchers.add(check);
        check();
      }),
    ended,
  };
}

test('nothing given on a terminal is help, not a wait', async () => {
  const { text, exitCode } = await onTerminal(['fetch']).ended;
  expect(text).toMatch(/usage/i);
  expect(text).toContain('--concurrency');
  expect([0, 2]).toContain(exitCode);
});

test('a terminal gets its rows, and a summary at the end', async () => {
  const server = await startServer();
  const { text, exitCode } = await onTerminal(['fetch', server.at('/a'), server.at('/b')]).ended;
  expect(exitCode).toBe(0);
  expect(text.match(/^\s*\S*\{"index":/gm)?.length ?? 0).toBeGreaterThanOrEqual(2);
  const afterRows = text.slice(text.lastIndexOf('"error":null}'));
  expect(afterRows).toMatch(/2/);
});

test('URLs can be typed; Ctrl-C then ends it at once, by SIGINT', async () => {
  const server = await startServer();
  const terminal = onTerminal(['fetch', '-i', '-']);
  terminal.type(`${server.at('/typed')}\r`);
  await terminal.shows(/"index":0/);
  terminal.type('\u0003');
  expect((await terminal.ended).exitCode).toBe(130);
  expect(server.calls).toHaveLength(1);
});

test('--quiet shows rows only', async () => {
  const server = await startServer();
  const { text } = await onTerminal(['fetch', '--quiet', server.at('/a')]).ended;
  expect(text.trim().split('\r\n')).toHaveLength(1);
  expect(text).toMatch(/^\{"index":0/);
});

const chat = '/v1/chat/completions';

test('one prompt is answered as text, as it comes, and nothing else is shown', async () => {
  const model = speaker();
  const server = await startServer({ [chat]: model.handler });
  const terminal = onTerminal(['prompt', 'hi', '-m', 'm', '--base-url', `${server.url}/v1`]);
  await model.opened(1);
  model.say('half an ans');
  await terminal.shows(/half an ans/);
  model.say('wer');
  model.finish();
  expect(await terminal.ended).toEqual({ text: 'half an answer\r\n', exitCode: 0 });
});

test('text that breaks off ends its line before the failure is told', async () => {
  const server = await startServer({ [chat]: breaksAfter('half', ' an answer') });
  const args = ['prompt', 'hi', '-m', 'm', '--retries', '0', '--base-url', `${server.url}/v1`];
  const { text, exitCode } = await onTerminal(args).ended;
  expect(text).toMatch(/^half an answer\r\n#0: (truncated|reset): [^\r\n]+\r\n$/);
  expect(exitCode).toBe(1);
});

test('text cannot drive the terminal', async () => {
  const server = await startServer({ [chat]: streams('a\u001b[31mb\u0007', '\u009b2J\tc\nd\r') });
  const { text } = await onTerminal(['prompt', 'hi', '-m', 'm', '--base-url', `${server.url}/v1`]).ended;
  expect(text).toBe('a[31mb2J\tc\r\nd\r\n');
});

test('--no-text, and more than one prompt, are rows', async () => {
  const server = await startServer({ [chat]: streams('well') });
  const base = ['prompt', '-q', '-m', 'm', '--base-url', `${server.url}/v1`];
  expect((await onTerminal([...base, '--no-text', 'hi']).ended).text).toMatch(/^\{"index":0,/);
  expect((await onTerminal([...base, 'hi', 'ho']).ended).text).toMatch(/^\{"index":\d,/);
});
