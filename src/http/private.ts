import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { buildConnector } from 'undici';
import { Failure } from '../record/failure.ts';
import type { Connector } from './connector.ts';

/** IPv4 that no public server has: this machine, private and shared networks, link-local, examples, multicast, reserved. */
const ipv4: readonly [network: string, bits: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** The same of IPv6; 6to4, Teredo and IPv4-compatible addresses too, which hide an IPv4 one and are used by nobody else. */
const ipv6: readonly [network: string, bits: number][] = [
  ['::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

/** Where NAT64 puts an IPv4 address (RFC 6052): public ones are reached so from networks that have only IPv6. */
const nat64 = '64:ff9b::';

const notPublic = new BlockList();
for (const [network, bits] of ipv4) {
  // A list looks IPv4-mapped IPv6 (::ffff:10.0.0.1) up among its IPv4 by itself.
  notPublic.addSubnet(network, bits, 'ipv4');
  notPublic.addSubnet(nat64 + network, 96 + bits, 'ipv6');
}
for (const [network, bits] of ipv6) notPublic.addSubnet(network, bits, 'ipv6');

/** Whether an address is one of this machine, of a private network, or of no server at all. What is no address is private. */
export function isPrivate(address: string): boolean {
  const [bare = ''] = address.split('%');
  const family = isIP(bare);
  return family === 0 || notPublic.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}

/** A lookup that finds public addresses only. The connection goes to what it found, so a name cannot change in between. */
export function publicLookup(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '');
      const all = Array.isArray(found) ? found : [];
      const allowed = all.filter(({ address }) => !isPrivate(address));
      const [first] = allowed;
      if (!first) return callback(blocked(hostname, all[0]?.address ?? 'nothing'), '');
      if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

/** The same for addresses that no lookup sees, since the URL has them as they are, and a last look at who was reached. */
export function publicOnly(connect: Connector): Connector {
  return (options, callback) => {
    const { hostname } = options;
    if (isIP(hostname) !== 0 && isPrivate(hostname)) return queueMicrotask(() => refuse(hostname, callback));
    return connect(options, (...settled) => {
      const [error, socket] = settled;
      const reached = socket?.remoteAddress;
      if (error || (reached !== undefined && !isPrivate(reached))) return callback(...settled);
      socket.destroy();
      refuse(reached ?? hostname, callback);
    });
  };
}

function refuse(address: string, callback: buildConnector.Callback): void {
  callback(blocked(address, address), null);
}

function blocked(hostname: string, address: string): Failure {
  const what = hostname === address ? address : `${hostname} is ${address}, which`;
  return new Failure('blocked', `${what} is not a public address (--block-private)`, { phase: 'connect' });
}
