/** A node of a compiled JMESPath expression; its parts hang on its other properties. */
export type QueryNode = { readonly type: string; readonly [part: string]: unknown };

/** Names of the functions that `withExactNumbers` puts into an expression. */
export const numberFunction = 'sluice_number';
export const numbersFunction = 'sluice_numbers';
export const fieldFunction = 'sluice_field';
export const keptFunction = 'sluice_kept';

/**
 * The expression, changed so that it treats numbers kept as text (`parseExactJson`) as the numbers they are. They pass
 * through with every digit; where something is done with them (compared, added, sorted by) their value as a double
 * counts, as in jq. The library would take them for objects, and fields that objects inherit for their own.
 */
export function withExactNumbers(node: QueryNode): QueryNode {
  const parts = Object.entries(node).map(([name, part]) => [
    name,
    Array.isArray(part) ? part.map(within) : within(part),
  ]);
  const inner = Object.fromEntries(parts) as QueryNode;
  switch (inner.type) {
    case 'Comparator':
    case 'Arithmetic':
      return { ...inner, left: call(numberFunction, inner.left), right: call(numberFunction, inner.right) };
    case 'Unary':
      return { ...inner, operand: call(numberFunction, inner.operand) };
    case 'ValueProjection':
      return { ...inner, left: call(numberFunction, inner.left) };
    case 'Field':
      return isOwnToNone(inner.name) ? call(fieldFunction, current, { type: 'Literal', value: inner.name }) : inner;
    case 'Function':
      return ofFunction(inner);
    default:
      return inner;
  }
}

/** All calls of functions in an expression. */
export function callsOf(node: QueryNode): QueryNode[] {
  const inner = Object.values(node).flat().filter(isNode).flatMap(callsOf);
  return node.type === 'Function' ? [node, ...inner] : inner;
}

const current: QueryNode = { type: 'Current' };
const itself: QueryNode = { type: 'ExpressionReference', child: current };

/** These hand on what they are given: each digit is to come out again. */
const handingOn: ReadonlySet<string> = new Set(['to_string', 'to_array', 'not_null', 'map']);
/** These work on lists of numbers, or look for one. */
const ofLists: ReadonlySet<string> = new Set(['sum', 'avg', 'contains']);
/** These hand on elements of a list by their order, as their relatives with a key do. */
const ordering: ReadonlySet<string> = new Set(['sort', 'max', 'min']);

function ofFunction({ name, children }: QueryNode): QueryNode {
  const given = children as readonly QueryNode[];
  const called = String(name);
  const [list, ...others] = given;
  if (ordering.has(called) && list && others.length === 0) return ofFunction(call(`${called}_by`, list, itself));
  if (called === 'to_number') return call('not_null', call(keptFunction, ...given), call(called, ...given));
  if (handingOn.has(called)) return call(called, ...given);
  const convert = ofLists.has(called) ? numbersFunction : numberFunction;
  return call(called, ...given.map((one) => converted(one, convert)));
}

/** A key that is sorted by is the number itself; the elements that are sorted stay as they are. */
function converted(node: QueryNode, convert: string): QueryNode {
  if (node.type !== 'ExpressionReference') return call(convert, node);
  return { ...node, child: call(numberFunction, node.child) };
}

function call(name: string, ...children: readonly unknown[]): QueryNode {
  return { type: 'Function', name, children };
}

function within(part: unknown): unknown {
  return isNode(part) ? withExactNumbers(part) : part;
}

function isNode(part: unknown): part is QueryNode {
  return typeof part === 'object' && part !== null && typeof (part as { type?: unknown }).type === 'string';
}

/** A name that every object has without being asked, or that only a number kept as text has. */
function isOwnToNone(name: unknown): boolean {
  return typeof name === 'string' && (name in Object.prototype || name === 'rawJSON');
}
