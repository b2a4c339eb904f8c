import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { failureCodes } from '../../src/record/failure.ts';
import { inOneProcess } from '../support/in-one-process.ts';
import { nodePath, programPath, projectRoot, temporaryFolder } from '../support/places.ts';
import { parseRow } from '../support/row.ts';
import { shell } from '../support/sluice.ts';
import { type Block, blocks, examples, isShownAs, linesOf, readme, section, tableIn } from './readme.ts';

test('every example prints what README says', async () => {
  const here = await startMocks();
  // One folder for all, as for someone who follows the page: an example may go on with the file of another.
  const folder = temporaryFolder();
  for (const { script, printed } of examples) {
    const output = linesOf(await outputOf(script.language, here(script.text), folder));
    const shown = printed.map(here);
    const pairs = isInOrder(script) ? shown : shown.toSorted();
    const said = isInOrder(script) ? output : output.toSorted();
    const isAsShown = pairs.length === said.length && pairs.every((line, at) => isShownAs(line, said[at] ?? ''));
    expect(isAsShown ? shown : output, `README.md:${script.line}`).toEqual(shown);
    for (const row of output.filter((line) => line.startsWith('{"index"'))) parseRow(row);
  }
  expect(examples.length).toBeGreaterThan(10);
  // A good twenty programs, one after the other.
}, 60_000);

/** Rows come as they are done, unless they are asked for in order. */
function isInOrder({ text }: Block): boolean {
  return /order/.test(text);
}

/** stdout, then stderr. */
async function outputOf(language: string, script: string, folder: string): Promise<string> {
  if (language === 'sh') {
    const { stdout, stderr } = await shell(script, { cwd: folder, isRows: false });
    return `${stdout}\n${stderr}`;
  }
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(projectRoot, join(folder, 'node_modules/sluice'));
  const file = join(folder, 'example.mjs');
  writeFileSync(file, script);
  const { stdout, stderr } = await promisify(execFile)(nodePath, [file]);
  return `${stdout}\n${stderr}`;
}

/** Starts the mocks that README starts, on free ports. Returns what puts their addresses in the place of README's. */
async function startMocks(): Promise<(text: string) => string> {
  const addresses = new Map<string, string>();
  for (const { text } of blocks.filter(({ mark }) => mark === 'mock')) {
    const [, , ...args] = text.trim().split(' ');
    const at = args.indexOf('--port');
    const [, port = '8787'] = at === -1 ? [] : args.splice(at, 2);
    addresses.set(`127.0.0.1:${port}`, await startMock(args));
  }
  return (text) => text.replaceAll(/127\.0\.0\.1:\d+/g, (address) => addresses.get(address) ?? address);
}

/** Resolves to where it listens: `127.0.0.1:41234`. */
async function startMock(args: string[]): Promise<string> {
  const mock = execa(nodePath, [programPath, 'mock', ...args, '--port', '0'], { reject: false });
  onTestFinished(async () => {
    mock.kill('SIGKILL');
    await mock;
  });
  for await (const line of createInterface({ input: mock.stdout })) return line.replace('http://', '');
  throw new Error('the mock did not start');
}

test('README names only flags that its commands have', async () => {
  const known = new Map<string, string>();
  const commands = readdirSync(join(projectRoot, 'src/commands')).map((file) => file.replace('.ts', ''));
  for (const [at, help] of (await helpOf(...commands)).entries()) known.set(commands[at] ?? '', help);
  const all = [...known.values()].join('\n');
  // Other programs have flags of their own.
  const own = readme.replace(section('How it compares'), '');
  const named = new Set(own.match(longFlag));
  expect([...named].filter((flag) => !hasFlag(all, flag))).toEqual([]);

  const calls = blocks.flatMap(({ text }) => [...text.replaceAll('\\\n', '').matchAll(/\bsluice (\w+)([^|\n]*)/g)]);
  for (const [call, command = '', rest = ''] of calls) {
    const unknown = (rest.match(longFlag) ?? []).filter((flag) => !hasFlag(known.get(command) ?? '', flag));
    expect(unknown, call).toEqual([]);
  }
  expect(calls.length).toBeGreaterThan(10);
});

const longFlag = /(?<![\w-])--[a-z][a-z\d-]*/g;

async function helpOf(...commands: string[]): Promise<string[]> {
  const said = await inOneProcess(commands.map((command) => ({ args: [command, '--help'] })));
  return said.map(({ stdout }) => stdout);
}

function hasFlag(help: string, flag: string): boolean {
  return flag === '--help' || new RegExp(`${flag}(?![\\w-])`).test(help.replaceAll('--[no-]', '--'));
}

test('README’s table of limits has the defaults of fetch', async () => {
  const help = (await helpOf('fetch')).join('').replaceAll(/\s+/g, ' ');
  let checked = 0;
  for (const [flags = '', shown = ''] of tableIn(section('sluice fetch'))) {
    const [flag = ''] = flags.match(longFlag) ?? [];
    const [, byDefault = 'no limit'] = new RegExp(` ${flag}=\\S+ \\[default: ([^\\]]+)\\]`).exec(help) ?? [];
    expect(`${flag} ${shown}`).toBe(`${flag} ${byDefault}`);
    checked += 1;
  }
  expect(checked).toBeGreaterThan(10);
});

/** Words of the contract that no command has a use for yet. README is to name them when one has. */
const notYet = ['circuit_open'];

test('README has every failure code', () => {
  const shown = tableIn(section('Failure codes')).map(([code]) => code);
  expect(new Set([...shown, ...notYet, 'error'])).toEqual(new Set(failureCodes));
});

test('README names only npm scripts and files that there are', () => {
  const manifest = readFileSync(join(projectRoot, 'package.json'), 'utf8');
  const { scripts } = JSON.parse(manifest) as { scripts: Record<string, string> };
  for (const [, name = ''] of readme.matchAll(/npm run (\w+)/g)) expect(Object.keys(scripts)).toContain(name);
  const links = [...readme.matchAll(/\]\((?!http)([^)]+)\)/g)].map(([, file = '']) => file);
  const folders = tableIn(section('The house')).flatMap(([cell = '']) => cell.split(', '));
  for (const file of [...links, ...folders]) expect(existsSync(join(projectRoot, file)), file).toBe(true);
  expect(links.length).toBeGreaterThan(2);
});

test('README opens with the two commands that need nothing before', () => {
  const commands = readme.match(/^ {4}npm .*$/gm)?.map((line) => line.trim().replace(/ *#.*/, ''));
  expect(commands?.slice(0, 2)).toEqual(['npm run demo', 'npm test']);
});
