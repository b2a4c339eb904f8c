/**
 * Calls `listener` once when the signal aborts, at once if it has. Returns what stops listening: call it on every path,
 * since a signal may live longer than all who listen.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (!signal) return () => {};
  if (signal.aborted) {
    listener();
    return () => {};
  }
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/**
 * A promise that `begin` resolves, or that rejects with the signal's reason if that aborts first; `begin` returns what
 * is to be undone then. No listener stays.
 */
export function abortable<Value>(
  signal: AbortSignal | undefined,
  begin: (resolve: (value: Value) => void) => () => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    let isSettled = false;
    let ignore = () => {};
    const undo = begin((value) => {
      isSettled = true;
      ignore();
      resolve(value);
    });
    if (isSettled) return;
    ignore = onAbort(signal, () => {
      undo();
      reject(signal?.reason as Error);
    });
  });
}

/** A signal of one's own that also aborts when its parent does. */
export type ChildSignal = {
  readonly signal: AbortSignal;
  /** Aborts the child alone. The parent does not notice. */
  abort(reason?: unknown): void;
  /** Lets go of the parent: its listener is removed, and its abort does not reach the child any more. */
  release(): void;
};

/**
 * Makes a child of a signal, with the parent's reason when that aborts (Go's `context.WithCancel`). Call `release` in
 * `finally`: a parent that lives long would else gather a listener for each child.
 *
 *     const child = childSignal(parent);
 *     try {
 *       await fetch(url, { signal: child.signal });
 *     } finally {
 *       child.release();
 *     }
 */
export function childSignal(parent?: AbortSignal): ChildSignal {
  const controller = new AbortController();
  const release = onAbort(parent, () => controller.abort(parent?.reason));
  return { signal: controller.signal, abort: (reason) => controller.abort(reason), release };
}
