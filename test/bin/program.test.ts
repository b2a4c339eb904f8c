import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { nodePath, projectRoot, temporaryFolder } from '../support/places.ts';

test('the program is ASCII: bin/program.js reads a character from each byte', () => {
  const program = readFileSync(join(projectRoot, 'dist/sluice.cjs'), 'latin1');
  expect(program.match(/[^\0-\x7f].{0,40}/)?.[0]).toBeUndefined();
});

/** V8's own code of the program, made by the build: a start must be the same with it, without it and with a wrong one. */
describe('the program starts', () => {
  let copy: string;
  let copiedCode: string;

  beforeEach(async () => {
    copy = temporaryFolder();
    for (const folder of ['bin', 'dist']) mkdirSync(join(copy, folder));
    for (const file of ['run.js', 'own-node.js', 'program.js']) {
      copyFileSync(join(projectRoot, 'bin', file), join(copy, 'bin', file));
    }
    for (const file of ['package.json', 'oclif.manifest.json']) copyFileSync(join(projectRoot, file), join(copy, file));
    copyFileSync(join(projectRoot, 'dist/sluice.cjs'), join(copy, 'dist/sluice.cjs'));
    symlinkSync(join(projectRoot, 'node_modules'), join(copy, 'node_modules'));
    copiedCode = join(copy, 'dist', basename((await builtCode()).file));
  });

  test('with the code that the build made for this Node.js', async () => {
    expect(await builtCode()).toMatchObject({ isRejected: false });
  });

  test('without code', async () => {
    expect(await version()).toMatch(/^sluice\/\d/);
  });

  test.each([
    ['empty', () => Buffer.alloc(0)],
    ['no code at all', () => Buffer.alloc(100_000, 'x')],
  ])('with a file of code that is %s', async (_what, content) => {
    writeFileSync(copiedCode, content());
    expect(await version()).toMatch(/^sluice\/\d/);
  });

  test('with options of V8 for which the code was not made', async () => {
    copyFileSync((await builtCode()).file, copiedCode);
    expect(await version(['--stack-size=700'])).toMatch(/^sluice\/\d/);
  });

  async function version(options: readonly string[] = []): Promise<string> {
    const env = { PATH: process.env.PATH ?? '', HOME: copy };
    const { stdout } = await promisify(execFile)(nodePath, [...options, join(copy, 'bin/run.js'), '--version'], {
      env,
    });
    return stdout;
  }
});

/** What the build has left for the Node.js that the tests start, and what V8 says of it. */
async function builtCode(): Promise<{ file: string; isRejected: boolean }> {
  const script = `
    import { readFileSync } from 'node:fs';
    import { codeFile, compile } from ${JSON.stringify(join(projectRoot, 'bin/program.js'))};
    const isRejected = compile(readFileSync(codeFile)).cachedDataRejected;
    console.log(JSON.stringify({ file: codeFile, isRejected }));
  `;
  const { stdout } = await promisify(execFile)(nodePath, ['--input-type=module', '-e', script]);
  return JSON.parse(stdout) as { file: string; isRejected: boolean };
}
