import type { FlowEvent } from '../flow/attempt.ts';
import type { Mask } from '../record/secrets.ts';

export type TellOptions<Payload, State> = {
  /** What is called, in a few words; `state` is that of a hop. */
  describe: (payload: Payload, state: State | null) => string;
  mask: Mask | null;
  /** What came of an attempt; null where nothing did, and for other events. */
  status: number | null;
};

/** What `-v` says of an event: one line that begins with the line's index, `#12`. */
export function tellEvent<Payload, State>(
  event: FlowEvent<Payload, State>,
  options: TellOptions<Payload, State>,
): string {
  const line = `#${event.job.index} ${sentence(event, options)}`;
  return options.mask ? options.mask(line) : line;
}

function sentence<Payload, State>(
  event: FlowEvent<Payload, State>,
  { describe, status }: TellOptions<Payload, State>,
): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;
  switch (event.kind) {
    case 'attempt': {
      const { attempt, durationMs, failure } = event.entry;
      const outcome = `${status === null ? '' : `${status} `}${failure ? `${failure.code}: ${failure.message}` : 'ok'}`;
      return `attempt ${attempt} ${describe(event.job.payload, event.state)}: ${outcome} (${seconds(durationMs)})`;
    }
    case 'hop':
      return `redirected to ${describe(event.job.payload, event.state)}`;
    case 'retry':
      return `again in ${seconds(event.delayMs)}, after ${event.failure.code}`;
    case 'hold':
      return `${event.lane} is held for ${seconds(event.ms)}, after ${event.failure.message}`;
    case 'close':
      if (event.ms === Number.POSITIVE_INFINITY) return `${event.lane} is closed, after ${event.failure.message}`;
      return `${event.lane} is closed for ${seconds(event.ms)}, after ${event.failure.message}`;
  }
}
