import { execFile } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { nodePath, projectRoot, temporaryFolder } from '../support/places.ts';

const execute = promisify(execFile);

const script = `
import { type Failure, type JobResult, retry, run } from 'sluice';

type User = { id: number };
async function* users(): AsyncGenerator<User> {
  for (let id = 0; id < 3; id += 1) yield { id };
}
const results: JobResult<User, string>[] = [];
const options = { concurrency: 2, rate: '1000/s', lane: ({ id }: User) => String(id % 2) };
for await (const result of run(users(), async ({ id }, { attempt }) => {
  if (attempt === 1) throw retry('again', { afterMs: 1 });
  return 'user ' + id;
}, options)) {
  results.push(result);
  if (result.ok) {
    const value: string = result.value;
    console.log(value, result.job.id, result.attempts);
  } else {
    const error: Failure = result.error;
    console.log(error.code);
  }
  // @ts-expect-error: only a result that is ok has a string
  const unsure: string = result.value;
}
`;

test('a stranger’s strict TypeScript project gets types from the package, and it runs', async () => {
  const folder = temporaryFolder({
    'package.json': '{ "type": "module" }',
    'script.ts': script,
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        strict: true,
        module: 'nodenext',
        target: 'es2022',
        lib: ['es2022', 'dom'],
        types: [],
        noEmit: true,
      },
    }),
  });
  const installed = join(folder, 'node_modules/sluice');
  mkdirSync(installed, { recursive: true });
  for (const part of ['package.json', 'dist']) {
    cpSync(join(projectRoot, part), join(installed, part), { recursive: true });
  }
  const { stdout: complaints } = await execute(join(projectRoot, 'node_modules/.bin/tsc'), ['-p', folder]).catch(
    (error) => error,
  );
  expect(complaints).toBe('');
  const { stdout } = await execute(nodePath, [join(folder, 'script.ts')]);
  expect(stdout.trim().split('\n').toSorted()).toEqual(['user 0 0 2', 'user 1 1 2', 'user 2 2 2']);
});
