import { onAbort } from './child-signal.ts';

/** See `singleFlight`. */
export type SingleFlight<Value, Key> = (
  key: Key,
  call: (signal: AbortSignal) => Promise<Value>,
  options?: { signal?: AbortSignal | undefined },
) => Promise<Value>;

type Flight<Value> = {
  readonly landed: Promise<Value>;
  readonly controller: AbortController;
  callers: number;
};

/**
 * Makes one call where several are wanted at the same time: who asks for a key that is in flight gets that flight's value
 * or error (Go's `golang.org/x/sync/singleflight`). Nothing is kept: once it has ended, the next one who asks calls again.
 *
 * A caller whose `signal` aborts leaves, at once, with the signal's reason; the others are not disturbed. When the last
 * one leaves, the call's own signal aborts, and that caller's promise waits until the call has ended.
 *
 *     const userOf = singleFlight<User>();
 *     const user = await userOf(id, (signal) => fetchUser(id, { signal }), { signal: mine });
 */
export function singleFlight<Value, Key = string>(): SingleFlight<Value, Key> {
  const flights = new Map<Key, Flight<Value>>();

  const start = (key: Key, call: (signal: AbortSignal) => Promise<Value>): Flight<Value> => {
    const controller = new AbortController();
    const forget = () => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    const landed = (async () => call(controller.signal))().finally(forget);
    const flight: Flight<Value> = { landed, controller, callers: 0 };
    // One that is being cancelled takes nobody aboard any more.
    controller.signal.addEventListener('abort', forget, { once: true });
    flights.set(key, flight);
    return flight;
  };

  return async (key, call, { signal } = {}) => {
    signal?.throwIfAborted();
    return board(flights.get(key) ?? start(key, call), signal);
  };
}

function board<Value>(flight: Flight<Value>, signal: AbortSignal | undefined): Promise<Value> {
  flight.callers += 1;
  return new Promise((resolve, reject) => {
    let hasLeft = false;
    const ignore = onAbort(signal, () => {
      hasLeft = true;
      flight.callers -= 1;
      if (flight.callers === 0) flight.controller.abort(signal?.reason);
      else reject(signal?.reason as Error);
    });
    const land = (settle: () => void) => {
      ignore();
      if (hasLeft) reject(signal?.reason as Error);
      else settle();
    };
    flight.landed.then(
      (value) => land(() => resolve(value)),
      (error) => land(() => reject(error)),
    );
  });
}
