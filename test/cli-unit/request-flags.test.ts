import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DataFlag } from '../../src/cli/request-data.ts';
import type { RequestFlags } from '../../src/cli/request-flags.ts';
import { requestSettings } from '../../src/cli/request-settings.ts';
import { createTemplates } from '../../src/cli/templates.ts';
import { UsageError } from '../../src/cli/values.ts';
import { createMask } from '../../src/record/secrets.ts';
import { temporaryFolder } from '../support/places.ts';

const none: RequestFlags = { get: false, head: false, compressed: false };

function settings(flags: Partial<RequestFlags>, data: DataFlag[] = [], env: NodeJS.ProcessEnv = {}) {
  return requestSettings({ ...none, ...flags }, { data, templates: createTemplates({}, env), env, version: '1.2.3' });
}

async function headersOf(...given: Parameters<typeof settings>): Promise<Record<string, string>> {
  return Object.fromEntries((await settings(...given)).defaults.headers);
}

describe('the headers of every request', () => {
  test('say who asks and what is taken', async () => {
    expect(await headersOf({})).toEqual({ 'user-agent': 'sluice/1.2.3', accept: '*/*' });
    expect((await headersOf({ compressed: true }))['accept-encoding']).toMatch(/gzip/);
  });

  test('-H has the last word: it sets, empties and takes away', async () => {
    const header = ['Accept: text/html', 'x-empty;', 'User-Agent:', 'x-colon: a:b', 'x-semi: a;b'];
    expect(await headersOf({ header })).toEqual({
      accept: 'text/html',
      'x-empty': '',
      'x-colon': 'a:b',
      'x-semi': 'a;b',
    });
  });

  test('-H @file reads them from a file', async () => {
    const path = join(temporaryFolder({ headers: 'X-A: 1\r\n\r\n  \nx-b: 2\n' }), 'headers');
    expect(await headersOf({ header: [`@${path}`, 'x-b: 3'] })).toMatchObject({ 'x-a': '1', 'x-b': '3' });
  });

  test('data says its type, -G has none', async () => {
    const data: DataFlag[] = [{ flag: 'data', input: 'a=1' }];
    expect(await headersOf({}, data)).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded' });
    expect(await headersOf({ get: true }, data)).not.toHaveProperty('content-type');
    const { defaults } = await settings({ get: true }, data);
    expect(defaults.query?.({ index: 0, line: '', record: null })).toBe('a=1');
    expect(defaults.body).toBeNull();
    expect(await headersOf({}, [{ flag: 'json', input: '{}' }])).toMatchObject({ accept: 'application/json' });
  });

  test.each([
    ['no name', { header: ['no colon'] }, "--header: expected 'NAME: VALUE'"],
    [
      'a line end',
      { header: ['x: a\r\ny: b'] },
      '--header: the header x has a value that cannot be sent: its character 2 is a line end',
    ],
    ['one that is ours', { header: ['Host: other'] }, '--header: the header host is set by sluice itself'],
    ['a wrong method', { request: 'GE T' }, '--request: not an HTTP method'],
    ['a wrong base', { 'base-url': 'ftp://h' }, '--base-url: only http and https'],
    ['a cookie file', { cookie: ['jar.txt'] }, '--cookie: expected NAME=VALUE'],
    ['no password', { user: 'me' }, '--user: expected USER:PASSWORD'],
    ['an unset variable', { 'bearer-env': 'NOPE' }, '--bearer-env: the environment variable NOPE is not set'],
  ])('wrong usage is told in one line: %s', async (_what, flags, message) => {
    await expect(settings(flags)).rejects.toThrow(UsageError);
    await expect(settings(flags)).rejects.toThrow(message);
  });

  test('a header that cannot be read is not shown: half of it may be a token', async () => {
    await expect(settings({ header: ['Bearer s3cret'] })).rejects.toThrow(/^(?!.*s3cret)/);
  });
});

describe('the credentials of every request are secrets', () => {
  const maskOf = async (...given: Parameters<typeof settings>) => {
    const { secrets } = await settings(...given);
    return createMask(secrets) ?? ((text: string) => text);
  };

  test('-u: user and password together, the password, and their Basic form', async () => {
    const mask = await maskOf({ user: 'user:s3cret' });
    const basic = Buffer.from('user:s3cret').toString('base64');
    expect(['user:s3cret', 's3cret', basic, `Basic ${basic}`].map(mask)).toEqual(Array(4).fill('***'));
  });

  test('--bearer-env', async () => {
    expect((await maskOf({ 'bearer-env': 'KEY' }, [], { KEY: ' s3cret\n' }))('a s3cret')).toBe('a ***');
  });

  test('-H, by the name of the header', async () => {
    expect((await maskOf({ header: ['X-Api-Key: s3cret', 'x-plain: harmless'] }))('s3cret harmless')).toBe(
      '*** harmless',
    );
  });

  test('-b: each cookie', async () => {
    const mask = await maskOf({ cookie: ['lang=english', 'sid=s3cret', 'theme=darkest'] });
    expect(mask('sid=s3cret; Path=/')).not.toContain('s3cret');
  });

  test('--base-url: its password', async () => {
    expect((await maskOf({ 'base-url': 'https://user:s3cret@h/' }))('https://user:s3cret@h/x')).not.toContain('s3cret');
  });
});
