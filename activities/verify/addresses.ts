/** Which addresses are public: everybody may be asked there, because nobody trusts who asks. */
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** IANA's special-purpose registry, IPv4: everything that is not one host on the internet. */
const RESERVED_IPV4: readonly [subnet: string, bits: number, kind: string][] = [
  ['0.0.0.0', 8, 'this machine'],
  ['10.0.0.0', 8, 'a private network'],
  ['100.64.0.0', 10, 'a private network'],
  ['127.0.0.0', 8, 'this machine'],
  ['169.254.0.0', 16, 'this link, where clouds keep their metadata'],
  ['172.16.0.0', 12, 'a private network'],
  ['192.0.0.0', 24, 'a reserved range'],
  ['192.0.2.0', 24, 'a reserved range'],
  ['192.88.99.0', 24, 'a reserved range'],
  ['192.168.0.0', 16, 'a private network'],
  ['198.18.0.0', 15, 'a private network'],
  ['198.51.100.0', 24, 'a reserved range'],
  ['203.0.113.0', 24, 'a reserved range'],
  ['224.0.0.0', 3, 'a reserved range'],
];

/** IPv6 the other way round: public is only what was given to the internet, less its exceptions. */
const PUBLIC_IPV6 = ['2000::', 3] as const;
const RESERVED_IPV6: readonly [subnet: string, bits: number, kind: string][] = [
  ['2001::', 23, 'a reserved range'],
  ['2001:db8::', 32, 'a reserved range'],
  // 6to4: holds an IPv4 address of any kind.
  ['2002::', 16, 'a reserved range'],
  ['3fff::', 20, 'a reserved range'],
];

const ipv4 = RESERVED_IPV4.map(([subnet, bits, kind]) => [blocking(subnet, bits), kind] as const);
const ipv6 = RESERVED_IPV6.map(([subnet, bits, kind]) => [blocking(subnet, bits), kind] as const);
const publicIpv6 = blocking(...PUBLIC_IPV6);

/**
 * What kind of place an address is that is not public; undefined for a public one. An IPv4 address
 * that is written as IPv6 is what it is as IPv4, this machine's own public address is this machine.
 *
 * @param address as DNS or a URL gives it, without brackets.
 */
export function notPublic(address: string): string | undefined {
  const bare = address.replace(/%.*$/, '');
  const family = isIP(bare);
  if (family === 0) return 'no address';
  const mapped = family === 6 ? mappedIpv4(bare) : undefined;
  if (mapped !== undefined) return notPublic(mapped);
  if (isOwn(bare)) return 'this machine';
  if (family === 4) return ipv4.find(([list]) => list.check(bare, 'ipv4'))?.[1];
  if (!publicIpv6.check(bare, 'ipv6')) return kindOfLocal(bare);
  return ipv6.find(([list]) => list.check(bare, 'ipv6'))?.[1];
}

/** A list that holds one subnet, or one address. */
export function blocking(address: string, bits?: number): BlockList {
  const list = new BlockList();
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, bits, family);
  return list;
}

/** `::ffff:127.0.0.1`, however it is written. */
function mappedIpv4(address: string): string | undefined {
  const { hostname } = new URL(`http://[${address}]`);
  const [, high = '', low = ''] =
    /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname) ?? [];
  if (high === '') return undefined;
  const bytes = [high, low].flatMap((half) => {
    const number = Number.parseInt(half, 16);
    return [number >> 8, number & 255];
  });
  return bytes.join('.');
}

function kindOfLocal(address: string): string {
  if (blocking('::', 127).check(address, 'ipv6')) return 'this machine';
  if (blocking('fc00::', 7).check(address, 'ipv6')) return 'a private network';
  if (blocking('fe80::', 10).check(address, 'ipv6')) return 'this link';
  return 'a reserved range';
}

function isOwn(address: string): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const own = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  return own.some((one) => blocking(one.address.replace(/%.*$/, '')).check(address, family));
}
