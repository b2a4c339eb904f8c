import { describe, expect, test } from 'vitest';
import { readEntries } from '../../src/input/entries.ts';
import { type InputFormat, openSource } from '../../src/input/source.ts';

type Given = { ending?: string; format?: InputFormat; fields?: string[]; cut?: number };

/** The source that a text is opened as, and its entries. */
async function open(text: string, { ending = '', format = 'auto', fields = [], cut = 1000 }: Given = {}) {
  const bytes = Buffer.from(text);
  let asked = 0;
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += cut) {
      asked += 1;
      yield bytes.subarray(at, at + cut);
    }
  }
  const source = await openSource(chunks(), { name: 'in', ending, format, maxLineBytes: 1000, fields });
  const askedToOpen = asked;
  const entries = [];
  for await (const batch of readEntries({ words: [], sources: [source], maxLineBytes: 1000, hasComments: true })) {
    entries.push(...batch);
  }
  return { format: source.format, askedToOpen, entries };
}

const csv = 'id,name\n1,Ada\n';

describe('what a source holds', () => {
  test.each<[what: string, text: string, given: Given, format: string]>([
    ['by its ending', csv, { ending: '.csv' }, 'table'],
    ['by its ending, in any case', csv, { ending: '.CSV' }, 'table'],
    ['by its ending: tabs', 'id\tname\n1\tAda\n', { ending: '.tsv' }, 'table'],
    ['by its ending: records', '{"id":1}\n', { ending: '.jsonl' }, 'ndjson'],
    ['by the user, whatever the ending', csv, { ending: '.csv', format: 'lines' }, 'lines'],
    ['by the user', csv, { format: 'csv' }, 'table'],
    ['by its first line: a header with a field that is asked for', csv, { fields: ['name'] }, 'table'],
    ['by its first line: tabs', 'id\tname\n', { fields: ['name'] }, 'table'],
    ['by its first line: one column', 'id\n1\n', { fields: ['id'] }, 'table'],
    ['by its first line behind blank ones and a byte order mark', `\ufeff\n \n${csv}`, { fields: ['id'] }, 'table'],
    ['by its first line: names in quotes', '"id","name"\n1,Ada\n', { fields: ['name'] }, 'table'],
    ['not by a comma alone', csv, { fields: ['city'] }, 'auto'],
    ['not where no field is asked for', csv, {}, 'auto'],
    ['not by a record that looks so', '{"id":1},id\n', { fields: ['id'] }, 'auto'],
  ])('is known %s', async (_what, text, given, format) => {
    for (const cut of [1, 1000]) expect((await open(text, { ...given, cut })).format).toBe(format);
  });

  test('looking at the first line loses nothing', async () => {
    for (const cut of [1, 3, 1000]) {
      const { entries } = await open('\n\nfirst\nsecond', { fields: ['id'], cut });
      expect(entries.map(({ text }) => text)).toEqual(['first', 'second']);
    }
  });

  test('is read no further than the header to know it', async () => {
    const { askedToOpen } = await open('id,name\n1,a\n2,b\n3,c\n', { format: 'csv', cut: 4 });
    expect(askedToOpen).toBeLessThan(5);
  });
});

test('a table’s rows have their place, their text and all fields as plain data', async () => {
  const { entries } = await open('__proto__,constructor,10\n"a\nb",2,3\nx\n', { format: 'csv' });
  const [row, short] = entries;
  expect(row).toMatchObject({ index: 0, kind: 'table row', text: '"a\nb",2,3' });
  expect(Object.getPrototypeOf(row?.record)).toBe(Object.prototype);
  expect(new Map(Object.entries(row?.record ?? {}))).toEqual(
    new Map([
      ['10', '3'],
      ['__proto__', 'a\nb'],
      ['constructor', '2'],
    ]),
  );
  expect(short).toMatchObject({ index: 1, record: null, failure: { code: 'input' }, source: 'in', line: 4 });
});
