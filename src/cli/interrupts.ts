import { Failure } from '../record/failure.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type InterruptSignal = (typeof signals)[number];

export type Interrupts = {
  /** Aborted by the first signal: nothing new starts. */
  readonly drain: AbortSignal;
  /** Aborted by the second, or when the grace of the first is over. */
  readonly abort: AbortSignal;
  /** The first signal that came, or null. */
  readonly received: () => InterruptSignal | null;
  /** Takes the handlers away: a signal is then deadly again. */
  readonly release: () => void;
};

/**
 * Turns signals into the two steps of an ending. The first drains and starts the grace, the second aborts, the third
 * ends the process as if nobody had listened.
 */
export function listenForInterrupts({ graceMs }: { graceMs: number }): Interrupts {
  const drain = new AbortController();
  const abort = new AbortController();
  let received: InterruptSignal | null = null;
  let grace: NodeJS.Timeout | undefined;
  let count = 0;

  const onSignal = (signal: InterruptSignal) => {
    count += 1;
    if (count === 1) {
      received = signal;
      drain.abort(new Failure('cancelled', `interrupted (${signal})`, { retryable: true }));
      const over = new Failure('cancelled', `interrupted (${signal}), and not finished within --grace`, {
        retryable: true,
      });
      grace = setTimeout(() => abort.abort(over), graceMs);
    } else if (count === 2) {
      abort.abort(new Failure('cancelled', `interrupted twice (${signal})`, { retryable: true }));
    } else {
      dieBy(signal);
    }
  };
  const release = () => {
    clearTimeout(grace);
    for (const signal of signals) process.off(signal, onSignal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return { drain: drain.signal, abort: abort.signal, received: () => received, release };
}

/** Ends the process by the signal itself, so that a shell loop stops and `$?` is 128 + its number. */
export function dieBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
