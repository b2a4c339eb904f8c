const usualPort = '11434';

/**
 * The address in OLLAMA_HOST, read as Ollama itself does: a host, with scheme, port and path where they differ from
 * http, 11434 and none. An address to listen on becomes one to call. Null when it is none.
 */
export function ollamaHost(given: string | undefined): URL | null {
  const text = (given ?? '').trim().replace(/^["']|["']$/g, '');
  const [, scheme = '', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/is.exec(text) ?? [];
  const [, authority = '', path = ''] = /^([^/]*)(\/.*)?$/.exec(rest) ?? [];
  const isCloud = authority === 'ollama.com';
  const { host, port } = halves(authority);
  const usual = scheme === '' && !isCloud ? `:${usualPort}` : '';
  const isPort = port !== '' && /^\d+$/.test(port) && Number(port) <= 65_535;
  const url = URL.parse(
    `${scheme || (isCloud ? 'https' : 'http')}://${callable(host)}${isPort ? `:${port}` : usual}${path}`,
  );
  return url && /^https?:$/.test(url.protocol) ? url : null;
}

/** Host and port; IPv6 may come without brackets. */
function halves(authority: string): { host: string; port: string } {
  const [, bracketed, after] = /^(\[.*\])(?::(.*))?$/.exec(authority) ?? [];
  if (bracketed !== undefined) return { host: bracketed, port: after ?? '' };
  const parts = authority.split(':');
  if (parts.length > 2) return { host: `[${authority}]`, port: '' };
  const [host = '', port = ''] = parts;
  return { host, port };
}

function callable(host: string): string {
  if (host === '' || host === '0.0.0.0') return '127.0.0.1';
  return host === '[::]' ? '[::1]' : host;
}
