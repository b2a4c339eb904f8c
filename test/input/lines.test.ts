import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Line, readLines } from '../../src/input/lines.ts';

async function linesOf(chunks: readonly Uint8Array[], maxLineBytes = 1000): Promise<Line[]> {
  async function* source() {
    yield* chunks;
  }
  const lines: Line[] = [];
  for await (const batch of readLines(source(), { maxLineBytes })) lines.push(...batch);
  return lines;
}

const textsOf = async (text: string) => (await linesOf([Buffer.from(text)])).map((line) => line.text);

/** The chunks that cutting at these places makes. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ordered = [...places].sort((a, b) => a - b);
  return [...ordered, bytes.length].map((end, nth) => bytes.subarray(ordered[nth - 1] ?? 0, end));
}

describe('readLines', () => {
  test.each([
    ['a\nb\n', ['a', 'b']],
    ['a\nb', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['a\r\nb\r', ['a', 'b']],
    ['a\rb\n', ['a\rb']],
    ['a\r\r\n', ['a\r']],
    ['\n\na\n\n', ['', '', 'a', '']],
    ['', []],
    ['\n', ['']],
    ['a\u2028b\u2029c\u0085d\u000be\u000cf\n', ['a\u2028b\u2029c\u0085d\u000be\u000cf']],
    ['\ufeffa\n\ufeffb\n', ['a', '\ufeffb']],
    ['\ufeff\n', ['']],
    ['\ufeff', ['']],
    ['grün 😀\n', ['grün 😀']],
    ['a\0b\n', ['a\0b']],
  ])('%j holds %j', async (text, expected) => {
    expect(await textsOf(text)).toEqual(expected);
  });

  test('numbers lines from 1, empty ones and bad ones too', async () => {
    const bytes = Buffer.concat([Buffer.from('a\n\n'), Buffer.of(0xff, 0x0a), Buffer.from('d')]);
    expect((await linesOf([bytes])).map(({ number, text, fault }) => [number, fault ?? text])).toEqual([
      [1, 'a'],
      [2, ''],
      [3, 'the line is not UTF-8'],
      [4, 'd'],
    ]);
  });

  test('a line that is not UTF-8 is given with a fault; its neighbours are well', async () => {
    const lines = await linesOf([Buffer.from('gr\xfcn\nok\n\xc3\n', 'latin1')]);
    expect(lines.map((line) => line.fault)).toEqual(['the line is not UTF-8', null, 'the line is not UTF-8']);
    expect(lines[1]?.text).toBe('ok');
  });

  test('UTF-16 is called by its name', async () => {
    const [line] = await linesOf([Buffer.from('\ufeffhttp://h/\n', 'utf16le')]);
    expect(line?.fault).toMatch(/UTF-16.*iconv/);
  });

  test('a compressed input is called so where it begins', async () => {
    const [first, ...others] = await linesOf([gzipSync('http://h/\n'), Buffer.from('\n'), gzipSync('http://h/\n')]);
    expect(first?.fault).toBe('the line is not UTF-8 (gzip? pipe it through zcat first)');
    expect(others.map(({ fault }) => fault)).not.toContain(first?.fault);
  });

  test('a line of exactly the length allowed is whole, one byte more is passed over', async () => {
    const lines = await linesOf([Buffer.from(`${'a'.repeat(10)}\n${'b'.repeat(11)}\nc\n${'d'.repeat(50)}`)], 10);
    const tooLong = 'the line is longer than 10 bytes (--max-line)';
    expect(lines.map(({ text, fault }) => fault ?? text)).toEqual(['a'.repeat(10), tooLong, 'c', tooLong]);
    expect(lines.map((line) => line.number)).toEqual([1, 2, 3, 4]);
  });

  test('length is counted in bytes, not in characters', async () => {
    expect((await linesOf([Buffer.from('ääääää\n')], 11))[0]?.fault).toMatch(/longer than 11/);
    expect((await linesOf([Buffer.from('ääääää\n')], 12))[0]?.fault).toBeNull();
  });

  test('gives lines as soon as their end is there, and keeps nothing of a line that is too long', async () => {
    const asked: number[] = [];
    async function* source() {
      for (let nth = 0; nth < 1000; nth += 1) {
        asked.push(nth);
        yield Buffer.from(nth === 0 ? 'a\nb' : 'x'.repeat(1000));
      }
    }
    const batches = readLines(source(), { maxLineBytes: 100 });
    expect((await batches.next()).value).toMatchObject([{ text: 'a' }]);
    expect(asked).toEqual([0]);
    expect((await batches.next()).value).toMatchObject([{ text: '', fault: expect.stringContaining('longer') }]);
    expect((await batches.next()).done).toBe(true);
  });

  test('an error of the source comes through', async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a\n');
      throw new Error('the disk is gone');
    }
    const batches = readLines(source(), { maxLineBytes: 100 });
    await batches.next();
    await expect(batches.next()).rejects.toThrow('the disk is gone');
  });
});

describe('the same bytes give the same lines, wherever they are cut', () => {
  test.each([
    ['plain lines', Buffer.from('one\ntwo\nthree')],
    ['\\r\\n, lone \\r and empty lines', Buffer.from('a\r\n\r\nb\rc\r\r\n\n')],
    ['a byte order mark', Buffer.from('\ufeffa\n\ufeffb')],
    ['characters of several bytes', Buffer.from('grün\u2028\n日本😀\n')],
    ['invalid UTF-8', Buffer.from('a\n\xc3\n\xe2\x82\nb\xff', 'latin1')],
    ['UTF-16', Buffer.from('\ufeffab\ncd\n', 'utf16le')],
    [
      'too long lines',
      Buffer.from(`${'a'.repeat(12)}\nb\n${'c'.repeat(13)}\r\n${'d'.repeat(30)}\n\n${'e'.repeat(14)}`),
    ],
    ['lines just short enough', Buffer.from(`${'a'.repeat(12)}\n${'b'.repeat(11)}\r\n${'c'.repeat(12)}`)],
  ])('%s', async (_name, bytes) => {
    const whole = await linesOf([bytes], 12);
    for (let place = 0; place <= bytes.length; place += 1) {
      expect(await linesOf(cut(bytes, [place]), 12), `cut at ${place}`).toEqual(whole);
    }
    const single = [...bytes].map((byte) => Uint8Array.of(byte));
    expect(await linesOf(single, 12), 'byte by byte').toEqual(whole);
  });

  test('any bytes, any cuts, as a plain reading has it', async () => {
    const piece = fc.constantFrom('\n', '\n', '\r', '\r\n', 'a', 'bcd', '\xff', '\xc3', '\xbc', '\0', '\xef\xbb\xbf');
    const bytes = fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1'));
    await fc.assert(
      fc.asyncProperty(
        bytes,
        fc.array(fc.nat(40), { maxLength: 5 }),
        fc.integer({ min: 1, max: 8 }),
        async (given, places, max) => {
          const lines = await linesOf(
            cut(
              given,
              places.map((place) => Math.min(place, given.length)),
            ),
            max,
          );
          expect(lines).toEqual(plainly(given, max));
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** What the lines are, without any cleverness. */
function plainly(bytes: Buffer, maxLineBytes: number): Line[] {
  const raw = bytes.toString('latin1').split('\n');
  if (raw.at(-1) === '') raw.pop();
  return raw.map((line, at) => {
    const number = at + 1;
    const text = Buffer.from(line, 'latin1');
    if (text.length > maxLineBytes) {
      return { number, text: '', fault: `the line is longer than ${maxLineBytes} bytes (--max-line)` };
    }
    let decoded = text.toString('utf8');
    const isBad = !Buffer.from(decoded).equals(text);
    if (at === 0) decoded = decoded.replace(/^\ufeff/, '');
    const hint = line.includes('\0') ? ' (UTF-16? convert it with iconv first)' : '';
    return { number, text: decoded.replace(/\r$/, ''), fault: isBad ? `the line is not UTF-8${hint}` : null };
  });
}
