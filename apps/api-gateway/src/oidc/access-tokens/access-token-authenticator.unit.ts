import { describe, expect, test } from '@jest/globals';
import { type Provider } from 'oidc-provider';
import { OidcSecrets } from '../oidc-secrets.ts';
import { type AccessTokenDependencies, AccessTokenAuthenticator } from './access-token-authenticator.ts';

const value = 'a-token-of-43-characters-as-the-provider-has';

function authenticator(token: object | undefined, vendors: readonly string[] = ['shop']): AccessTokenAuthenticator {
  const provider = { ClientCredentials: { find: async (asked: string) => (asked === value ? token : undefined) } } as unknown as Provider;
  const directory = { vendor: async (id: string) => (vendors.includes(id) ? { id, name: id, sector: id, authenticationsPerMinute: 1, suspended: id === 'barred' } : undefined) } as unknown as AccessTokenDependencies['directory'];
  return new AccessTokenAuthenticator({ provider: () => provider, directory, database: undefined as never, secrets: new OidcSecrets(new Uint8Array(32)), url: 'https://gateway.example', clock: { nowMs: () => 0 } as AccessTokenDependencies['clock'] });
}
const ask = (token: object | undefined, authorization: string | undefined, vendors?: readonly string[]) =>
  authenticator(token, vendors).authenticate({ method: 'GET', url: '/v1/x', headers: authorization === undefined ? {} : { authorization }, ip: '::1' });

describe('an access token', () => {
  const valid = { isValid: true, clientId: 'shop', jkt: undefined };

  test('stands for its vendor while the token lives and the vendor is active', async () => {
    await expect(ask(valid, `Bearer ${value}`)).resolves.toEqual({ role: 'vendor', id: 'shop' });
    await expect(ask({ ...valid, isValid: false }, `Bearer ${value}`)).resolves.toBeUndefined();
    await expect(ask(valid, `Bearer ${value}`, [])).resolves.toBeUndefined();
    await expect(ask({ ...valid, clientId: 'barred' }, `Bearer ${value}`, ['barred'])).resolves.toBeUndefined();
    await expect(ask(undefined, `Bearer ${value}`)).resolves.toBeUndefined();
  });

  test.each([undefined, '', 'Bearer short', `Basic ${value}`, `Bearer ${value} more`])('is not what %p carries', async (authorization) => {
    await expect(ask(valid, authorization)).resolves.toBeUndefined();
  });

  test('is used as it is bound, and no other way', async () => {
    const refused = { code: 'request.unauthenticated' };
    await expect(ask(valid, `DPoP ${value}`)).rejects.toMatchObject(refused);
    await expect(ask({ ...valid, jkt: 'thumbprint' }, `Bearer ${value}`)).rejects.toMatchObject(refused);
    await expect(ask({ ...valid, jkt: 'thumbprint' }, `DPoP ${value}`)).rejects.toMatchObject(refused);
  });
});
