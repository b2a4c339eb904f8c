import * as Flags from '@oclif/core/flags';
import type { ConnectionSettings } from '../http/agent.ts';
import type { Proxies, ProxyServer } from '../http/proxy.ts';
import { parseResolution, type Resolutions } from '../http/resolve.ts';
import type { Pem, TlsSettings } from '../http/tls.ts';
import { Failure } from '../record/failure.ts';
import { sayable } from './sayable.ts';
import { readWhole } from './sources.ts';
import { UsageError } from './values.ts';

const helpGroup = 'CONNECTION';

/** How the servers are reached: the same in every command that calls something. */
export const connectionFlags = {
  insecure: Flags.boolean({ char: 'k', helpGroup, summary: 'Trust any certificate: whoever answers is believed.' }),
  cacert: Flags.string({
    helpGroup,
    helpValue: 'FILE',
    summary: 'PEM certificates of the authorities to trust, in place of the usual ones.',
  }),
  cert: Flags.string({
    helpGroup,
    helpValue: 'FILE',
    summary: 'PEM certificate to show to servers that ask for one, with its chain.',
  }),
  key: Flags.string({
    helpGroup,
    helpValue: 'FILE',
    summary: 'PEM private key of --cert, unencrypted. Default: the one in the file of --cert.',
  }),
  proxy: Flags.string({
    char: 'x',
    helpGroup,
    helpValue: 'URL',
    summary: 'Call through http://USER:PASSWORD@HOST:PORT. Default: http_proxy, https_proxy, all_proxy; empty is none.',
  }),
  noproxy: Flags.string({
    helpGroup,
    helpValue: 'LIST',
    summary: 'Hosts that are called straight, such as localhost,.example.com,10.0.0.0/8; * is all. Default: no_proxy.',
  }),
  'unix-socket': Flags.string({
    helpGroup,
    helpValue: 'PATH',
    summary: 'Connect to this socket, whatever the host is.',
  }),
  resolve: Flags.custom<ReturnType<typeof parseResolve>>({
    parse: async (text) => parseResolve(text),
    multiple: true,
    multipleNonGreedy: true,
    helpGroup,
    helpValue: 'HOST:PORT:ADDRESS',
    summary: 'The address (or several, between commas) of a host; * is every host. Repeatable.',
  })(),
};

/** Those that are for lists of URLs which others may have written. */
export const fetchConnectionFlags = {
  ...connectionFlags,
  http2: Flags.boolean({ helpGroup, summary: 'Speak HTTP/2 with those https servers that can.' }),
  'block-private': Flags.boolean({
    helpGroup,
    summary: 'Call public addresses only, redirects included: not this machine, no private or link-local network.',
  }),
};

export type ConnectionFlags = {
  insecure: boolean;
  cacert?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  proxy?: string | undefined;
  noproxy?: string | undefined;
  'unix-socket'?: string | undefined;
  resolve?: ReturnType<typeof parseResolve>[] | undefined;
  http2?: boolean;
  'block-private'?: boolean;
};

/** How connections are made, and what of it no row or message may show. Wrong usage when the flags contradict each other. */
export async function connectionSettings(
  flags: ConnectionFlags,
  env: NodeJS.ProcessEnv,
): Promise<ConnectionSettings & { secrets: readonly string[] }> {
  const unixSocket = flags['unix-socket'] ?? null;
  const blocksPrivate = flags['block-private'] ?? false;
  if (unixSocket === '') throw new UsageError('--unix-socket: expected a path');
  if (unixSocket !== null && blocksPrivate) throw new UsageError('--block-private: a --unix-socket is never public');
  if (unixSocket !== null && flags.proxy) throw new UsageError('--unix-socket: it cannot be reached through a --proxy');
  const proxies = unixSocket === null ? await proxiesOf(flags, env) : null;
  if (proxies && blocksPrivate) {
    throw new UsageError("--block-private: a proxy connects where it likes; use none (--noproxy '*')");
  }
  const used = [proxies?.http, proxies?.https].filter((one) => one !== null && one !== undefined);
  return {
    tls: await tlsOf(flags),
    // What -k and --cert say is meant for the servers behind a proxy.
    proxyTls: proxies && (await tlsOf({ cacert: flags.cacert, insecure: false })),
    proxies,
    unixSocket,
    resolutions: resolutionsOf(flags.resolve ?? []),
    blocksPrivate,
    allowsHttp2: flags.http2 ?? false,
    secrets: used.flatMap(({ secrets }) => secrets),
  };
}

async function tlsOf(flags: ConnectionFlags): Promise<TlsSettings | null> {
  const pem: Pem = {
    ca: await pemOf('--cacert', flags.cacert),
    cert: await pemOf('--cert', flags.cert),
    key: await pemOf('--key', flags.key),
  };
  const trust = flags.insecure ? { rejectUnauthorized: false } : {};
  if (pem.ca === null && pem.cert === null && pem.key === null) return flags.insecure ? trust : null;
  const { secureContextOf } = await import('../http/tls.ts');
  try {
    return { ...trust, secureContext: secureContextOf(pem) };
  } catch (error) {
    throw error instanceof Failure ? new UsageError(error.message) : error;
  }
}

async function pemOf(flag: string, file: string | undefined): Promise<string | null> {
  return file === undefined ? null : (await readWhole(flag, file)).toString('latin1');
}

function parseResolve(text: string): readonly [host: string, addresses: readonly string[]] {
  const resolution = parseResolution(text);
  if (!resolution) {
    throw new UsageError(`expected HOST:PORT:ADDRESS, such as api.example.com:443:127.0.0.1, got \`${text}\``);
  }
  return resolution;
}

/** The first entry of a host counts, as with curl. */
function resolutionsOf(given: readonly (readonly [string, readonly string[]])[]): Resolutions {
  return new Map([...given].reverse());
}

/**
 * What `-x` says, else the environment: the lower-case name before the upper-case one, as curl has it. HTTP_PROXY counts
 * too, though not for curl, but not in a CGI program, where a request header of that name would set it.
 */
async function proxiesOf({ proxy, noproxy }: ConnectionFlags, env: NodeJS.ProcessEnv): Promise<Proxies | null> {
  if (proxy === '') return null;
  const given = proxy === undefined ? null : { name: '--proxy', text: proxy };
  const any = given ?? variable(env, ['all_proxy', 'ALL_PROXY']);
  const http = given ?? variable(env, env.REQUEST_METHOD === undefined ? ['http_proxy', 'HTTP_PROXY'] : ['http_proxy']);
  const https = given ?? variable(env, ['https_proxy', 'HTTPS_PROXY']);
  const list = noproxy ?? env.no_proxy ?? env.NO_PROXY ?? '';
  if ((!any && !http && !https) || list.trim() === '*') return null;
  const [{ parseProxy }, { parseNoProxy }] = await Promise.all([
    import('../http/proxy.ts'),
    import('../http/no-proxy.ts'),
  ]);
  const parsed = (one: { name: string; text: string } | null): ProxyServer | null =>
    one && sayable(one.name, () => parseProxy(one.text));
  return { http: parsed(http ?? any), https: parsed(https ?? any), bypass: parseNoProxy(list) };
}

/** The first of these variables that is set and not empty. */
function variable(env: NodeJS.ProcessEnv, names: readonly string[]): { name: string; text: string } | null {
  for (const name of names) {
    const text = env[name]?.trim();
    if (text) return { name, text };
  }
  return null;
}
