/** Whether the quotes of a row stand where RFC 4180 has them: around whole fields, and doubled inside. */
export function hasStrictQuotes(row: string, delimiter: string): boolean {
  for (let at = 0; ; at += 1) {
    at = row[at] === '"' ? behindQuoted(row, at) : behindBare(row, at, delimiter);
    if (at === row.length) return true;
    if (row[at] !== delimiter) return false;
  }
}

/** Behind the field that begins with this quote, or -1 where nothing closes it. */
function behindQuoted(row: string, start: number): number {
  let at = row.indexOf('"', start + 1);
  while (at !== -1 && row[at + 1] === '"') at = row.indexOf('"', at + 2);
  return at === -1 ? -1 : at + 1;
}

/** Behind a field without quotes, or where its first quote stands. */
function behindBare(row: string, start: number, delimiter: string): number {
  const end = row.indexOf(delimiter, start);
  const quote = row.indexOf('"', start);
  const length = end === -1 ? row.length : end;
  return quote === -1 || quote > length ? length : quote;
}
