import type { Connector, Unfinished } from './connector.ts';

type SystemError = Error & { code?: string; errors?: SystemError[] };

/** What this machine has run out of: file descriptors, or ports to call from. No host is to blame. */
const shortages: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS']);

const firstWaitMs = 20;
const longestWaitMs = 1000;

export type ShortageOptions = {
  /** After so long the failure is told, in milliseconds. */
  patienceMs: number;
  /** Told at each shortage: what can be let go of may help. */
  makeRoom: () => void;
  unfinished: Unfinished;
};

/** A connection that this machine has no descriptor or port for is made as soon as there is one. */
export function waitOutShortages(connect: Connector, { patienceMs, makeRoom, unfinished }: ShortageOptions): Connector {
  return (options, callback) => {
    const startedMs = performance.now();
    let waitMs = firstWaitMs;
    const attempt = (): void => {
      connect(options, (...settled) => {
        const [error] = settled;
        const isOver = performance.now() - startedMs + waitMs > patienceMs;
        if (!error || isOver || !isShortage(error)) return callback(...settled);
        makeRoom();
        const timer = setTimeout(() => {
          unfinished.delete(waiting);
          attempt();
        }, waitMs);
        const waiting = {
          destroy() {
            clearTimeout(timer);
            callback(error, null);
          },
        };
        unfinished.add(waiting);
        waitMs = Math.min(waitMs * 2, longestWaitMs);
      });
    };
    attempt();
  };
}

/** Of several addresses tried, the last one tells. */
function isShortage(error: SystemError): boolean {
  const last = error.errors?.at(-1);
  return last ? isShortage(last) : shortages.has(error.code ?? '');
}
