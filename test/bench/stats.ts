/** What a server sees of its callers: how many at once, and how many starts in the densest windows. */
export type StatsReport = {
  readonly requests: number;
  readonly active: number;
  readonly max_active: number;
  /** From the first start to the last start. */
  readonly starts_ms: number;
  /** From the first start to the last answer. */
  readonly span_ms: number;
  /** The most starts in any window of that length. */
  readonly densest_1000ms: number;
  readonly densest_100ms: number;
};

/** Counts requests from `began()` to `ended()`. `report()` may be asked at any time. */
export function createStats(now = () => performance.now()) {
  let startedAt: number[] = [];
  let active = 0;
  let maxActive = 0;
  let endedAt = 0;

  return {
    began() {
      startedAt.push(now());
      active += 1;
      if (active > maxActive) maxActive = active;
    },
    ended() {
      active -= 1;
      endedAt = now();
    },
    reset() {
      startedAt = [];
      maxActive = active;
      endedAt = 0;
    },
    report(): StatsReport {
      const [first = 0] = startedAt;
      const last = startedAt.at(-1) ?? 0;
      return {
        requests: startedAt.length,
        active,
        max_active: maxActive,
        starts_ms: last - first,
        span_ms: endedAt - first,
        densest_1000ms: densest(startedAt, 1000),
        densest_100ms: densest(startedAt, 100),
      };
    },
  };
}

/** The most of the (ascending) times that any half-open window of that length holds. */
export function densest(times: readonly number[], windowMs: number): number {
  let most = 0;
  let from = 0;
  for (const [to, time] of times.entries()) {
    while (time - (times[from] ?? time) >= windowMs) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}
