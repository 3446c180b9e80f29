import { ownerAuthorization, ownerCallBytes, ownerCallDomain, SigningKey, signAsOwner, signedOwnerCall } from '@boop/identity';
import { systemRng } from '@boop/platform';
import { toBase64Url } from '@boop/shared';
import { type Role } from '../access/roles.ts';
import { keys, type TestGateway } from './test-gateway.ts';

const person = SigningKey.generate(systemRng);

/** An `Authorization` header of each role for one request. */
export type Credentials = Readonly<Record<Role, (method: string, path: string) => string>>;

/** Has an admin make the keys that the seed doesn't hold; a person signs each request. */
export async function credentialsOfAllRoles(gateway: TestGateway, networkId: string): Promise<Credentials> {
  const make = async (role: string): Promise<string> => {
    const { status, body } = await gateway.call('POST', '/v1/api-keys', { key: keys.admin, body: { role, principal: `some-${role}` } });
    if (status !== 201) throw new Error(`no key for ${role}`);
    return (body as { key: string }).key;
  };
  const bearer = (key: string) => () => `Bearer ${key}`;
  return {
    vendor: bearer(keys.shop),
    terminal: bearer(keys.till),
    admin: bearer(keys.admin),
    auditor: bearer(keys.auditor),
    attester: bearer(await make('attester')),
    adjudicator: bearer(await make('adjudicator')),
    custodian: bearer(await make('custodian')),
    person: (method, path) => signedCall(networkId, method, path),
  };
}

function signedCall(networkId: string, method: string, path: string): string {
  // Other methods are not a person's to sign.
  if (method !== 'GET' && method !== 'POST') return 'Boop-Owner none';
  const record = { v: 1, kind: 'owner-call', networkId, accountKey: person.publicKey, method, path: path.split('?', 1)[0]!, issuedAt: Math.floor(Date.now() / 1000), nonce: toBase64Url(systemRng.bytes(16)) } as const;
  return ownerAuthorization(signedOwnerCall(record, signAsOwner(ownerCallDomain, ownerCallBytes(record), person)));
}
