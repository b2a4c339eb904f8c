/** One HTTP request, checked and ready to send. */
export type HttpRequest = {
  /** As the user wrote it, without credentials. */
  readonly url: string;
  /** Scheme, host and port: where the connection goes. */
  readonly origin: string;
  /** `host:port`, the default lane. */
  readonly host: string;
  /** Path and query, as sent. */
  readonly path: string;
  readonly method: string;
  /** Names (lower case) and values in turn, as undici takes them. */
  readonly headers: readonly string[];
  readonly body: string | Uint8Array | null;
};

/** What an HTTP answer leaves for the row. */
export type HttpAnswer = {
  readonly status: number | null;
  readonly finalUrl: string | null;
  readonly redirects: number;
  /** Names in lower case; set-cookie is a list. */
  readonly headers: Readonly<Record<string, string | string[]>> | null;
  readonly body: Body | null;
  /** Length of the decoded body. */
  readonly bytes: number | null;
  readonly connectMs: number | null;
  readonly ttfbMs: number | null;
};

/** A body as the row holds it. `raw` is JSON text, checked, on one line, each digit as the server sent it. */
export type Body =
  | { readonly kind: 'json'; readonly raw: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'base64'; readonly data: string };
