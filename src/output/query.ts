import { Failure } from '../record/failure.ts';
import { parseExactJson, rawText } from '../record/json.ts';
import {
  callsOf,
  fieldFunction,
  keptFunction,
  numberFunction,
  numbersFunction,
  type QueryNode,
  withExactNumbers,
} from './query-tree.ts';

/** What a query makes of a row: a value in which numbers are exact; see `parseExactJson`. Throws a Failure `query`. */
export type Query = (row: string) => unknown;

/** Reads a JMESPath expression, once for all rows. Throws a Failure `query` that names the place where it is none. */
export async function compileQuery(expression: string): Promise<Query> {
  const library = await import('@jmespath-community/jmespath');
  const { compile, tokenize, getRegisteredFunctions, isRegistered, register, TreeInterpreter, TYPE_ANY } = library;

  function read(): QueryNode {
    try {
      return compile(expression) as unknown as QueryNode;
    } catch {
      const reads = (text: string) => isReadable(() => compile(text));
      const splits = (text: string) => isReadable(() => tokenize(text));
      throw new Failure('query', `expected a JMESPath expression: ${faultOf(expression, { reads, splits, tokenize })}`);
    }
  }

  /** The number of arguments is checked before they are, so nulls will do. */
  function arityFault(name: string, children: readonly unknown[]): string | null {
    const nulls = children.map(() => ({ type: 'Literal', value: null }) as const);
    try {
      TreeInterpreter.search({ type: 'Function', name, children: nulls }, null);
      return null;
    } catch (error) {
      const [, told = null] = /^Invalid arity: (.*)/.exec((error as Error).message) ?? [];
      return told;
    }
  }

  const tree = read();
  const known = new Set<string>(getRegisteredFunctions());
  for (const { name: called, children } of callsOf(tree)) {
    const name = String(called);
    const at = () => place(expression, Math.max(0, expression.search(new RegExp(`\\b${name}\\s*\\(`))));
    if (!known.has(name)) throw new Failure('query', `JMESPath has no function ${name} (${at()})`);
    const wrong = arityFault(name, children as readonly unknown[]);
    if (wrong !== null) throw new Failure('query', `${wrong} (${at()})`);
  }
  if (tree.type === 'ExpressionReference') {
    throw new Failure(
      'query',
      'expected a JMESPath expression that gives a value: `&` makes an argument for a function',
    );
  }

  const any = { types: [TYPE_ANY] };
  if (!isRegistered(numberFunction)) {
    register(numberFunction, ([one]) => number(one) as null, [any]);
    register(numbersFunction, ([one]) => (Array.isArray(one) ? one.map(number) : number(one)) as null, [any]);
    register(keptFunction, ([one]) => (rawText(one) === null ? null : one) as null, [any]);
    register(fieldFunction, ([one, name]) => ownField(one, name) as null, [any, any]);
  }
  const exact = withExactNumbers(tree) as unknown as ReturnType<typeof compile>;
  return (row) => {
    try {
      return TreeInterpreter.search(exact, parseExactJson(row) as null);
    } catch (error) {
      throw new Failure('query', `the query does not fit the row: ${(error as Error).message}`);
    }
  };
}

/** The value of a number that was kept as text; anything else as it is. */
function number(value: unknown): unknown {
  const text = rawText(value);
  return text === null ? value : Number(text);
}

function ownField(value: unknown, name: unknown): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && rawText(value) === null;
  return isObject && Object.hasOwn(value, String(name)) ? (value as Record<string, unknown>)[String(name)] : null;
}

function isReadable(read: () => unknown): 'yes' | 'no' | 'unfinished' {
  try {
    read();
    return 'yes';
  } catch (error) {
    // The library says where it stands by the token only; at the end of the text that is its EOF.
    return (error as Error).message.includes('EOF') ? 'unfinished' : 'no';
  }
}

type Readers = {
  reads: (text: string) => ReturnType<typeof isReadable>;
  splits: (text: string) => ReturnType<typeof isReadable>;
  tokenize: (text: string) => readonly { readonly start: number }[];
};

/** Where an expression goes wrong: the library does not say, so it is asked about every beginning of it. */
function faultOf(expression: string, { reads, splits, tokenize }: Readers): string {
  if (expression.trim() === '') return 'it is empty';
  if (splits(expression) !== 'yes') {
    let whole = 0;
    for (let end = 1; end < expression.length; end += 1) if (splits(expression.slice(0, end)) === 'yes') whole = end;
    return wrongAt(expression, whole);
  }
  const starts = tokenize(expression).map(({ start }) => start);
  for (const [nth, start] of starts.entries()) {
    const end = starts[nth + 1] ?? expression.length;
    if (reads(expression.slice(0, end)) === 'no') return wrongAt(expression, start);
  }
  return `it ends too early (${place(expression, expression.length)})`;
}

function wrongAt(expression: string, at: number): string {
  return `wrong from \`${expression.slice(at).trimStart().slice(0, 40)}\` on (${place(expression, at)})`;
}

function place(expression: string, at: number): string {
  const before = expression.slice(0, at);
  return before.includes('\n')
    ? `line ${before.split('\n').length}, character ${at - before.lastIndexOf('\n')}`
    : `character ${at + 1}`;
}
