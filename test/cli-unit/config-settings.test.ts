import { describe, expect, test } from 'vitest';
import type { ConfigFile } from '../../src/cli/config-files.ts';
import { type Configurable, settingsFor } from '../../src/cli/config-settings.ts';
import { UsageError } from '../../src/cli/values.ts';

const flow = { type: 'option', helpGroup: 'FLOW' } as const;
const fetch: Configurable = {
  id: 'fetch',
  sharesSettings: true,
  flags: {
    rate: flow,
    retries: flow,
    header: { type: 'option', multiple: true, helpGroup: 'REQUEST' },
    overwrite: { type: 'boolean', helpGroup: 'ROW' },
    quiet: { type: 'boolean', helpGroup: 'TALK' },
    config: { type: 'option' },
    profile: { type: 'option' },
  },
};
const prompt: Configurable = { id: 'prompt', sharesSettings: true, flags: { rate: flow, model: { type: 'option' } } };
const mock: Configurable = { id: 'mock', sharesSettings: false, flags: { rate: flow, port: { type: 'option' } } };
const commands = [fetch, prompt, mock];

const file = (settings: object, kind: ConfigFile['kind'] = 'named', name = 'a.yaml'): ConfigFile => ({
  name,
  kind,
  settings: settings as ConfigFile['settings'],
});

type Given = { files?: ConfigFile[]; profile?: string; env?: NodeJS.ProcessEnv };

function settings(command: Configurable, { files = [], profile, env = {} }: Given) {
  const found = settingsFor(command, { files, profile: profile ?? null, env, commands });
  return Object.fromEntries(
    [...found.values()].map(({ flag, value, source }) => [flag, `${String(value)} by ${source}`]),
  );
}

describe('settingsFor', () => {
  test('the nearer file, the profile, the environment: each wins over those before it', () => {
    const mine = file({ rate: 1, retries: 1, profiles: { ci: { rate: 2 } } }, 'user', 'mine.yaml');
    const theirs = file({ rate: 3, profiles: { ci: { retries: 4 } } }, 'found', '.sluicerc');
    const files = [mine, theirs];
    expect(settings(fetch, { files })).toEqual({ rate: '3 by .sluicerc: rate', retries: '1 by mine.yaml: retries' });
    expect(settings(fetch, { files, profile: 'ci' })).toEqual({
      rate: '2 by mine.yaml: profiles.ci.rate',
      retries: '4 by .sluicerc: profiles.ci.retries',
    });
    expect(settings(fetch, { files, profile: 'ci', env: { SLUICE_RATE: '5/s' } }).rate).toBe('5/s by SLUICE_RATE');
    const both = { SLUICE_RATE: '5/s', SLUICE_FETCH_RATE: '6/s', SLUICE_RETRIES: '' };
    expect(settings(fetch, { env: both })).toEqual({ rate: '6/s by SLUICE_FETCH_RATE' });
  });

  test('a section is for its command, wherever it stands; what the command does not know is left to the others', () => {
    const files = [file({ fetch: { rate: 2 }, rate: 1, model: 'm', prompt: { rate: 3 } })];
    expect(settings(fetch, { files })).toEqual({ rate: '2 by a.yaml: fetch.rate' });
    expect(settings(prompt, { files })).toMatchObject({
      rate: '3 by a.yaml: prompt.rate',
      model: 'm by a.yaml: model',
    });
  });

  test('a command whose flags mean something else takes its own section alone', () => {
    const files = [file({ rate: 1, mock: { port: 9 } })];
    expect(settings(mock, { files, env: { SLUICE_RATE: '5/s', SLUICE_MOCK_RATE: '7/s' } })).toEqual({
      port: '9 by a.yaml: mock.port',
      rate: '7/s by SLUICE_MOCK_RATE',
    });
    expect(() => settings(mock, { files: [file({ port: 9 })] })).toThrow('a.yaml: port: there is no such setting');
  });

  test('switches are true or false, lists are lists, numbers are words', () => {
    const files = [file({ quiet: false, header: ['a: b', 'c: d'], retries: 3 })];
    const found = settingsFor(fetch, { files, profile: null, env: { SLUICE_OVERWRITE: 'no' }, commands });
    expect([...found.values()].map(({ value }) => value)).toEqual([false, ['a: b', 'c: d'], ['3'], false]);
    const env = { SLUICE_HEADER: 'a: b\nc: d\n', SLUICE_QUIET: 'ON' };
    expect(settings(fetch, { env })).toEqual({ header: 'a: b,c: d by SLUICE_HEADER', quiet: 'true by SLUICE_QUIET' });
  });

  test.each([
    [{ ratee: 1 }, 'a.yaml: ratee: there is no such setting (did you mean rate?)'],
    [{ fetch: { model: 1 } }, 'a.yaml: fetch.model: there is no such setting'],
    [{ fetch: 5 }, 'a.yaml: fetch: expected settings such as `concurrency: 5`, got `5`'],
    [{ quiet: 'yes' }, 'a.yaml: quiet: expected true or false, got `yes`'],
    [{ rate: [1, 2] }, 'a.yaml: rate: expected one value, got a list'],
    [{ rate: null }, 'a.yaml: rate: expected a value, got nothing'],
    [{ header: [{ a: 1 }] }, 'a.yaml: header: expected a value or a list of them, got several settings'],
    [{ profiles: [] }, 'a.yaml: profiles: expected settings'],
    [{ profile: 'ci' }, 'a.yaml: profile: there is no such setting'],
    [{ fetch: { config: 'x' } }, 'a.yaml: fetch.config: there is no such setting'],
    [JSON.parse('{"__proto__": {"rate": 1}}'), 'a.yaml: __proto__: there is no such setting'],
  ])('%j is told with file and key', (content: object, message) => {
    expect(() => settings(fetch, { files: [file(content)] })).toThrow(UsageError);
    expect(() => settings(fetch, { files: [file(content)] })).toThrow(message);
  });

  test('a profile that nobody has is told with those that there are', () => {
    const files = [file({ profiles: { ci: {}, night: {} } })];
    expect(() => settings(fetch, { files, profile: 'cj' })).toThrow('no profile `cj`; there are ci, night');
    expect(() => settings(fetch, { profile: 'toString' })).toThrow('no config file has any');
  });

  test('a file that is only found may not say what is sent, where to, or what is written', () => {
    for (const content of [
      { header: 'a: b' },
      { fetch: { overwrite: true } },
      { profiles: { x: { header: 'a: b' } } },
    ]) {
      const given = { files: [file(content, 'found', '.sluicerc')], profile: 'profiles' in content ? 'x' : undefined };
      expect(() => settings(fetch, given as Given)).toThrow(/\.sluicerc: \S+: a file that is only found/);
      for (const kind of ['user', 'named'] as const) {
        expect(() => settings(fetch, { ...given, files: [file(content, kind)] } as Given)).not.toThrow();
      }
    }
    expect(Object.keys(settings(fetch, { files: [file({ rate: 1, quiet: true }, 'found')] }))).toEqual([
      'rate',
      'quiet',
    ]);
  });
});
