import type { Asked } from './asked.ts';
import type { Call } from './call.ts';
import type { Spoken } from './spoken.ts';

/** How one API is spoken. To add one, add it to the list in model-routes.ts. */
export type Voice = {
  readonly path: string;
  /** As in Route: what follows the path. */
  readonly takes?: string;
  readonly about: string;
  readonly read: (call: Call, rest: string) => Promise<Asked>;
  /** The answer as one JSON document. */
  readonly whole: (asked: Asked, spoken: Spoken) => unknown;
  readonly stream: (asked: Asked, spoken: Spoken) => Speech;
  readonly error: (trouble: Trouble) => unknown;
  /** The same inside a stream. */
  readonly broken: (trouble: Trouble) => string;
};

/** What of it says something. */
export type Speaker = Pick<Voice, 'whole' | 'stream' | 'error' | 'broken'>;

/** A stream in pieces, as they are sent. */
export type Speech = {
  readonly contentType: string;
  readonly before: readonly string[];
  /** One for each token. */
  readonly tokens: readonly string[];
  readonly after: readonly string[];
};

/** What goes wrong, in each API's own words. */
export type Trouble = {
  readonly kind: 'rate' | 'quota' | 'overloaded' | 'server';
  readonly status: number;
  readonly message: string;
};

export const eventStream = 'text/event-stream';

/** A server-sent event; `name` is for APIs that name theirs. */
export function event(data: unknown, name?: string): string {
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
}
