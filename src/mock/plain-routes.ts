import { validateHeaderValue } from 'node:http';
import { type Answer, json } from './answer.ts';
import { type Call, WrongCall } from './call.ts';
import type { Readers, Route } from './route.ts';

/** Routes that answer at once and remember nothing. */
export function plainRoutes({ count }: Readers): readonly Route[] {
  return [
    { path: '/json', about: 'a small document', answer: () => json(200, document) },
    { path: '/item', takes: 'ANY', about: '{"item":"ANY"}', answer: (_, item) => json(200, { item }) },
    { path: '/fast', takes: 'ANY', about: 'the same', answer: (_, item) => json(200, { item }) },
    { path: '/echo', about: 'the request, as JSON', answer: echo },
    {
      path: '/status',
      takes: 'N',
      about: 'status N, from 200 to 599',
      answer: (_, rest) => {
        const status = count(rest, 200, 599);
        return json(status, { status });
      },
    },
    {
      path: '/redirect',
      takes: 'N',
      about: 'N hops, the last one to /',
      answer: (_, rest) => {
        const hops = count(rest, 0, 1000);
        return hops === 0 ? json(200, { hops }) : redirect(302, hops === 1 ? '/' : `/redirect/${hops - 1}`);
      },
    },
    {
      path: '/redirect-to',
      takes: '?url=URL&status=302',
      about: 'one hop, to anywhere',
      answer: ({ query }) => redirect(redirectStatus(query.get('status')), query.get('url') ?? ''),
    },
  ];
}

const document = {
  id: 1,
  name: 'Ada Lovelace',
  tags: ['first', 'analyst'],
  address: { city: 'London', country: 'GB' },
  active: true,
  score: 9.5,
  manager: null,
};

/** What came, as it came; `json` only when the body is JSON, whatever its content type says. */
async function echo({ method, url, path, query, headers, readText }: Call): Promise<Answer> {
  const body = await readText();
  const seen = { method, url, path, query: listed(query), headers, body };
  try {
    // Inside the try for both ways: a document can be shallow enough to be read, and too deep to be written.
    return json(200, { ...seen, json: JSON.parse(body) });
  } catch {
    return json(200, seen);
  }
}

/** A name that comes once has a string, one that comes more often a list. */
function listed(query: URLSearchParams): Record<string, string | string[]> {
  const values = new Map<string, string | string[]>();
  for (const [name, value] of query) {
    const before = values.get(name);
    if (Array.isArray(before)) before.push(value);
    else values.set(name, before === undefined ? value : [before, value]);
  }
  return Object.fromEntries(values);
}

const redirectStatuses = ['301', '302', '303', '307', '308'];

function redirectStatus(text: string | null): number {
  if (text === null) return 302;
  if (!redirectStatuses.includes(text)) {
    throw new WrongCall(`expected a status of ${redirectStatuses.join(', ')}, got \`${text}\``);
  }
  return Number(text);
}

/** Anywhere a header can say, broken and dangerous places too: clients are to be rehearsed against those. */
function redirect(status: number, location: string): Answer {
  if (location === '') throw new WrongCall('expected somewhere to go, such as ?url=/json');
  try {
    validateHeaderValue('location', location);
  } catch {
    throw new WrongCall('expected a URL that can stand in a header: percent-encode it once more');
  }
  return json(status, { location }, { location });
}
