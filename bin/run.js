#!/usr/bin/env node
import { ownNodeNeeded, runOnOwnNode } from './own-node.js';

if (ownNodeNeeded()) {
  runOnOwnNode();
} else {
  // getaddrinfo has 4 threads by default: a few dead names would starve the live ones.
  process.env.UV_THREADPOOL_SIZE ??= '64';
  const { enableCompileCache } = await import('node:module');
  enableCompileCache?.();
  const { main } = await import('../dist/cli/main.js');
  await main(process.argv.slice(2), import.meta.dirname);
}
