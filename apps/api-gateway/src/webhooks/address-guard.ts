import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/** IANA special-purpose registries (RFC 6890): what no receiver on the Internet has. */
const refused4: readonly [string, number][] = [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.88.99.0', 24],
  ['192.168.0.0', 16], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 4], ['240.0.0.0', 4],
];
/** Within 2000::/3, the only range that is given out: Teredo and other protocol assignments, documentation, 6to4. */
const refused6: readonly [string, number][] = [['2001::', 23], ['2001:db8::', 32], ['2002::', 16], ['3fff::', 20]];

const listOf = (networks: readonly [string, number][], family: 'ipv4' | 'ipv6'): BlockList => {
  const list = new BlockList();
  for (const [address, prefix] of networks) list.addSubnet(address, prefix, family);
  return list;
};
const special4 = listOf(refused4, 'ipv4');
const loopback4 = listOf([['127.0.0.0', 8]], 'ipv4');
const special6 = listOf(refused6, 'ipv6');
const global6 = listOf([['2000::', 3]], 'ipv6');

/** Whether a webhook may go there. Loopback is for test networks; nothing else that is private ever is. */
export function isAllowedAddress(address: string, allowLoopback: boolean): boolean {
  if (isIP(address) === 4) return loopback4.check(address) ? allowLoopback : !special4.check(address);
  if (isIP(address) !== 6) return false;
  if (address === '::1') return allowLoopback;
  return global6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
}

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Addresses of a host, as the system resolves it. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export const systemResolve: Resolve = (hostname) => lookup(hostname, { all: true, verbatim: true });

/**
 * The one address to connect to. All addresses of the name must be allowed: a name that also points inside is nobody's receiver.
 * @returns undefined when it is refused @throws the resolver's error
 */
export async function allowedAddress(hostname: string, allowLoopback: boolean, resolve: Resolve): Promise<ResolvedAddress | undefined> {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  const addresses = isIP(bare) ? [{ address: bare, family: isIP(bare) }] : await resolve(bare);
  return addresses.every(({ address }) => isAllowedAddress(address, allowLoopback)) ? addresses[0] : undefined;
}
