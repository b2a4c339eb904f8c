// What the demos have in common: the mock API starts, sluice runs against it, the mock stops. The rows go to stdout.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endAs, endWithWrapper, standIn, wrapperMark } from './own-node.js';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const program = join(root, 'bin/run.js');

/**
 * Runs sluice with `argsOf(baseUrl)` against a mock with `mockArgs`. `judge` gets the exit code and says what it means;
 * it is not asked when a signal ended the run or the mock ended too early. `env` goes over the environment.
 */
export async function rehearse({ mockArgs = [], argsOf, judge, env = {} }) {
  await endWithWrapper();
  process.stderr.on('error', () => {});
  const mock = startMock(['mock', '--port', '0', ...mockArgs]);
  const mockEnded = once(mock, 'exit');
  const baseUrl = await firstLine(mock.stdout);
  if (baseUrl === null) {
    await mockEnded;
    return say('the mock did not start', 1);
  }
  const args = argsOf(baseUrl);
  say(`$ sluice ${args.join(' ')}`);
  const options = { cwd: root, env: { ...process.env, ...env, [wrapperMark]: '1' } };
  const ending = await standIn(process.execPath, [program, ...args], options);
  const mockLasted = mock.exitCode === null && mock.signalCode === null;
  mock.kill();
  await mockEnded;
  if (ending.signal !== null) return endAs(ending);
  if (!mockLasted) return say('the mock ended too early', 1);
  judge(ending.code);
}

/** In a process group of its own, so that a Ctrl-C leaves it running for the last attempts. Ends with this process in any case. */
function startMock(args) {
  say(`$ sluice ${args.join(' ')}`);
  return spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    env: { ...process.env, [wrapperMark]: '1' },
    detached: process.platform !== 'win32',
  });
}

/** Null when there is none. */
async function firstLine(stream) {
  for await (const line of createInterface({ input: stream })) return line;
  return null;
}

/** Whether stdout is a pipe, as in `npm run demo | head`: a run then stops early, and well. */
export function readerMayLeave() {
  const stdout = fstatSync(1);
  return stdout.isFIFO() || stdout.isSocket();
}

export function say(text, exitCode = process.exitCode) {
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}
