/** A timer that can be cleared. */
export type Timer = ReturnType<typeof setTimeout>;

/** Where the engine gets its time from. Tests bring their own. */
export type Clock = {
  /** Milliseconds that only ever go forward: for durations and limits, not for dates. */
  now(): number;
  setTimeout(callback: () => void, ms: number): Timer;
  clearTimeout(timer: Timer | undefined): void;
};

/** The machine's monotonic clock. A jump of the wall clock or a stopped process makes no burst and no negative time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};
