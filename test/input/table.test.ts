import { describe, expect, test } from 'vitest';
import { openTable } from '../../src/input/table.ts';
import type { TableOptions, TableRow } from '../../src/input/table-rows.ts';

type Given = Partial<TableOptions> & { cut?: number };

/** The rows of a table, given whole or in chunks of so many bytes. */
async function read(text: string | Uint8Array, { cut, ...options }: Given = {}) {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  async function* chunks() {
    const size = cut ?? (bytes.length || 1);
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const { columns, rows } = await openTable(chunks(), { delimiter: ',', maxLineBytes: 1000, ...options });
  const all: TableRow[] = [];
  for await (const batch of rows) all.push(...batch);
  return { columns, rows: all };
}

const fieldsOf = async (text: string | Uint8Array, given: Given = {}) =>
  (await read(text, given)).rows.map(({ fields, fault }) => fault ?? fields);

describe('a table', () => {
  test.each<[what: string, text: string, rows: unknown[]]>([
    [
      'plain rows',
      'a,b\n1,2\n3,4\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['no end after the last', 'a,b\n1,2', [['1', '2']]],
    [
      'CRLF',
      'a,b\r\n1,2\r\n3,4\r\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    [
      'both ends of line',
      'a,b\r\n1,2\n3,4\r\n5,6',
      [
        ['1', '2'],
        ['3', '4'],
        ['5', '6'],
      ],
    ],
    ['a byte order mark', '\ufeffa,b\n1,2\n', [['1', '2']]],
    ['a byte order mark before a quote', '\ufeff"a",b\n1,2\n', [['1', '2']]],
    ['commas in quotes', 'a,b\n"1,1","2,"\n', [['1,1', '2,']]],
    ['doubled quotes', 'a,b\n"say ""hi""","""x"""\n', [['say "hi"', '"x"']]],
    ['line ends in quotes', 'a,b\n"1\n1","2\r\n2"\r\n', [['1\n1', '2\r\n2']]],
    ['only a line end in quotes', 'a,b\n"\n",x\n', [['\n', 'x']]],
    [
      'empty fields',
      'a,b\n,\n"",""\n',
      [
        ['', ''],
        ['', ''],
      ],
    ],
    [
      'blank lines',
      'a,b\n\n1,2\n\r\n   \n3,4\n\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['spaces, which are data', 'a,b\n 1 , 2 \n', [[' 1 ', ' 2 ']]],
    ['anything but ASCII', 'å,b\nжук,🙂\n', [['жук', '🙂']]],
    ['one column', 'a\n1\n\n  \n"",\n""\n2\n', [['1'], 'the row has 2 fields, the header 1', [''], ['2']]],
    ['JSON in a field', 'a,b\n1,"{""x"": [1, 2]}"\n', [['1', '{"x": [1, 2]}']]],
    ['numbers as they are written', 'a,b\n007,12345678901234567890.10\n', [['007', '12345678901234567890.10']]],
    ['separators of lines that are none here', 'a,b\nx\u2028y,z\u0085\n', [['x\u2028y', 'z\u0085']]],
  ])('has %s', async (_what, text, rows) => {
    expect(await fieldsOf(text)).toEqual(rows);
    for (let cut = 1; cut <= 7; cut += 1) expect(await fieldsOf(text, { cut })).toEqual(rows);
  });

  test('gives a row as soon as it has come, and does not wait for the next', async () => {
    async function* chunks() {
      for (const text of ['id,n\r\n', '1,"a\n', 'b"\r\n', '2,bb\n', '3,""\n', '4,dddd\n']) yield Buffer.from(text);
    }
    const { rows } = await openTable(chunks(), { delimiter: ',', maxLineBytes: 12 });
    const batches: string[][] = [];
    for await (const batch of rows)
      batches.push(batch.map(({ number, fault, fields }) => `${number} ${fault ?? fields.join()}`));
    expect(batches.filter(({ length }) => length > 0)).toEqual([['2 1,a\nb'], ['4 2,bb'], ['5 3,', '6 4,dddd']]);
  });

  test('tabs separate a TSV file', async () => {
    expect(await fieldsOf('a\tb\n1,1\t"2\t2"\n', { delimiter: '\t' })).toEqual([['1,1', '2\t2']]);
  });

  test('columns are named by the header, without the space around them', async () => {
    expect((await read('\ufeff id ,first name ,__proto__\n')).columns).toEqual(['id', 'first name', '__proto__']);
    expect((await read('"a ""b""","c\nd"\n1,2\n')).columns).toEqual(['a "b"', 'c\nd']);
  });

  test('nothing at all is no table, and no fault', async () => {
    for (const text of ['', '\n\n', '\ufeff']) expect(await read(text)).toEqual({ columns: [], rows: [] });
    expect(await fieldsOf('a,b\n')).toEqual([]);
  });

  test.each([
    ['twice the same name', 'id,x,id\n', 'two columns of the header are called `id`'],
    ['the same but for space', 'id,x, id \n', 'two columns of the header are called `id`'],
    ['no name at all', ',\n1,2\n', 'no column of the header has a name'],
    ['an open quote', '"id,x\n1,2\n', 'the header cannot be read: a quote that opens here is never closed'],
    ['lines of old Macs', 'id,x\r1,2\r', 'the lines end with CR alone, as on old Macs (convert them: tr "\\r" "\\n")'],
    [
      'UTF-16, big end first',
      Buffer.from('\ufeffid,x\n1,2\n', 'utf16le').swap16(),
      'the header is not UTF-8 (UTF-16? convert it with iconv first)',
    ],
    ['UTF-16', Buffer.from('id,x\n1,2\n', 'utf16le'), 'the header is not UTF-8 (UTF-16? convert it with iconv first)'],
  ])('a header with %s is refused', async (_what, text, message) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'input', message });
  });
});

