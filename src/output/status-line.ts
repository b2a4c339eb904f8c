import { showCount, showDuration, showRate } from './quantity.ts';
import { plain } from './terminal.ts';

/** How a run stands. */
export type RunStatus = {
  /** Lines read. */
  readonly read: number;
  /** Rows settled, the failed and the cancelled ones included. */
  readonly done: number;
  /** Without the cancelled ones. */
  readonly failed: number;
  /** Attempts now in slots. */
  readonly inFlight: number;
  /** Lines there are in all; null while input is still being read. */
  readonly total: number | null;
  /** What keeps the run from going faster, in a few words ("rate limit", "api.example.com, 12s"), or null. */
  readonly heldBy: string | null;
  readonly elapsedMs: number;
};

/** The rate shown is that of the last so many milliseconds: steady enough to read, quick enough to tell a stall. */
const windowMs = 5000;

/**
 * Turns one status after another into one line of text:
 * `1,200/10,000 done, 12 failed, 48.3/s, 20 in flight, held by rate limit, 3m02s left`.
 * While input is still being read the total is what was read so far, with a `+`, and there is no time left to tell.
 */
export function createStatusLine(): (status: RunStatus) => string {
  let samples = [{ elapsedMs: 0, done: 0 }];

  /** Rows a second over the window, or since the start when that is shorter. */
  function recentRate({ elapsedMs, done }: RunStatus): number {
    const [oldest = { elapsedMs: 0, done: 0 }] = samples;
    // The newest sample from before the window stays: it is where the window begins.
    const begin = samples.findLastIndex((sample) => sample.elapsedMs <= elapsedMs - windowMs);
    if (begin > 0) samples = samples.slice(begin);
    samples.push({ elapsedMs, done });
    const from = samples[0] ?? oldest;
    return elapsedMs > from.elapsedMs ? ((done - from.done) / (elapsedMs - from.elapsedMs)) * 1000 : 0;
  }

  return (status) => {
    const perSecond = recentRate(status);
    const total = status.total === null ? `${showCount(status.read)}+` : showCount(status.total);
    const parts = [
      `${showCount(status.done)}/${total} done`,
      status.failed > 0 && `${showCount(status.failed)} failed`,
      showRate(perSecond),
      `${showCount(status.inFlight)} in flight`,
      status.heldBy !== null && `held by ${plain(status.heldBy)}`,
      status.total !== null &&
        perSecond > 0 &&
        status.done < status.total &&
        `${showDuration(((status.total - status.done) / perSecond) * 1000)} left`,
    ];
    return parts.filter((part) => part !== false).join(', ');
  };
}
