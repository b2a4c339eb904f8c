import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { nodePath, projectRoot } from '../support/places.ts';
import { parseRow, promptRows } from '../support/row.ts';

const prompts = readFileSync(join(projectRoot, 'fixtures/prompts.txt'), 'utf8').trimEnd().split('\n');

test('`npm run demo:llm` has an answer for every prompt, some after a refusal, and sends no key', async () => {
  const { stdout, stderr, exitCode } = await execa(nodePath, [join(projectRoot, 'bin/demo-llm.js')], {
    env: { OPENAI_API_KEY: 'sk-real', OPENAI_BASE_URL: 'http://127.0.0.1:1' },
    reject: false,
    timeout: 60_000,
  });
  expect(exitCode).toBe(0);
  const rows = promptRows(stdout.split('\n').map(parseRow)).sort((a, b) => a.index - b.index);
  expect(rows.map(({ text }) => text)).toEqual(prompts.map((prompt) => `You said: ${prompt}`));
  expect(rows.every(({ usage }) => (usage?.output_tokens ?? 0) > 3)).toBe(true);
  expect(Math.max(...rows.map(({ attempts }) => attempts))).toBeGreaterThan(1);
  expect(stderr).toMatch(/^\$ sluice mock --port 0 --rate 5\/s --token-delay 10ms\n/);
  expect(stderr).toMatch(/\nprompt ended with exit code 0: every prompt has its answer$/);
});
