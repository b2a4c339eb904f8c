/** So many requests in so long a window. */
export type Rate = { readonly count: number; readonly windowMs: number };

export type Window = {
  /** 0 counts the request and lets it in; else the milliseconds until there is room. */
  readonly enter: (nowMs: number) => number;
  /** How many more may come now, and when all of them may again. */
  readonly left: (nowMs: number) => { remaining: number; resetMs: number };
};

/**
 * A sliding window: lets a request in when fewer than `count` were let in during the last `windowMs`. Exact at every
 * instant, since the time of each one let in is kept; refused requests do not count, so a client that hammers is not
 * kept out for ever.
 */
export function slidingWindow({ count, windowMs }: Rate): Window {
  let letIn: number[] = [];
  let first = 0;
  const staysMs = (at: number | undefined, nowMs: number): number => (at ?? 0) + windowMs - nowMs;

  function forget(nowMs: number): void {
    while (first < letIn.length && staysMs(letIn[first], nowMs) <= 0) first += 1;
    if (first > 1024 && first * 2 > letIn.length) {
      letIn = letIn.slice(first);
      first = 0;
    }
  }

  return {
    enter: (nowMs) => {
      forget(nowMs);
      if (letIn.length - first >= count) return staysMs(letIn[first], nowMs);
      letIn.push(nowMs);
      return 0;
    },
    left: (nowMs) => {
      forget(nowMs);
      const inside = letIn.length - first;
      return { remaining: count - inside, resetMs: inside === 0 ? 0 : staysMs(letIn.at(-1), nowMs) };
    },
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
