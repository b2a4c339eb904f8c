import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const flag = /(?<![\w-])--[a-z][a-z-]*/g;

test('README names only flags that there are', async () => {
  const helps = await Promise.all(['fetch', 'prompt', 'mock'].map(helpOf));
  const known = new Set(helps.join('\n').match(flag));
  const named = [...new Set(readme.match(flag))].filter((name) => name !== '--help');
  expect(named.filter((name) => !known.has(name))).toEqual([]);
  expect(named).toContain('--resume');
});

test('README shows a row that fits the schema', () => {
  const row = readme.split('\n').find((line) => line.startsWith('{"index"')) ?? '';
  const schema = JSON.parse(readFileSync(join(root, 'src/record/row.schema.json'), 'utf8')) as object;
  const ajv = new Ajv2020({ allowUnionTypes: true });
  expect(ajv.validate(schema, JSON.parse(row)), ajv.errorsText()).toBe(true);
});

test('README names only npm scripts and files that there are', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  for (const [, name] of readme.matchAll(/npm run (\w+)/g)) expect(scripts).toHaveProperty(name ?? '');
  for (const [, file] of readme.matchAll(/\]\(([^)]+)\)/g)) expect(existsSync(join(root, file ?? ''))).toBe(true);
});

async function helpOf(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'bin/run.js'), command, '--help']);
  return stdout;
}
