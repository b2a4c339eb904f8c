import { BlockList, isIP } from 'node:net';

/** Whether a host, in lower case and without brackets, is to be called straight, on this port. */
export type Bypass = (host: string, port: number) => boolean;

/**
 * `NO_PROXY`: names and addresses between commas or spaces. `*` is every host; a name stands for its subdomains too, with
 * or without a dot before it; `:PORT` restricts it to that port; an address may have a prefix (`10.0.0.0/8`).
 */
export function parseNoProxy(text: string): Bypass {
  const networks = new BlockList();
  const names: { name: string; port: number | null }[] = [];
  let isAll = false;
  for (const word of text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)) {
    if (word === '*') isAll = true;
    else if (!addNetwork(networks, word)) names.push(nameOf(word));
  }
  return (host, port) => {
    if (isAll) return true;
    const family = isIP(host);
    if (family !== 0 && networks.check(host, family === 6 ? 'ipv6' : 'ipv4')) return true;
    const bare = host.replace(/\.$/, '');
    return names.some(
      (one) => (one.port === null || one.port === port) && (bare === one.name || bare.endsWith(`.${one.name}`)),
    );
  };
}

function addNetwork(networks: BlockList, word: string): boolean {
  const [, address = '', bits] = /^\[?([^\]/]+)\]?(?:\/(\d{1,3}))?$/.exec(word) ?? [];
  const family = isIP(address);
  const longest = family === 6 ? 128 : 32;
  if (family === 0 || Number(bits ?? longest) > longest) return false;
  networks.addSubnet(address, Number(bits ?? longest), family === 6 ? 'ipv6' : 'ipv4');
  return true;
}

function nameOf(word: string): { name: string; port: number | null } {
  const [, name = word, port] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(word) ?? [];
  return { name: name.replace(/^\*?\.+/, '').replace(/\.$/, ''), port: port === undefined ? null : Number(port) };
}
