import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** A program that can do the job: lines in, a line out for each. */
export type Contender = {
  readonly name: string;
  readonly version: string;
  readonly argv: (concurrency: number) => readonly string[];
  /** What one line of its input looks like, for `seq -f`. */
  readonly lineFormat: (url: string) => string;
  /** The share of the requests that it can do in bearable time; costs are compared per request. */
  readonly share: number;
};

export type Contenders = {
  readonly bare: Contender;
  readonly sluice: Contender;
  /** Those of the rest that are installed here. */
  readonly others: readonly Contender[];
  /** Removes what was built. */
  dispose(): void;
};

export function findContenders(): Contenders {
  const builds = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const node = { version: process.version, lineFormat: asItIs, share: 1 };
  return {
    bare: {
      ...node,
      name: 'bare loop',
      argv: (concurrency) => [process.execPath, join(import.meta.dirname, 'bare.js'), String(concurrency)],
    },
    sluice: {
      ...node,
      name: 'sluice',
      argv: (concurrency) => [...sluiceArgv, 'fetch', '-c', String(concurrency)],
    },
    others: [findGo(builds), findCurl(), findXargs()].filter((found) => found !== null),
    dispose: () => rmSync(builds, { recursive: true, force: true }),
  };
}

/** Not through the wrapper for an older Node, which costs 60 ms. */
export const sluiceArgv: readonly string[] = [process.execPath, join(root, 'bin/run.js')];

function findGo(builds: string): Contender | null {
  const version = firstLine('go', ['version']);
  if (version === null) return null;
  const program = join(builds, 'bench-go');
  execFileSync('go', ['build', '-o', program, '.'], { cwd: join(import.meta.dirname, 'go'), stdio: 'inherit' });
  return {
    name: 'go',
    version,
    argv: (concurrency) => [program, String(concurrency)],
    lineFormat: asItIs,
    share: 1,
  };
}

/** One curl for all: it reads the whole list first, and its rows are a body and a status. */
function findCurl(): Contender | null {
  const version = firstLine('curl', ['--version']);
  if (version === null) return null;
  const flags = ['-q', '-s', '--parallel', '--parallel-max'];
  return {
    name: 'curl -Z',
    version,
    argv: (concurrency) => ['curl', ...flags, String(concurrency), '-w', ' %{http_code}\\n', '-K', '-'],
    lineFormat: (url) => `url = "${url}"`,
    share: 1,
  };
}

/** A curl for each: what people write first. */
function findXargs(): Contender | null {
  const version = firstLine('xargs', ['--version']);
  if (version === null || firstLine('curl', ['--version']) === null) return null;
  const curl = ['curl', '-q', '-s', '-w', ' %{http_code}\\n'];
  return {
    name: 'xargs -P curl',
    version,
    argv: (concurrency) => ['xargs', '-P', String(concurrency), '-n', '1', ...curl],
    lineFormat: asItIs,
    share: 0.01,
  };
}

function asItIs(url: string): string {
  return url;
}

function firstLine(program: string, argv: readonly string[]): string | null {
  try {
    return execFileSync(program, argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0] ?? '';
  } catch {
    return null;
  }
}
