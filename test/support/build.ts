import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './places.ts';

/** Vitest's global set-up: the command line tests run what is built, so dist/ must be there and no older than src/. */
export function setup(): void {
  const built = join(projectRoot, 'dist/sluice.cjs');
  if (existsSync(built) && statSync(built).mtimeMs >= newest('src')) return;
  execFileSync(process.execPath, [join(projectRoot, 'bin/build.js')], { cwd: projectRoot, stdio: 'inherit' });
}

function newest(folder: string): number {
  const files = readdirSync(join(projectRoot, folder), { recursive: true, withFileTypes: true });
  return Math.max(...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs));
}
