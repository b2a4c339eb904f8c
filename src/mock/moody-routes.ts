import { failed, json } from './answer.ts';
import type { Readers, Route } from './route.ts';

/** Routes that fail first and then answer. What they count with is `KEY`, or else the path; it lasts as long as the table. */
export function moodyRoutes({ count }: Readers): readonly Route[] {
  const flaky = turns();
  const retryAfter = turns();
  return [
    {
      path: '/flaky',
      takes: 'N[/KEY]',
      about: '500 to the first N requests, then 200',
      answer: ({ path }, rest) => {
        const [text, key = path] = halves(rest);
        const failures = count(text, 0, 1_000_000);
        const turn = flaky(key);
        if (turn > failures) return json(200, { request: turn });
        return failed(500, 'flaky', `request ${turn} of the ${failures} that fail`);
      },
    },
    {
      path: '/retry-after',
      takes: 'SECONDS[/KEY]',
      about: '429 to the first request, then 200',
      answer: ({ path }, rest) => {
        const [text, key = path] = halves(rest);
        const seconds = count(text, 0, 1_000_000);
        const turn = retryAfter(key);
        if (turn > 1) return json(200, { request: turn });
        return failed(429, 'rate_limited', `come back in ${seconds} s`, { 'retry-after': `${seconds}` });
      },
    },
  ];
}

/** Returns 1 for a key's first turn, 2 for its second. */
function turns(): (key: string) => number {
  const taken = new Map<string, number>();
  return (key) => {
    const turn = (taken.get(key) ?? 0) + 1;
    taken.set(key, turn);
    return turn;
  };
}

/** `a/b/c` -> `a` and `b/c`. */
function halves(rest: string): [string, string?] {
  const slash = rest.indexOf('/');
  return slash === -1 ? [rest] : [rest.slice(0, slash), rest.slice(slash + 1)];
}
