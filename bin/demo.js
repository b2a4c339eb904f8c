// `npm run demo`: starts the mock API, fetches fixtures/urls.txt from it, stops it. The rows go to stdout.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endAs, endWithWrapper, ownNodeNeeded, runOnOwnNode, standIn, wrapperMark } from './own-node.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const program = join(root, 'bin/run.js');
const input = 'fixtures/urls.txt';

async function demo() {
  await endWithWrapper();
  process.stderr.on('error', () => {});
  const mock = startMock();
  const mockEnded = once(mock, 'exit');
  const baseUrl = await firstLine(mock.stdout);
  if (baseUrl === null) {
    await mockEnded;
    return say('the mock did not start', 1);
  }
  const args = ['fetch', '--base-url', baseUrl, '-i', input, '--rate', '50/s', '--summary', 'table'];
  say(`$ sluice ${args.join(' ')}`);
  const ending = await standIn(process.execPath, [program, ...args], { cwd: root });
  const mockLasted = mock.exitCode === null && mock.signalCode === null;
  mock.kill();
  await mockEnded;
  if (ending.signal !== null) return endAs(ending);
  if (!mockLasted) return say('the mock ended too early', 1);
  judge(ending.code);
}

/** In a process group of its own, so that a Ctrl-C leaves it running for fetch's last attempts. Ends with this process in any case. */
function startMock() {
  say('$ sluice mock --port 0');
  return spawn(process.execPath, [program, 'mock', '--port', '0'], {
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

/** Some URLs fail on purpose, so exit code 1 is what fetch has to end with. */
function judge(code) {
  const urls = readFileSync(join(root, input), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('/'));
  const gone = urls.filter((url) => url.startsWith('/status/'));
  if (code === 1)
    return say(`fetch ended with exit code 1: ${gone.length} of the ${urls.length} URLs are gone, on purpose`, 0);
  if (code === 0 && readerMayLeave()) return say('fetch ended with exit code 0: nobody wants more rows', 0);
  return say(`fetch ended with exit code ${code}, expected 1`, code === 0 ? 1 : code);
}

/** Whether stdout is a pipe, as in `npm run demo | head`: fetch then stops early, and well. */
function readerMayLeave() {
  const stdout = fstatSync(1);
  return stdout.isFIFO() || stdout.isSocket();
}

function say(text, exitCode = process.exitCode) {
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}

if (ownNodeNeeded()) await runOnOwnNode();
else await demo();
