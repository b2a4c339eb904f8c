/** So many starts in every window of so many milliseconds. */
export type Rate = { readonly count: number; readonly windowMs: number };

export const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
/** The longest time a Node.js timer can wait, in milliseconds (24.8 days). */
export const longestTimerMs = 2 ** 31 - 1;

const pattern = /^(\d+(?:\.\d+)?)(?:\/(\d+(?:\.\d+)?)?(ms|s|m|h|sec|min|hour))?$/;

/** `50` and `50/s` are fifty a second, `600/m` a minute, `5/15s` five in fifteen seconds, `0.5/s` one in two seconds. Null is none. */
export function readRate(text: string): Rate | null {
  const [, countText, spanText, unitText] = pattern.exec(text.trim()) ?? [];
  const unit = durationUnits[(unitText ?? 's').replace(/^(.)(?:ec|in|our)$/, '$1') as keyof typeof durationUnits];
  return checkRate({ count: Number(countText), windowMs: Number(spanText ?? 1) * unit });
}

/** The same rate with a whole count, or null when it is none that can be kept. */
export function checkRate({ count, windowMs }: Rate): Rate | null {
  if (
    !(count > 0) ||
    !(windowMs > 0) ||
    Math.max(windowMs, windowMs / count) > longestTimerMs ||
    count / windowMs > 1000
  )
    return null;
  return Number.isInteger(count) ? { count, windowMs } : { count: 1, windowMs: windowMs / count };
}
