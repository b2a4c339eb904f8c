import { type Answer, json } from './answer.ts';
import { type Call, WrongCall } from './call.ts';
import { type ModelOptions, modelRoutes } from './model-routes.ts';
import { moodyRoutes } from './moody-routes.ts';
import { plainRoutes } from './plain-routes.ts';
import { type Route, readersOf, type Values } from './route.ts';
import { slowRoutes } from './slow-routes.ts';

/** Every route the mock has, in the order people see, with what some of them remember. */
export function routeTable(values: Values, options: ModelOptions): readonly Route[] {
  const readers = readersOf(values);
  const table: Route[] = [{ path: '/', about: 'this list', answer: () => json(200, { routes: table.map(listing) }) }];
  table.push(
    ...plainRoutes(readers),
    ...slowRoutes(readers),
    ...moodyRoutes(readers),
    ...modelRoutes(readers, options),
  );
  return table;
}

/** How a route is written, `/flaky/N[/KEY]`, and what it does. */
export type Listing = { readonly path: string; readonly about: string };

export function listing(route: Route): Listing {
  const { path, takes = '', about } = route;
  return { path: hasRest(route) ? `${path}/${takes}` : path + takes, about };
}

/** Asks the route that the call's path belongs to. Rejects with a WrongCall when there is none, or when it takes something else. */
export function router(table: readonly Route[]): (call: Call) => Promise<Answer> {
  const byPath = new Map(table.map((route) => [route.path, route]));
  const longest = Math.max(...table.map(({ path }) => path.length));

  function find(path: string): { route: Route; encoded: string } | undefined {
    const alone = byPath.get(path);
    if (alone) return { route: alone, encoded: '' };
    for (let end = path.indexOf('/', 1); end !== -1 && end <= longest; end = path.indexOf('/', end + 1)) {
      const route = byPath.get(path.slice(0, end));
      if (route && hasRest(route)) return { route, encoded: path.slice(end + 1) };
    }
    return undefined;
  }

  return async (call) => {
    const found = find(call.path);
    if (!found) throw new WrongCall(`no route ${call.path}; GET / lists them`, 404);
    const { route, encoded } = found;
    try {
      return await route.answer(call, hasRest(route) ? decoded(encoded) : '');
    } catch (error) {
      if (!(error instanceof WrongCall)) throw error;
      throw new WrongCall(`${listing(route).path}: ${error.message}`, error.status);
    }
  };
}

function decoded(encoded: string): string {
  if (encoded === '') throw new WrongCall('expected something in that place');
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new WrongCall(`expected percent-encoded UTF-8, got \`${encoded}\``);
  }
}

function hasRest({ takes }: Route): boolean {
  return takes !== undefined && !takes.startsWith('?');
}
