import type { HttpRequest } from '../record/request.ts';
import type { Template, TemplateScope } from './template.ts';

/** Headers as pairs, names in lower case. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** What a request has to say: bytes at hand, or a stream. */
export type Content = Pick<HttpRequest, 'body' | 'stream' | 'isPrivate'>;

/** What the command line says of every request; a record may say otherwise of its own. */
export type RequestDefaults = {
  /** Makes the URL of each line, and all else of its request is the command line's; null: the line brings its own. */
  readonly url: Template | null;
  /** Null: GET, or POST where there is a body. */
  readonly method: string | null;
  /** Checked, names in lower case. */
  readonly headers: Headers;
  /** Headers whose values differ from line to line, beside those. */
  readonly lineHeaders: readonly LineHeader[];
  readonly body: ((scope: TemplateScope) => Content) | null;
  /** Added to the query of every URL (`-G`), encoded already. */
  readonly query: ((scope: TemplateScope) => string) | null;
  /** What URLs that begin with `/` stand on. */
  readonly baseUrl: URL | null;
  /** The scheme of URLs that have none. */
  readonly protoDefault: 'http' | 'https' | null;
};

/** A header with a template for its value. */
export type LineHeader = { readonly name: string; readonly value: Template };