describe('a row that is none', () => {
  test('fails by itself, and names its line', async () => {
    const { rows } = await read('a,b\n1,2\n3\n"x\ny",4\n5,6,7\n8,9\n');
    expect(rows.map(({ number, fault }) => [number, fault])).toEqual([
      [2, null],
      [3, 'the row has 1 fields, the header 2'],
      [4, null],
      [6, 'the row has 3 fields, the header 2'],
      [7, null],
    ]);
  });

  test('lines are counted right behind blank ones, and behind CRLF in quotes', async () => {
    for (const cut of [1, 2, 3, 1000]) {
      const { rows } = await read('a,b\r\n\r\n"1\r\n\r\n1",2\r\n\r\n\r\n3,4\r\n', { cut });
      expect(rows.map(({ number }) => number)).toEqual([3, 8]);
    }
  });

  test.each(['5" pipe,x', '"a"b,x', '"a" ,x', 'x,a"b"'])(
    'with a quote out of place does not take others along: %s',
    async (text) => {
      const rows = await fieldsOf(`a,b\n1,2\n${text}\n3,4\n`);
      expect(rows).toEqual([['1', '2'], expect.stringMatching(/^a quote stands where none may be/), ['3', '4']]);
    },
  );

  test('with a quote that is never closed is one fault, at the line where it opens', async () => {
    const { rows } = await read('a,b\n1,2\n3,"4\n5,6\n7,8\n');
    expect(rows.map(({ number, fault }) => [number, fault])).toEqual([
      [2, null],
      [3, 'a quote that opens here is never closed'],
    ]);
  });

  test('that is not UTF-8 is told from one that has the sign for it', async () => {
    const good = 'a,b\né\ufffd,2\n';
    for (const cut of [1, 2, 3, 1000]) expect(await fieldsOf(good, { cut })).toEqual([['é\ufffd', '2']]);
    for (const bad of ['\xff,2\n3,4\n', '\xc3,2\n3,4\n'].map((text) => Buffer.from(text, 'latin1'))) {
      for (const cut of [1, 2, 3]) {
        const rows = await fieldsOf(Buffer.concat([Buffer.from('a,b\n1,2\n'), bad]), { cut });
        expect(rows).toEqual([['1', '2'], 'the row is not UTF-8', ['3', '4']]);
      }
    }
    const cutShort = Buffer.from('a,b\n1,\xc3', 'latin1');
    expect(await fieldsOf(cutShort)).toEqual(['the row is not UTF-8']);
  });

  test('that is longer than allowed is passed over up to its end', async () => {
    const long = `"${'x'.repeat(5000)}\n${'y'.repeat(5000)}"`;
    for (const cut of [64, 4096, 1e6]) {
      const { rows } = await read(`a,b\n1,2\n${long},2\n3,4\n`, { cut, maxLineBytes: 100 });
      expect(rows.map(({ fields, fault }) => fault ?? fields)).toEqual([
        ['1', '2'],
        'the row is longer than 100 bytes (--max-line)',
        ['3', '4'],
      ]);
    }
  });

  test('may be exactly as long as allowed', async () => {
    expect(await fieldsOf(`a,b\r\n${'x'.repeat(98)},y\r\n${'x'.repeat(99)},y\r\n`, { maxLineBytes: 100 })).toEqual([
      ['x'.repeat(98), 'y'],
      'the row is longer than 100 bytes (--max-line)',
    ]);
  });
});
