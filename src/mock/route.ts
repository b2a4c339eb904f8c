import type { Answer } from './answer.ts';
import { type Call, WrongCall } from './call.ts';

/** One route. To add one, add it to a list such as those in plain-routes.ts. */
export type Route = {
  readonly path: string;
  /**
   * What follows the path, for people: `N`, `N[/KEY]`, or a query such as `?bytes=10`. Unless it is a query, the route
   * answers for everything below its path; without it the path stands alone.
   */
  readonly takes?: string;
  readonly about: string;
  /** `rest` is what followed the path, decoded; never empty where the route takes something. */
  readonly answer: (call: Call, rest: string) => Answer | Promise<Answer>;
};

/** How values in a URL are read, given by the command line so that both take the same forms. Each throws what it expected. */
export type Values = {
  readonly duration: (text: string) => number;
  readonly size: (text: string) => number;
  readonly count: (text: string, range: { min?: number; max?: number }) => number;
};

/** The same within the limits of a mock; what cannot be read is a WrongCall. */
export type Readers = {
  readonly durationMs: (text: string) => number;
  readonly bytes: (text: string) => number;
  readonly count: (text: string, min: number, max: number) => number;
};

export function readersOf(values: Values): Readers {
  return {
    durationMs: (text) => atMost(3_600_000, '1h', read(text, values.duration)),
    bytes: (text) => atMost(10 * 1024 ** 3, '10GiB', read(text, values.size)),
    count: (text, min, max) => read(text, () => values.count(text, { min, max })),
  };
}

function read(text: string, parse: (text: string) => number): number {
  try {
    return parse(text);
  } catch (error) {
    throw new WrongCall((error as Error).message);
  }
}

function atMost(max: number, maxText: string, value: number): number {
  if (value > max) throw new WrongCall(`expected at most ${maxText}`);
  return value;
}
