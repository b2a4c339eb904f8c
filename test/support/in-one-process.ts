import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { nodePath, projectRoot, temporaryFolder } from './places.ts';

/** The environment is PATH and HOME, which is the folder, and what is given here. */
export type Surroundings = { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> };
export type CommandLine = Surroundings & { readonly args: readonly string[] };
export type Said = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** Runs the built program's own `main` for one command line after the other: a start costs 100 ms. */
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
const all = [];
for (const { args, cwd, env } of JSON.parse(process.argv[1])) {
  Object.assign(seen, { stdout: '', stderr: '' });
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
  process.exitCode = 0;
  await main(args, ${JSON.stringify(projectRoot)});
  all.push({ exitCode: process.exitCode, ...seen });
}
process.exitCode = 0;
report(JSON.stringify(all));
`;

/**
 * What the program says to many command lines, in one process: for those that call nothing, being wrong usage or questions
 * about itself. What runs needs a process of its own.
 */
export async function inOneProcess(commandLines: readonly CommandLine[]): Promise<Said[]> {
  const folder = temporaryFolder();
  const whole = commandLines.map(({ args, cwd = folder, env }) => {
    return { args, cwd, env: { PATH: process.env.PATH, HOME: cwd, ...env } };
  });
  const argv = ['--input-type=module', '-e', program, JSON.stringify(whole)];
  const { stdout } = await promisify(execFile)(nodePath, argv, { cwd: folder, env: {}, timeout: 15_000 });
  const said = JSON.parse(stdout) as Said[];
  expect(said).toHaveLength(commandLines.length);
  return said;
}

/** Expects each command line to be wrong usage, told in one line on stderr: exit 2, stdout empty. Gives the lines. */
export async function expectRefused(
  table: readonly (readonly [args: readonly string[], says: string | RegExp, surroundings?: Surroundings])[],
): Promise<string[]> {
  const said = await inOneProcess(table.map(([args, , surroundings]) => ({ args, ...surroundings })));
  return said.map(({ exitCode, stdout, stderr }, at) => {
    const [args = [], says = ''] = table[at] ?? [];
    const what = args.join(' ');
    expect({ exitCode, stdout }, what).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr, what).toMatch(/^sluice: .+\n$/);
    expect(stderr, what).toMatch(says);
    return stderr;
  });
}
