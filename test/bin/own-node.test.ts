import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transformSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const bin = fileURLToPath(new URL('../../bin/', import.meta.url));
const ownNodeFile = join(bin, 'own-node.js');
const { isTooOld } = (await import(ownNodeFile)) as { isTooOld: (version: string) => boolean };

let directory: string;
const started: ChildProcess[] = [];

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-own-node-')));
});

afterEach(() => {
  for (const wrapper of started.splice(0)) wrapper.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

test.each([
  ['14.21.3', true],
  ['20.20.2', true],
  ['22.9.0', true],
  ['22.18.99', true],
  ['22.19.0', false],
  ['22.20.1', false],
  ['24.0.0', false],
  ['100.1.0', false],
])('`isTooOld` knows %s: %s', (version, expected) => {
  expect(isTooOld(version)).toBe(expected);
});

test.each(['own-node.js', 'run.js'])('%s has no syntax that Node.js 14 cannot read', (file) => {
  const source = readFileSync(join(bin, file), 'utf8');
  const asItIs = transformSync(source, { target: 'esnext' }).code;
  expect(transformSync(source, { target: 'node14.0' }).code).toBe(asItIs);
});

describe('`runOnOwnNode`', () => {
  test('runs the same arguments on the Node.js of the checkout, with its stdin, stdout and stderr', async () => {
    const wrapper = start('a', '--flag=b c', '');
    wrapper.stdin?.end('typed\n');
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(wrapper.stdout as NodeJS.ReadableStream),
      text(wrapper.stderr as NodeJS.ReadableStream),
      once(wrapper, 'exit'),
    ]);
    const told = JSON.parse(stdout) as { node: string; args: string[]; input: string; mark: string | null };
    expect(realpathSync(told.node)).toBe(realpathSync(join(bin, '../node_modules/node/bin/node')));
    expect(told).toMatchObject({ args: ['a', '--flag=b c', ''], input: 'typed\n', mark: null });
    expect({ stderr, exitCode }).toEqual({ stderr: 'to stderr\n', exitCode: 0 });

    function start(...args: string[]): ChildProcess {
      return startWrapper(
        `const { text } = await import('node:stream/consumers');
         const input = await text(process.stdin);
         const mark = process.env.SLUICE_WRAPPER ?? null;
         console.log(JSON.stringify({ node: process.execPath, args: process.argv.slice(2), input, mark }));
         console.error('to stderr');`,
        args,
      );
    }
  });

  test.each([0, 1, 3, 124])('ends with exit code %i as its child does', async (code) => {
    expect(await ending(startWrapper(`process.exitCode = ${code};`))).toEqual([code, null]);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'])('dies by %s when its child did', async (signal) => {
    const wrapper = startWrapper(`process.kill(process.pid, '${signal}'); setInterval(() => {}, 1000);`);
    expect(await ending(wrapper)).toEqual([null, signal]);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'])('hands %s on to its child', async (signal) => {
    const wrapper = startWrapper(
      `process.on('${signal}', () => { console.log('got it'); process.exit(7); });
       setInterval(() => {}, 1000);
       console.log('ready');`,
    );
    const lines = linesOf(wrapper);
    expect(await lines.next()).toBe('ready');
    wrapper.kill(signal as NodeJS.Signals);
    expect(await lines.next()).toBe('got it');
    expect(await ending(wrapper)).toEqual([7, null]);
  });

  test('hands on a signal that comes while the child is only just starting', async () => {
    const script = join(directory, 'script.mjs');
    const child = `trap 'exit 7' HUP; kill -HUP $PPID; while sleep 0.01; do :; done`;
    writeFileSync(
      script,
      `import { endAs, standIn } from ${JSON.stringify(ownNodeFile)};
       endAs(await standIn('/bin/sh', ['-c', ${JSON.stringify(child)}]));`,
    );
    expect(await outcome(script)).toMatchObject({ code: 7 });
  });

  test('hands a Ctrl-C on once, though the terminal sends it to every process of the job', async () => {
    const wrapper = startWrapper(
      `let interrupts = 0;
       process.on('SIGINT', () => { interrupts += 1; console.log('interrupt'); });
       process.on('SIGTERM', () => process.exit(interrupts));
       setInterval(() => {}, 1000);
       console.log('ready');`,
    );
    const lines = linesOf(wrapper);
    expect(await lines.next()).toBe('ready');
    process.kill(-(wrapper.pid as number), 'SIGINT');
    expect(await lines.next()).toBe('interrupt');
    wrapper.kill('SIGTERM');
    expect(await ending(wrapper)).toEqual([1, null]);
  });

  test('takes its child along when it is killed by SIGKILL', async () => {
    const wrapper = startWrapper(`setInterval(() => {}, 1000); console.log('ready');`);
    const lines = linesOf(wrapper);
    expect(await lines.next()).toBe('ready');
    wrapper.kill('SIGKILL');
    // Its stdout is the test's pipe, which closes when the child is gone too.
    expect(await lines.next()).toBeNull();
  });

  test('stops by Ctrl-Z together with its child, and both go on', async () => {
    const script = writeScript(
      `process.on('SIGCONT', () => { console.log('continued'); process.exit(9); });
       setInterval(() => {}, 1000);
       console.log(process.pid);
       process.kill(process.ppid, 'SIGTSTP');`,
    );
    // A shell that controls jobs returns from \`wait\` when the job stops.
    const shell = `set -m
      "$0" "$1" > "$2" &
      wait $! ; echo "wrapper stopped by $(kill -l $?)"
      until child=$(head -n 1 "$2") && grep -q '^State:.T' "/proc/\${child:-none}/status" 2> /dev/null; do sleep 0.01; done
      echo 'child stopped'
      kill -CONT $!
      wait -f $! ; echo "ended with $?"`;
    const output = join(directory, 'output');
    const { stdout } = await promisify(execFile)('bash', ['-c', shell, process.execPath, script, output]);
    expect(stdout).toBe('wrapper stopped by STOP\nchild stopped\nended with 9\n');
    expect(readFileSync(output, 'utf8')).toMatch(/^\d+\ncontinued\n$/);
  });

  test('ends with one line and exit code 2 where there is no own Node.js', async () => {
    copyFileSync(ownNodeFile, join(directory, 'own-node.mjs'));
    const script = join(directory, 'script.mjs');
    writeFileSync(script, `import { runOnOwnNode } from './own-node.mjs';\nawait runOnOwnNode();\n`);
    expect(await outcome(script)).toEqual({
      code: 2,
      stdout: '',
      stderr: `sluice: needs Node.js 22.19 or newer, this is ${process.versions.node}, and there is no newer one next to it\n`,
    });
  });

  test.each([
    ['is missing', 'missing', 'ENOENT'],
    ['must not be run', 'script.mjs', 'EACCES'],
  ])('ends with one line and exit code 2 where the own Node.js %s', async (_, name, code) => {
    const node = join(directory, name);
    const script = join(directory, 'script.mjs');
    writeFileSync(
      script,
      `import { runOnOwnNode } from ${JSON.stringify(ownNodeFile)};\nawait runOnOwnNode(${JSON.stringify(node)});\n`,
    );
    expect(await outcome(script)).toEqual({
      code: 2,
      stdout: '',
      stderr: `sluice: needs Node.js 22.19 or newer, this is ${process.versions.node}, and its own one cannot be started (${code})\n`,
    });
  });
});

