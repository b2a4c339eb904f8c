import { describe, expect, test } from 'vitest';
import { outputSettings, type TalkFlags, type TalkSettings, talkSettings } from '../../src/cli/output-flags.ts';
import { UsageError } from '../../src/cli/values.ts';

const none: TalkFlags = { summary: 'auto', quiet: false, verbose: false };

function talk(flags: Partial<TalkFlags>, { isTerminal = false, env = {} as NodeJS.ProcessEnv } = {}): TalkSettings {
  return talkSettings({ ...none, ...flags }, { isTerminal, env });
}

describe('talkSettings', () => {
  test('on a terminal there is progress and a table, elsewhere nothing', () => {
    expect(talk({}, { isTerminal: true })).toEqual({
      progress: 'terminal',
      summary: 'table',
      isQuiet: false,
      isVerbose: false,
      color: true,
    });
    expect(talk({})).toEqual({
      progress: null,
      summary: 'none',
      isQuiet: false,
      isVerbose: false,
      color: false,
    });
  });

  test.each([
    [true, true, 'terminal'],
    [true, false, 'plain'],
    [false, true, null],
    [false, false, null],
  ])('--progress %s, terminal %s: %s', (progress, isTerminal, expected) => {
    expect(talk({ progress }, { isTerminal }).progress).toBe(expected);
  });

  test('--quiet silences all but a summary that was asked for', () => {
    expect(talk({ quiet: true }, { isTerminal: true })).toMatchObject({
      progress: null,
      summary: 'none',
      isQuiet: true,
    });
    expect(talk({ quiet: true, progress: true }).progress).toBeNull();
    expect(talk({ quiet: true, summary: 'json' }).summary).toBe('json');
  });

  test.each(['table', 'json', 'markdown', 'none'] as const)(
    '--summary %s is what was asked for, terminal or not',
    (summary) => {
      expect(talk({ summary }).summary).toBe(summary);
      expect(talk({ summary }, { isTerminal: true }).summary).toBe(summary);
    },
  );

  test.each<[NodeJS.ProcessEnv, boolean]>([
    [{}, true],
    [{ NO_COLOR: '1' }, false],
    [{ NO_COLOR: '' }, true],
    [{ TERM: 'dumb' }, false],
    [{ TERM: 'xterm' }, true],
  ])('colour on a terminal with %j: %s', (env, color) => {
    expect(talk({}, { isTerminal: true, env }).color).toBe(color);
  });

  test('-v is passed on', () => {
    expect(talk({ verbose: true }).isVerbose).toBe(true);
  });
});

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
