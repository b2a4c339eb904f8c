// Runs the program with the checkout's own Node.js where the one that started it is too old.
// An old one has to read this file and run.js before it can hand over: no syntax here that Node.js 14 does not know.
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

const oldestNode = '22.19';

/** Set for the child alone: it tells it that its file descriptor 3 is the wrapper's pipe. */
export const wrapperMark = 'SLUICE_WRAPPER';
const wrapperPipe = 3;

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'];

/** Whether this Node.js cannot run the program, and `runOnOwnNode` has to. */
export function ownNodeNeeded() {
  return isTooOld(process.versions.node);
}

export function isTooOld(version) {
  const [major, minor] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestNode.split('.').map(Number);
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}

/**
 * Runs the same command line with the own Node.js and ends as it ends: by the same signal, or with the same exit code.
 * Without an own Node.js it ends with one line on stderr and exit code 2.
 */
export async function runOnOwnNode(node = findOwnNode()) {
  if (node === null || process.env[wrapperMark] !== undefined) return giveUp('there is no newer one next to it');
  try {
    endAs(await standIn(node, [...process.execArgv, ...process.argv.slice(1)]));
  } catch (error) {
    giveUp(`its own one cannot be started (${error.code || error.message})`);
  }
}

/**
 * Starts a program that stands in for this process: it has its stdin, stdout and stderr, gets its signals, and ends
 * with it (see `endWithWrapper`). Resolves to how it ended: `{ code, signal }`, one of them null. Rejects when it cannot be started.
 */
export async function standIn(file, args, options = {}) {
  const { spawn } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    let child;
    // Before the child is there: a signal that comes at once waits for the event loop, and so for the child.
    const stopForwarding = forwardSignals((signal) => child.kill(signal));
    child = spawn(file, args, {
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      env: Object.assign({}, process.env, { [wrapperMark]: '1' }),
      // A session of its own: a Ctrl-C in the terminal reaches the wrapper alone, which hands it on once.
      detached: process.platform !== 'win32',
      ...options,
    });
    child.on('error', reject);
    if (child.pid === undefined) return stopForwarding();
    // Nothing is ever written to the pipe. The child waits for its end, which comes when this process is gone.
    const pipe = child.stdio[wrapperPipe];
    pipe.on('error', () => {});
    pipe.unref();
    child.on('exit', (code, signal) => {
      stopForwarding();
      pipe.destroy();
      resolve({ code, signal });
    });
  });
}

/** Ends this process as another one ended. */
export function endAs({ code, signal }) {
  if (signal === null) {
    process.exitCode = code;
    return;
  }
  // In case that this process outlives the signal.
  process.exitCode = 128 + constants.signals[signal];
  process.kill(process.pid, signal);
}

/**
 * To be called first in a run that may be a wrapper's child: it then ends with its wrapper, even by `kill -9`.
 * Does nothing in any other run, and keeps no process alive.
 */
export async function endWithWrapper() {
  if (process.env[wrapperMark] === undefined) return;
  delete process.env[wrapperMark];
  const { Socket } = await import('node:net');
  const pipe = new Socket({ fd: wrapperPipe, readable: true, writable: false });
  pipe.on('error', () => {});
  pipe.on('close', () => process.kill(process.pid, 'SIGKILL'));
  pipe.resume();
  pipe.unref();
}

/** The Node.js of the npm package `node`, in the checkout or next to an installed sluice. Null where there is none that will do. */
function findOwnNode() {
  // Not imported: Node.js looks at all that an imported builtin has to give, which for `fs` takes 3 ms of every start.
  const require = createRequire(import.meta.url);
  const { existsSync, readFileSync } = require('node:fs');
  let manifestFile;
  try {
    manifestFile = require.resolve('node/package.json');
  } catch {
    return null;
  }
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
  const node = join(dirname(manifestFile), manifest.bin.node);
  return isTooOld(manifest.version) || !existsSync(node) ? null : node;
}

function forwardSignals(kill) {
  const handlers = forwarded.map((signal) => [signal, () => kill(signal)]);
  // Ctrl-Z stops the child, then the wrapper; SIGCONT wakes them in turn. SIGTSTP itself would not stop the child:
  // the system ignores it in a session where no shell could wake it.
  handlers.push(['SIGTSTP', () => kill('SIGSTOP') && process.kill(process.pid, 'SIGSTOP')]);
  const known = handlers.filter(([signal]) => signal in constants.signals);
  for (const [signal, handler] of known) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of known) process.removeListener(signal, handler);
  };
}

function giveUp(reason) {
  process.stderr.on('error', () => {});
  process.stderr.write(
    `sluice: needs Node.js ${oldestNode} or newer, this is ${process.versions.node}, and ${reason}\n`,
  );
  process.exitCode = 2;
}
