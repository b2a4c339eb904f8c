/** Lines of input, each ended. */
export function lines(...texts: string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

/** The same line so many times. */
export function times(count: number, text: string): string {
  return `${text}\n`.repeat(count);
}

/** Records, one JSON object a line. */
export function ndjson(...records: unknown[]): string {
  return lines(...records.map((record) => JSON.stringify(record)));
}
