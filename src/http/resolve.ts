import { isIP, type LookupFunction } from 'node:net';

/** Names with the addresses that they are to have: `host:port`, or `*:port` for every host. */
export type Resolutions = ReadonlyMap<string, readonly string[]>;

/** `HOST:PORT:ADDRESS[,ADDRESS]`, an IPv6 address in brackets or bare, as curl takes it. Null when it is none. */
export function parseResolution(text: string): readonly [host: string, addresses: readonly string[]] | null {
  // A plus asks curl to forget the entry after a while, which a run has no use for.
  const [, host, port, list = ''] = /^\+?([^\s:[\]/]+):(\d{1,5}):(.+)$/.exec(text.trim()) ?? [];
  const addresses = list.split(',').map((address) => address.trim().replace(/^\[(.*)\]$/, '$1'));
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return null;
  // An address as the name would never be looked up.
  if (isIP(host) !== 0 || !addresses.every((address) => isIP(address) !== 0)) return null;
  return [`${host.toLowerCase()}:${Number(port)}`, addresses];
}

/** A lookup that knows the answer. */
export function fixedLookup(addresses: readonly string[]): LookupFunction {
  const known = addresses.map((address) => ({ address, family: isIP(address) }));
  return (hostname, { all, family }, callback) => {
    const wanted = family === 4 || family === 6 ? known.filter((one) => one.family === family) : known;
    const [first] = wanted;
    // As a lookup does: never before it has returned.
    queueMicrotask(() => {
      if (!first) callback(Object.assign(new Error(`no such address of ${hostname}`), { code: 'ENOTFOUND' }), '');
      else if (all) callback(null, wanted);
      else callback(null, first.address, first.family);
    });
  };
}
