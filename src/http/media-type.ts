import { encodingOfLabel } from './charset.ts';

/** What a content type says of a body. */
export type MediaType = {
  readonly family: 'json' | 'text' | 'vague' | 'other';
  /** What its pages may say of their charset themselves. */
  readonly markup: 'html' | 'xhtml' | 'xml' | null;
  /** The encoding that its charset names; null where it names none, or one that nobody knows. */
  readonly encoding: string | null;
};

/** Types of text, by the part behind the slash or the last plus sign. */
const textNames: ReadonlySet<string> = new Set([
  'xml',
  'yaml',
  'x-yaml',
  'toml',
  'javascript',
  'x-javascript',
  'ecmascript',
  'x-www-form-urlencoded',
  'x-ndjson',
  'jsonl',
  'graphql',
  'csv',
]);
const vagueTypes: ReadonlySet<string> = new Set(['', 'application/octet-stream', 'application/unknown', '*/*']);
const neverText: ReadonlySet<string> = new Set(['image', 'audio', 'video', 'font']);

/** Reads the value of a content-type header (RFC 9110, section 8.3), in whatever spelling. */
export function mediaTypeOf(header: string): MediaType {
  const [first = '', ...parameters] = header.toLowerCase().split(';');
  // Several values in one header: the first counts.
  const type = (first.split(',', 1)[0] ?? '').trim();
  const slash = type.indexOf('/');
  const top = slash === -1 ? '' : type.slice(0, slash);
  const name = type.slice(slash + 1);
  const suffix = name.slice(name.lastIndexOf('+') + 1);
  const charset = charsetIn(parameters);
  const encoding = charset === null ? null : encodingOfLabel(charset);
  const markup = type === 'text/html' ? 'html' : name === 'xhtml+xml' ? 'xhtml' : suffix === 'xml' ? 'xml' : null;
  const word = /^\w+/.exec(suffix)?.[0] ?? '';
  const isJson = suffix === 'json' || word === 'json' || /^json\b/.test(name);
  if (isJson && (top === 'application' || type === 'text/json')) return { family: 'json', markup, encoding };
  if (top === 'text' || isJson || textNames.has(suffix) || textNames.has(word))
    return { family: 'text', markup, encoding };
  const isVague = vagueTypes.has(type) || top === 'unknown' || (charset !== null && !neverText.has(top));
  return { family: isVague ? 'vague' : 'other', markup, encoding };
}

function charsetIn(parameters: readonly string[]): string | null {
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=');
    if (equals === -1 || parameter.slice(0, equals).trim() !== 'charset') continue;
    return unquoted(parameter.slice(equals + 1).trim());
  }
  return null;
}

/** Some servers quote with apostrophes, which the RFC does not know. */
function unquoted(value: string): string {
  const [quote = ''] = value;
  if (quote !== '"' && quote !== "'") return value.split(/[\s,]/, 1)[0] ?? '';
  const end = value.indexOf(quote, 1);
  return value.slice(1, end === -1 ? undefined : end).trim();
}
