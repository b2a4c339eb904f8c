/** The word that was most likely meant, or null when none is near: at most two letters wrong, or a third of them. */
export function nearest(word: string, known: readonly string[]): string | null {
  const allowed = Math.min(2, Math.floor(word.length / 3));
  const ranked = known
    .map((one) => ({ one, distance: editDistance(word, one) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= allowed ? best.one : null;
}

/** Letters to insert, delete or replace to make one word of another (Levenshtein, 1966). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [at, letter] of from.split('').entries()) {
    const next = [at + 1];
    for (const [column, other] of to.split('').entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
