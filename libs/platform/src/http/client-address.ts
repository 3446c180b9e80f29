import { BlockList, isIP } from 'node:net';

/** Addresses and networks (`10.0.0.0/8`) of the proxies whose word about their clients is taken. */
export class TrustedProxies {
  readonly #list = new BlockList();

  constructor(proxies: readonly string[]) {
    for (const proxy of proxies) {
      const [address, prefix] = proxy.split('/') as [string, string?];
      if (prefix === undefined) this.#list.addAddress(address, familyOf(address));
      else this.#list.addSubnet(address, Number(prefix), familyOf(address));
    }
  }

  has(address: string): boolean {
    return isIP(address) !== 0 && this.#list.check(address, familyOf(address));
  }

  /**
   * Whose request this is: the peer, or where that is a trusted proxy, the last address of `X-Forwarded-For` that is none. What stands before that is
   * the client's own word and worth nothing.
   */
  clientOf(peer: string, forwardedFor: string | undefined): string {
    let client = peer;
    for (const claimed of (forwardedFor ?? '').split(',').reverse()) {
      if (!this.has(client) || isIP(claimed.trim()) === 0) return client;
      client = claimed.trim();
    }
    return client;
  }
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
