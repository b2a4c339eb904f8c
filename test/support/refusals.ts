import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
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

/** What the program says to each of many command lines that are wrong usage. Not for what runs: that needs a process of its own. */
export async function refusals(commandLines: readonly (readonly string[])[]): Promise<Refusal[]> {
  const cwd = temporaryFolder();
  const args = ['--input-type=module', '-e', program, JSON.stringify(commandLines)];
  const env = { PATH: process.env.PATH ?? '', HOME: cwd };
  const { stdout } = await promisify(execFile)(nodePath, args, { cwd, env, timeout: 15_000 });
  return JSON.parse(stdout) as Refusal[];
}
