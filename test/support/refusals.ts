import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { nodePath, projectRoot, temporaryFolder } from './places.ts';

export type Refusal = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** Runs the built program's own `main` for one command line after the other, in one process: a start costs 100 ms. */
const program = `
import { loadProgram } from ${JSON.stringify(join(projectRoot, 'bin/program.js'))};
const { main } = loadProgram();
const seen = { stdout: '', stderr: '' };
const report = process.stdout.write.bind(process.stdout);
for (const name of ['stdout', 'stderr']) {
  process[name].write = (text, ...others) => {
    seen[name] += text;
    others.findLast((other) => typeof other === 'function')?.();
    return true;
  };
}
const refusals = [];
for (const args of JSON.parse(process.argv[1])) {
  Object.assign(seen, { stdout: '', stderr: '' });
  process.exitCode = 0;
  await main(args, ${JSON.stringify(projectRoot)});
  refusals.push({ exitCode: process.exitCode, ...seen });
}
process.exitCode = 0;
report(JSON.stringify(refusals));
`;

export type Surroundings = { readonly cwd?: string; readonly env?: Record<string, string> };

/** What the program says to each of many command lines that are wrong usage. Not for what runs: that needs a process of its own. */
export async function refusals(
  commandLines: readonly (readonly string[])[],
  { cwd = temporaryFolder(), env = {} }: Surroundings = {},
): Promise<Refusal[]> {
  const args = ['--input-type=module', '-e', program, JSON.stringify(commandLines)];
  const fullEnv = { PATH: process.env.PATH ?? '', HOME: cwd, ...env };
  const { stdout } = await promisify(execFile)(nodePath, args, { cwd, env: fullEnv, timeout: 15_000 });
  return JSON.parse(stdout) as Refusal[];
}

/** Expects each command line to be wrong usage, told in one line on stderr: exit 2, stdout empty. Gives the lines. */
export async function expectRefused(
  table: readonly (readonly [args: readonly string[], says: string | RegExp])[],
  surroundings: Surroundings = {},
): Promise<string[]> {
  const runs = await refusals(
    table.map(([args]) => args),
    surroundings,
  );
  expect(runs).toHaveLength(table.length);
  return table.map(([args, says], at) => {
    const { exitCode, stdout, stderr = '' } = runs[at] ?? {};
    expect({ exitCode, stdout }, args.join(' ')).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr.trim().split('\n'), args.join(' ')).toHaveLength(1);
    expect(stderr, args.join(' ')).toMatch(says);
    return stderr;
  });
}
