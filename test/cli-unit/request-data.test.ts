import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type DataFlag, dataFlagsOf, joinData } from '../../src/cli/request-data.ts';
import { UsageError } from '../../src/cli/values.ts';
import { temporaryFolder } from '../support/places.ts';

const flag = (name: DataFlag['flag'], input: string): DataFlag => ({ flag: name, input });
/** The bytes of data without templates. */
async function joined(...flags: DataFlag[]): Promise<string | null> {
  const data = await joinData(flags);
  return data?.parts.map((part) => (Buffer.isBuffer(part) ? part.toString('latin1') : fail(part))).join('') ?? null;
}
function fail(part: object): never {
  throw new Error(`a template: ${JSON.stringify(part)}`);
}

/** A file of these bytes, as the flags name it. */
const file = (content: string | Uint8Array) => `@${join(temporaryFolder({ data: content }), 'data')}`;

test('the data flags keep the order in which they were given', () => {
  const raw = [
    { type: 'flag', flag: 'data', input: 'a' },
    { type: 'arg', input: 'http://h' },
    { type: 'flag', flag: 'header', input: 'x: y' },
    { type: 'flag', flag: 'data-urlencode', input: 'b' },
    { type: 'flag', flag: 'data', input: 'c' },
    { type: 'flag', flag: 'json', input: '{}' },
  ];
  expect(dataFlagsOf(raw)).toEqual([
    flag('data', 'a'),
    flag('data-urlencode', 'b'),
    flag('data', 'c'),
    flag('json', '{}'),
  ]);
});

describe('joinData', () => {
  test('without any flag there is no body; with an empty one there is', async () => {
    expect(await joinData([])).toBeNull();
    expect(await joined(flag('data', ''))).toBe('');
  });

  test('several are joined by &, whatever they are', async () => {
    expect(await joined(flag('data', 'a=1'), flag('data-binary', 'b'), flag('data-urlencode', 'c=ü'))).toBe(
      'a=1&b&c=%C3%BC',
    );
    expect(await joinData([flag('data', 'a')])).toMatchObject({
      isJson: false,
    });
  });

  test('-d takes line ends and NUL out of a file, and leaves them in text', async () => {
    expect(await joined(flag('data', file('a\r\nb\n\0c')))).toBe('abc');
    expect(await joined(flag('data', 'a\r\nb'))).toBe('a\r\nb');
  });

  test('--data-binary takes a file as it is', async () => {
    const bytes = Uint8Array.of(0, 10, 13, 255);
    expect(await joined(flag('data-binary', file(bytes)))).toBe('\0\n\r\xff');
  });

  test.each([
    ['a b&c', 'a%20b%26c'],
    ['=a=b', 'a%3Db'],
    ['n=a b', 'n=a%20b'],
    ['n[]=ü', 'n[]=%C3%BC'],
    ["n=!'()*~-._", 'n=%21%27%28%29%2A~-._'],
    ['n=a@b', 'n=a%40b'],
    ['n=', 'n='],
    ['', ''],
    ['n=\ud800', 'n=%EF%BF%BD'],
  ])('--data-urlencode %j is %s', async (input, expected) => {
    expect(await joined(flag('data-urlencode', input))).toBe(expected);
  });

  test('--data-urlencode takes files, with and without a name', async () => {
    const named = file('a b\n');
    expect(await joined(flag('data-urlencode', named))).toBe('a%20b%0A');
    expect(await joined(flag('data-urlencode', `n${named}`))).toBe('n=a%20b%0A');
  });

  test('--data-urlencode encodes each byte of a file, text or not', async () => {
    expect(await joined(flag('data-urlencode', file(Uint8Array.of(0x61, 0xff, 0x00))))).toBe('a%FF%00');
  });

  test('--json keeps what it is given, and several follow one another', async () => {
    expect(await joined(flag('json', '{"a": 1.0}'))).toBe('{"a": 1.0}');
    expect(await joined(flag('json', '{"a":'), flag('json', file('1}\n')))).toBe('{"a":1}\n');
    expect(await joinData([flag('json', '{}')])).toMatchObject({ isJson: true });
  });

  test.each([
    [[flag('json', '{a:1}')], /--json: not valid JSON/],
    [[flag('json', '{}'), flag('data', 'a')], /--json: it cannot be joined/],
    [[flag('data', '@-')], /--data: stdin is for the input/],
    [[flag('data-binary', '@/no/such/file')], /--data-binary: cannot read \/no\/such\/file: there is no such file/],
    [[flag('data-urlencode', 'n@/no/such/file')], /--data-urlencode: cannot read/],
  ])('wrong usage is told in one line: %j', async (flags, message) => {
    await expect(joinData(flags)).rejects.toThrow(UsageError);
    await expect(joinData(flags)).rejects.toThrow(message);
  });
});
