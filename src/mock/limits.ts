/** So many requests in so long a window. */
export type Rate = { readonly count: number; readonly windowMs: number };

/**
 * A sliding window: returns 0 and counts the request when fewer than `count` were let in during the last `windowMs`,
 * else the milliseconds until there is room. Exact at every instant, since the time of each one let in is kept;
 * refused requests do not count, so a client that hammers is not kept out for ever.
 */
export function slidingWindow({ count, windowMs }: Rate): (nowMs: number) => number {
  let letIn: number[] = [];
  let first = 0;
  return (nowMs) => {
    const staysMs = () => (letIn[first] ?? 0) + windowMs - nowMs;
    while (first < letIn.length && staysMs() <= 0) first += 1;
    if (first > 1024 && first * 2 > letIn.length) {
      letIn = letIn.slice(first);
      first = 0;
    }
    if (letIn.length - first >= count) return staysMs();
    letIn.push(nowMs);
    return 0;
  };
}

export type Slots = {
  /** False when all are taken. */
  readonly take: () => boolean;
  readonly free: () => void;
};

/** At most `count` at once; nobody waits here. */
export function slots(count: number): Slots {
  let taken = 0;
  return {
    take: () => {
      if (taken >= count) return false;
      taken += 1;
      return true;
    },
    free: () => {
      taken -= 1;
    },
  };
}
