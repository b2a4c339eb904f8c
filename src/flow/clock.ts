/** A timer that can be cleared. */
export type Timer = ReturnType<typeof setTimeout>;

/** Where the engine gets its time from. Tests bring their own. */
export type Clock = {
  /** Milliseconds that only ever go forward: for durations and limits, not for dates. */
  now(): number;
  setTimeout(callback: () => void, ms: number): Timer;
  clearTimeout(timer: Timer | undefined): void;
  /** Calls back in `ms`, to a fraction of a millisecond; gives the function that calls it off. Costs up to 2 ms of CPU. */
  wakeIn(ms: number, callback: () => void): () => void;
};

/** A timer may fire so much early or late: it counts whole milliseconds of a clock that is read once a turn. */
const timerErrorMs = 2;

/** The machine's monotonic clock. A jump of the wall clock or a stopped process makes no burst and no negative time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer),
  wakeIn,
};

/** A timer for the most part of the wait, and turns of the event loop for the rest. */
function wakeIn(ms: number, callback: () => void): () => void {
  const dueMs = performance.now() + ms;
  let timer: Timer | undefined;
  let turn: NodeJS.Immediate | undefined;
  const look = () => {
    const leftMs = dueMs - performance.now();
    if (leftMs > timerErrorMs) timer = setTimeout(look, leftMs - timerErrorMs);
    else if (leftMs > 0) turn = setImmediate(look);
    else callback();
  };
  // Never before this function has returned.
  if (ms > timerErrorMs) look();
  else turn = setImmediate(look);
  return () => {
    clearTimeout(timer);
    clearImmediate(turn);
  };
}
