#!/usr/bin/env node
import { endWithWrapper, ownNodeNeeded, runOnOwnNode } from './own-node.js';

// Not awaited at the top, where Node.js 14 has no `await`: it has to read this file too.
async function start() {
  // getaddrinfo has 4 threads by default: a few dead names would starve the live ones.
  process.env.UV_THREADPOOL_SIZE = process.env.UV_THREADPOOL_SIZE || '64';
  await endWithWrapper();
  // A closed stdout or stderr must not crash. What it means for the run is decided in src/cli, by handlers of its own;
  // these are here because oclif, once imported, would take the error for itself.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const { loadProgram, root } = await import('./program.js');
  const program = loadProgram();
  if (program) return program.main(process.argv.slice(2), root);
  process.stderr.write('sluice: not built yet: run npm ci\n');
  process.exitCode = 2;
}

if (ownNodeNeeded()) void runOnOwnNode();
else void start();
