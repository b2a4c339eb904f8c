import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

type Program = ReturnType<typeof run>;

/** The built program. */
function run(...args: string[]) {
  const program = execa('node_modules/.bin/node', ['bin/run.js', 'mock', ...args], { cwd: root, reject: false });
  onTestFinished(() => {
    program.kill('SIGKILL');
  });
  return program;
}

async function addressOf(program: Program): Promise<string> {
  const [address = ''] = await said(program.stdout, /^http.*(?=\n)/);
  return address;
}

/** Settles as soon as what came from now on matches. */
function said(stream: Readable, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk;
      const match = pattern.exec(text);
      if (match) resolve(match);
    });
    stream.once('end', () => reject(new Error(`the mock never said ${pattern}: ${text}`)));
  });
}

test('stdout has the address and nothing else; stderr the routes, the seed and how to stop', async () => {
  const program = run('--port', '0', '--seed', '42');
  const url = await addressOf(program);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  expect((await request(`${url}/json`)).statusCode).toBe(200);
  program.kill('SIGTERM');
  const { stdout, stderr } = await program;
  expect(stdout).toBe(url);
  for (const part of ['/flaky/N[/KEY]', 'seed 42; Ctrl-C']) expect(stderr).toContain(part);
});

test.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s lets running answers finish, then is what it dies of',
  async (signal) => {
    const program = run('--port', '0');
    const url = await addressOf(program);
    const { body } = await request(`${url}/drip?bytes=3&every=100ms`);
    program.kill(signal);
    expect(await body.text()).toBe('...');
    const ended = await program;
    expect([ended.signal, ended.exitCode]).toEqual([signal, undefined]);
    expect(ended.stderr).toMatch(/sluice: finishing 1 running answer$/);
  },
);

test('a second signal drops the answers that the first lets finish', async () => {
  const program = run('--port', '0');
  const url = await addressOf(program);
  const { body } = await request(`${url}/drip?bytes=2&every=1h`);
  const text = expect(body.text()).rejects.toThrow();
  const finishing = said(program.stderr, /finishing 1 running answer/);
  program.kill('SIGINT');
  await finishing;
  program.kill('SIGINT');
  await text;
  expect((await program).signal).toBe('SIGINT');
});

test('the same seed fails the same requests', async () => {
  const outcomes = async () => {
    const program = run('--port', '0', '--seed', '7', '--fail', '50%');
    const url = await addressOf(program);
    const statuses: number[] = [];
    for (let turn = 0; turn < 30; turn += 1) {
      const { statusCode, body } = await request(`${url}/json`);
      await body.dump();
      statuses.push(statusCode);
    }
    program.kill('SIGTERM');
    return statuses;
  };
  const first = await outcomes();
  expect(new Set(first)).toEqual(new Set([200, 500]));
  expect(await outcomes()).toEqual(first);
});

test('a port in use is one clear line and exit 2', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => {
    taken.close();
  });
  const { port } = taken.address() as AddressInfo;
  const { stdout, stderr, exitCode } = await run('--port', `${port}`);
  expect({ stdout, stderr, exitCode }).toEqual({
    stdout: '',
    stderr: `sluice: --port: ${port} is in use on 127.0.0.1; choose another, or 0 for any free one`,
    exitCode: 2,
  });
});

test.for([
  ['--rate', 'fast', 'expected something like 50/s, 600/m or 5/15s, got `fast`'],
  ['--port', '99999', 'expected a whole number from 0 to 65535, got `99999`'],
  ['--fail', '2', 'expected a share from 0 to 1, or a percentage, got `2`'],
  ['--max-concurrency', '0', 'expected a whole number of at least 1, got `0`'],
  ['--host', '', 'expected an address of this machine, got ``'],
  ['--host', '192.0.2.1', 'expected an address of this machine, got `192.0.2.1`'],
] as const)('%s %s is wrong usage: what was expected, exit 2', async ([flag, value, expected]) => {
  const { stdout, stderr, exitCode } = await run(flag, value);
  expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: `sluice: ${flag}: ${expected}`, exitCode: 2 });
});
