import type { Left } from './limits.ts';

/** What is left of a limit, as OpenAI and those like it say it, or as Anthropic does. */
export function budgetHeaders(path: string, kind: 'requests' | 'tokens', left: Left): Record<string, string> {
  const isAnthropic = path.startsWith('/v1/messages');
  const name = (figure: string): string =>
    isAnthropic ? `anthropic-ratelimit-${kind}-${figure}` : `x-ratelimit-${figure}-${kind}`;
  const resetMs = Math.ceil(left.resetMs);
  return {
    [name('limit')]: `${left.limit}`,
    [name('remaining')]: `${left.remaining}`,
    [name('reset')]: isAnthropic ? new Date(Date.now() + resetMs).toISOString() : `${resetMs}ms`,
  };
}

/** Whole seconds, at least one. */
export function retryAfter(roomInMs: number): string {
  return `${Math.max(1, Math.ceil(roomInMs / 1000))}`;
}
