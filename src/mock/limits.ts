/** So many requests in so long a window. */
export type Rate = { readonly count: number; readonly windowMs: number };

export type Window = {
  /** 0 counts the request, at its weight, and lets it in; else the milliseconds until there is room. */
  readonly enter: (nowMs: number, weight?: number) => number;
  /** How much more may come now, and when all of it may again. */
  readonly left: (nowMs: number) => Left;
};

export type Left = { readonly limit: number; readonly remaining: number; readonly resetMs: number };

/**
 * A sliding window: lets a request in while no more than `count` came in during the last `windowMs`. Exact at every
 * instant, since the time of each one let in is kept; refused requests do not count, so a client that hammers is not
 * kept out for ever. One that weighs more than `count` never comes in.
 */
export function slidingWindow({ count, windowMs }: Rate): Window {
  let letIn: { readonly at: number; readonly weight: number }[] = [];
  let first = 0;
  let used = 0;
  const staysMs = (nth: number, nowMs: number): number => (letIn[nth]?.at ?? 0) + windowMs - nowMs;

  function forget(nowMs: number): void {
    for (; first < letIn.length && staysMs(first, nowMs) <= 0; first += 1) used -= letIn[first]?.weight ?? 0;
    if (first > 1024 && first * 2 > letIn.length) {
      letIn = letIn.slice(first);
      first = 0;
    }
  }

  /** When enough has left the window. */
  function roomInMs(nowMs: number, weight: number): number {
    let stays = used;
    for (let nth = first; nth < letIn.length; nth += 1) {
      stays -= letIn[nth]?.weight ?? 0;
      if (stays + weight <= count) return staysMs(nth, nowMs);
    }
    return windowMs;
  }

  return {
    enter: (nowMs, weight = 1) => {
      forget(nowMs);
      if (used + weight > count) return roomInMs(nowMs, weight);
      letIn.push({ at: nowMs, weight });
      used += weight;
      return 0;
    },
    left: (nowMs) => {
      forget(nowMs);
      const resetMs = first === letIn.length ? 0 : staysMs(letIn.length - 1, nowMs);
      return { limit: count, remaining: count - used, resetMs };
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
