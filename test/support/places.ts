import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The checkout. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
/** The checkout's own Node: `node` on the machine may be older, and the wrapper for that costs 60 ms a start. */
export const nodePath = join(projectRoot, 'node_modules/.bin/node');
/** What `sluice` is on the command line. */
export const programPath = join(projectRoot, 'bin/run.js');

/** A new folder with these files in it, gone when the test is over. */
export function temporaryFolder(files: Record<string, string | Uint8Array> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}
