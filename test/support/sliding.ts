/** The most events in any window of that length: what a server that counts sees at worst. `times` need not be sorted. */
export function slidingMax(times: readonly number[], windowMs: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [last, time] of sorted.entries()) {
    while (time - (sorted[first] ?? time) >= windowMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** Events per second between the first and the last one. */
export function achievedRate(times: readonly number[]): number {
  const spanMs = Math.max(...times) - Math.min(...times);
  return ((times.length - 1) / spanMs) * 1000;
}
