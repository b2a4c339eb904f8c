import type { RequestDefaults } from '../input/request-defaults.ts';
import type { Templates } from './templates.ts';

type Body = NonNullable<RequestDefaults['body']>;

/** Makes a body. One with something of the environment's in it is for the origin that it was made for alone. */
export function privateIfSecret(templates: Templates, make: () => Body): Body {
  const before = templates.secrets.length;
  const body = make();
  return templates.secrets.length === before ? body : (scope) => ({ ...body(scope), isPrivate: true });
}