test('`bin/run.js` says what to do where nothing is built yet', async () => {
  mkdirSync(join(directory, 'bin'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  for (const file of ['run.js', 'own-node.js', 'program.js'])
    copyFileSync(join(bin, file), join(directory, 'bin', file));
  const script = join(directory, 'bin/run.js');
  expect(await outcome(script)).toEqual({ code: 2, stdout: '', stderr: 'sluice: not built yet: run npm ci\n' });
});

/** A program that first runs itself again on the own Node.js, and there runs `body`. */
function writeScript(body: string): string {
  const script = join(directory, 'script.mjs');
  writeFileSync(
    script,
    `import { endWithWrapper, runOnOwnNode } from ${JSON.stringify(ownNodeFile)};
     if (process.env.SLUICE_WRAPPER === undefined) await runOnOwnNode();
     else {
       await endWithWrapper();
       ${body}
     }`,
  );
  return script;
}

/** Leads a process group of its own, as a shell's job does. */
function startWrapper(body: string, args: string[] = []): ChildProcess {
  const wrapper = spawn(process.execPath, [writeScript(body), ...args], { detached: true });
  started.push(wrapper);
  return wrapper;
}

/** Line by line; null at the end. */
function linesOf(wrapper: ChildProcess): { next(): Promise<string | null> } {
  const iterator = createInterface({ input: wrapper.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await iterator.next();
      return done ? null : value;
    },
  };
}

async function ending(wrapper: ChildProcess): Promise<unknown[]> {
  if (wrapper.exitCode !== null || wrapper.signalCode !== null) return [wrapper.exitCode, wrapper.signalCode];
  return once(wrapper, 'exit');
}

async function outcome(script: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const program = spawn(process.execPath, [script]);
  const [stdout, stderr, [code]] = await Promise.all([
    text(program.stdout),
    text(program.stderr),
    once(program, 'exit'),
  ]);
  return { code, stdout, stderr };
}
