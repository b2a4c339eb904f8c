import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const urls = readFileSync(join(root, 'fixtures/urls.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

test('fixtures/urls.txt holds 100 URLs in the groups it speaks of, 8 of them gone', () => {
  const groups = Object.groupBy(urls, (url) => url.split('/')[1] ?? '');
  const sizes = Object.fromEntries(Object.entries(groups).map(([name, members]) => [name, members?.length]));
  expect(sizes).toEqual({ item: 56, delay: 16, flaky: 10, status: 8, redirect: 6, size: 4 });
  expect(urls).toHaveLength(100);
});

/** The demo with another program in place of sluice: `mock` waits for its end, `fetch` does what the test says. */
describe('`npm run demo`', () => {
  let directory: string;
  let demo: ChildProcessWithoutNullStreams;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-demo-'));
    for (const folder of ['bin', 'fixtures', 'dist']) mkdirSync(join(directory, folder), { recursive: true });
    for (const file of [
      'bin/demo.js',
      'bin/rehearsal.js',
      'bin/run.js',
      'bin/own-node.js',
      'bin/program.js',
      'fixtures/urls.txt',
    ]) {
      copyFileSync(join(root, file), join(directory, file));
    }
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  });

  afterEach(() => {
    demo.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  test('gives rows on stdout and ends well when fetch ends with exit code 1, as it must', async () => {
    start(`console.log(args.join(' ')); process.exitCode = 1;`);
    expect(await outcome()).toEqual({
      ending: [0, null],
      stdout: 'fetch --base-url http://127.0.0.1:1 -i fixtures/urls.txt --rate 50/s --summary table\n',
      stderr:
        '$ sluice mock --port 0\n' +
        '$ sluice fetch --base-url http://127.0.0.1:1 -i fixtures/urls.txt --rate 50/s --summary table\n' +
        'fetch ended with exit code 1: 8 of the 100 URLs are gone, on purpose\n',
    });
  });

  test('ends as fetch ends when that is not what it has to show', async () => {
    start('process.exitCode = 4;');
    const { ending, stderr } = await outcome();
    expect(ending).toEqual([4, null]);
    expect(stderr).toMatch(/\nfetch ended with exit code 4, expected 1\n$/);
  });

  test('ends well when the reader of the rows has left', async () => {
    start('process.exitCode = 0;');
    expect((await outcome()).ending).toEqual([0, null]);
  });

  test('fails when the mock does not start', async () => {
    start('', 'process.exitCode = 2;');
    const { ending, stderr } = await outcome();
    expect(ending).toEqual([1, null]);
    expect(stderr).toBe('$ sluice mock --port 0\nthe mock did not start\n');
  });

  test('fails when the mock ends before fetch does', async () => {
    start(
      `const mock = Number(args[2].split(':')[2]);
       const isThere = () => { try { return process.kill(mock, 0); } catch { return false; } };
       process.kill(mock, 'SIGTERM');
       while (isThere()) await new Promise(setImmediate);
       process.exitCode = 1;`,
      `console.log('http://127.0.0.1:' + process.pid); setInterval(() => {}, 1000);`,
    );
    const { ending, stderr } = await outcome();
    expect(ending).toEqual([1, null]);
    expect(stderr).toMatch(/\nthe mock ended too early\n$/);
  });

  test('stops the mock after a Ctrl-C and dies by it, as fetch did', async () => {
    start(
      `process.once('SIGINT', () => { console.log('interrupted'); process.kill(process.pid, 'SIGINT'); });
       console.log('ready');
       setInterval(() => {}, 1000);`,
    );
    const lines = createInterface({ input: demo.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('ready');
    process.kill(-(demo.pid as number), 'SIGINT');
    expect((await lines.next()).value).toBe('interrupted');
    const { ending } = await outcome();
    expect(ending).toEqual([null, 'SIGINT']);
  });

  test('takes the mock and fetch along when it is killed by SIGKILL', async () => {
    start(`console.log('ready'); setInterval(() => {}, 1000);`);
    await once(demo.stdout, 'data');
    demo.kill('SIGKILL');
    expect((await outcome()).ending).toEqual([null, 'SIGKILL']);
  });

  /** Leads a process group of its own, as a shell's job does. */
  function start(fetch: string, mock = `console.log('http://127.0.0.1:1'); setInterval(() => {}, 1000);`): void {
    writeFileSync(
      join(directory, 'dist/sluice.cjs'),
      `exports.main = async function main(args) {
         if (args[0] === 'mock') { ${mock} }
         else { ${fetch} }
       }`,
    );
    demo = spawn(process.execPath, [join(directory, 'bin/demo.js')], { detached: true });
  }

  /** Comes only when the mock and fetch are gone too: they hold the same stderr. */
  async function outcome(): Promise<{ ending: unknown[]; stdout: string; stderr: string }> {
    const [ending, stdout, stderr] = await Promise.all([once(demo, 'exit'), text(demo.stdout), text(demo.stderr)]);
    return { ending, stdout, stderr };
  }
});
