import { describe, expect, test } from 'vitest';
import { outputSettings } from '../../src/cli/output-flags.ts';
import { UsageError } from '../../src/cli/values.ts';

describe('outputSettings', () => {
  const nothing = { resume: false, 'retry-failed': false, overwrite: false };

  test('without -o, or with `-`, rows go to stdout', () => {
    expect(outputSettings(nothing)).toBeNull();
    expect(outputSettings({ ...nothing, output: '-' })).toBeNull();
  });

  test.each([
    [{}, 'new'],
    [{ resume: true }, 'resume'],
    [{ 'retry-failed': true }, 'retry-failed'],
    [{ overwrite: true }, 'overwrite'],
  ])('-o FILE with %j is opened as %s', (flags, mode) => {
    expect(outputSettings({ ...nothing, ...flags, output: 'rows' })).toEqual({ path: 'rows', mode });
  });

  test.each(['resume', 'retry-failed', 'overwrite'] as const)('--%s needs a file', (mode) => {
    expect(() => outputSettings({ ...nothing, [mode]: true })).toThrow(UsageError);
    expect(() => outputSettings({ ...nothing, [mode]: true, output: '-' })).toThrow(`--${mode}: it needs a file`);
  });

  test('two ways at once are wrong usage', () => {
    const both = { ...nothing, output: 'rows', resume: true, overwrite: true };
    expect(() => outputSettings(both)).toThrow('--resume and --overwrite contradict each other');
  });
});
