import { describe, expect, test } from 'vitest';
import { type TalkFlags, type TalkSettings, talkSettings } from '../../src/cli/talk-flags.ts';

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
