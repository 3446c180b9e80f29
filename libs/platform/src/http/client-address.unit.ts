import { describe, expect, test } from '@jest/globals';
import { TrustedProxies } from './client-address.ts';

describe('whose request it is', () => {
  const proxies = new TrustedProxies(['10.1.0.0/16', '2001:db8::1']);
  test.each([
    ['somebody whom no proxy stands before', '203.0.113.7', undefined, '203.0.113.7'],
    ['somebody who claims to be another', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['a client of a proxy', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['a client of a proxy that claims to be another', '10.1.2.3', '127.0.0.1, 198.51.100.1', '198.51.100.1'],
    ['a client of two proxies', '10.1.2.3', '198.51.100.1, 2001:db8::1', '198.51.100.1'],
    ['a proxy itself', '10.1.2.3', undefined, '10.1.2.3'],
    ['a proxy that says something else than an address', '10.1.2.3', '198.51.100.1, unknown', '10.1.2.3'],
    ['one of an address with IPv4 in IPv6', '::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ])('%s', (_name, peer, forwardedFor, client) => {
    expect(proxies.clientOf(peer, forwardedFor)).toBe(client);
  });
});
