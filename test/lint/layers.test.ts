import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

type Layer = { readonly allowed: readonly string[]; readonly forbidden: readonly string[] };

const folders = ['record', 'flow', 'library', 'http', 'llm', 'input', 'output', 'report', 'mock', 'cli', 'commands'];
const ofTheProgram = folders.filter((folder) => folder !== 'library');
const oclif = ['@oclif/core', '@oclif/core/command'];
const builtins = ['node:fs', 'node:stream/promises'];
const aroundTheRules = ['./../cli/main.ts', '../record/../cli/main.ts'];

/** What a file may import: itself, what lies below, its libraries; all the rest is forbidden. */
const layers: Record<string, Layer> = {
  'src/record/x.ts': layer({ below: [], libraries: [] }),
  'src/flow/x.ts': layer({ libraries: [] }),
  'src/flow/gate.ts': layer({ libraries: ['p-queue'] }),
  'src/library/x.ts': layer({ below: ['record', 'flow'], libraries: [] }),
  'src/http/x.ts': layer({ libraries: ['undici', ...builtins] }),
  'src/llm/x.ts': layer({ libraries: ['eventsource-parser', ...builtins] }),
  'src/input/x.ts': layer({ libraries: ['csv-parse', 'valibot', ...builtins] }),
  'src/output/x.ts': layer({ libraries: ['ora', 'cli-table3', '@jmespath-community/jmespath', ...builtins] }),
  'src/report/x.ts': layer({ libraries: ['cli-table3', 'uplot', ...builtins] }),
  'src/mock/x.ts': layer({ libraries: builtins }),
  'src/new-folder/x.ts': layer({ libraries: [] }),
  'src/cli/x.ts': {
    allowed: [
      './values.ts',
      ...modulesOf(ofTheProgram.filter((folder) => folder !== 'commands')),
      'undici',
      'node:process',
      ...oclif,
    ],
    forbidden: ['../commands/x.ts', '../library/x.ts'],
  },
  'src/commands/x.ts': {
    allowed: [...modulesOf(ofTheProgram), 'undici', 'node:process', ...oclif],
    forbidden: ['../library/x.ts'],
  },
  'src/index.ts': {
    allowed: ['./record/x.ts', './flow/x.ts', './library/x.ts'],
    forbidden: [
      './http/x.ts',
      './cli/x.ts',
      './commands/x.ts',
      './output/x.ts',
      './flow/../cli/x.ts',
      'node:process',
      ...oclif,
    ],
  },
};

function layer({ below = ['record'], libraries }: { below?: string[]; libraries: string[] }): Layer {
  const everyLibrary = [
    'p-queue',
    'undici',
    'eventsource-parser',
    'csv-parse',
    'ora',
    'cli-table3',
    'uplot',
    'valibot',
  ];
  const others = [...modulesOf(folders), ...everyLibrary, ...builtins, ...oclif, 'node:process', 'process', 'fs'];
  const allowed = ['./y.ts', ...modulesOf(below), ...libraries];
  return { allowed, forbidden: [...others, ...aroundTheRules].filter((name) => !allowed.includes(name)) };
}

function modulesOf(names: readonly string[]): string[] {
  return names.map((name) => `../${name}/y.ts`);
}

let directory: string;
let reported: Map<string, number[]>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-layers-'));
  copyFileSync(join(root, 'biome.json'), join(directory, 'biome.json'));
  copyFileSync(join(root, '.gitignore'), join(directory, '.gitignore'));
  for (const [file, { allowed, forbidden }] of Object.entries(layers)) {
    write(file, [...allowed, ...forbidden].map((name) => `import '${name}';`).join('\n'));
    write(file.replace(/\.ts$/, '-process.ts'), 'process.exitCode = 0;');
  }
  write('src/flow/forms.ts', importForms('../cli/main.ts').join('\n'));
  reported = await lint();
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.each(Object.entries(layers))('%s may import only what its layer allows', (file, { allowed, forbidden }) => {
  const names = [...allowed, ...forbidden];
  expect((reported.get(file) ?? []).map((line) => names[line - 1])).toEqual(forbidden);
});

test('every form of import is seen', () => {
  expect(reported.get('src/flow/forms.ts')).toEqual(importForms('').map((_, index) => index + 1));
});

test('only src/cli and src/commands touch `process`', () => {
  const touching = Object.keys(layers).map((file) => file.replace(/\.ts$/, '-process.ts'));
  const free = touching.filter((file) => !reported.has(file));
  expect(free).toEqual(['src/cli/x-process.ts', 'src/commands/x-process.ts']);
});

function importForms(name: string): string[] {
  return [
    `import '${name}';`,
    `import type { A } from '${name}';`,
    `import * as b from '${name}';`,
    `export { c } from '${name}';`,
    `export * from '${name}';`,
    `export const d = await import('${name}');`,
  ];
}

function write(file: string, text: string): void {
  mkdirSync(dirname(join(directory, file)), { recursive: true });
  writeFileSync(join(directory, file), text);
}

/** The lines that break a layer's rule, by file. */
async function lint(): Promise<Map<string, number[]>> {
  const rules = ['--only=style/noRestrictedImports', '--only=style/noRestrictedGlobals'];
  const args = ['lint', ...rules, '--reporter=json', '--max-diagnostics=none', 'src'];
  const { stdout } = await promisify(execFile)(join(root, 'node_modules/.bin/biome'), args, { cwd: directory }).catch(
    (error: { stdout: string }) => error,
  );
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { location: { path: string; start: { line: number } } }[];
  };
  const lines = new Map<string, number[]>();
  for (const { location } of diagnostics) {
    lines.set(
      location.path,
      [...(lines.get(location.path) ?? []), location.start.line].sort((a, b) => a - b),
    );
  }
  return lines;
}
