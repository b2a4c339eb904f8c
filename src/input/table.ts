import { Failure } from '../record/failure.ts';
import { RowParser, type TableOptions, type TableRow } from './table-rows.ts';

/** A CSV or TSV file whose header has been read. */
export type Table = {
  readonly columns: readonly string[];
  /** The rows of each chunk of bytes together. */
  readonly rows: AsyncIterable<readonly TableRow[]>;
};

/**
 * Reads a table as RFC 4180 has it: a header, quotes, line ends inside of them; also `\n` alone, a byte order mark, and
 * empty lines, which count for nothing. Resolves when the header is read. Throws a Failure `input` when it is none: two
 * columns of one name, or none with one. A file without anything in it has no columns and no rows.
 */
export async function openTable(chunks: AsyncIterable<Uint8Array>, options: TableOptions): Promise<Table> {
  const { Parser } = await import('csv-parse');
  const batches = rowsOf(chunks, new RowParser(Parser, options));
  let first: TableRow[] = [];
  while (first.length === 0) {
    const next = await batches.next();
    if (next.done) return { columns: [], rows: batches };
    first = next.value.filter((row) => !isBlank(row));
  }
  const [header, ...others] = first;
  const columns = header ? columnsOf(header) : [];
  async function* rows(): AsyncGenerator<TableRow[]> {
    yield checked(others, columns);
    for await (const batch of batches) yield checked(batch, columns);
  }
  return { columns, rows: rows() };
}

/** Batches with something in them. */
async function* rowsOf(chunks: AsyncIterable<Uint8Array>, parser: RowParser): AsyncGenerator<TableRow[]> {
  for await (const chunk of chunks) {
    const rows = parser.push(chunk);
    if (rows.length > 0) yield rows;
  }
  const last = await parser.end();
  if (last.length > 0) yield last;
}

function columnsOf({ fields, text, fault }: TableRow): string[] {
  if (text.includes('\0')) {
    throw new Failure('input', 'the header is not UTF-8 (UTF-16? convert it with iconv first)');
  }
  if (fault !== null) throw new Failure('input', `the header cannot be read: ${fault}`);
  const columns = fields.map((name) => name.trim());
  // The whole file would be a header, and the run a success that did nothing.
  if (!text.includes('"') && /\r(?!\n|$)/.test(text)) {
    throw new Failure('input', 'the lines end with CR alone, as on old Macs (convert them: tr "\\r" "\\n")');
  }
  // Exports often have a nameless one: an index in front, a comma behind. Nobody can ask for it.
  if (columns.every((name) => name === '')) throw new Failure('input', 'no column of the header has a name');
  const seen = new Set<string>();
  for (const name of columns) {
    if (seen.has(name)) throw new Failure('input', `two columns of the header are called \`${name.slice(0, 100)}\``);
    if (name !== '') seen.add(name);
  }
  return columns;
}

/** The rows, but for blank lines; those that do not fit the header have a fault. */
function checked(rows: readonly TableRow[], { length }: readonly string[]): TableRow[] {
  const fitting: TableRow[] = [];
  for (const row of rows) {
    const fits = row.fault !== null || row.fields.length === length;
    if (fits && (length > 1 || !isBlank(row))) fitting.push(row);
    else if (!fits && !isBlank(row)) {
      fitting.push({ ...row, fault: `the row has ${row.fields.length} fields, the header ${length}` });
    }
  }
  return fitting;
}

function isBlank({ text, fault }: TableRow): boolean {
  return fault === null && text.trim() === '';
}
