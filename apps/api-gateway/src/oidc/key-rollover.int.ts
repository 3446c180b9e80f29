import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import { publicJwk } from '@boop/identity';
import { RelyingParty } from '../testing/relying-party.ts';
import { groupKeyStore } from '../store/group-key-store.ts';
import { openDatabase } from '../store/database.ts';
import { eventually, TestGateway } from '../testing/test-gateway.ts';

let gateway: TestGateway;
let party: RelyingParty;

beforeAll(async () => {
  gateway = await TestGateway.start();
  party = new RelyingParty(gateway);
  await party.register();
}, 120_000);
afterAll(() => gateway?.stop());

const jwks = async () => (await gateway.call('GET', '/.well-known/jwks.json')) as { body: { keys: { kid: string }[] }; headers: Headers };
const kids = async (): Promise<string[]> => (await jwks()).body.keys.map(({ kid }) => kid);

/** A client that verifies signatures by the JWKS that it fetched when it first needed one. */
async function running() {
  const config = await party.configure();
  client.enableNonRepudiationChecks(config);
  const signIn = async () => {
    const { verifier, url } = await party.begin(config);
    return await client.authorizationCodeGrant(config, await party.signIn(url), { pkceCodeVerifier: verifier });
  };
  return { config, signIn };
}

describe('the nodes\' key rolls over', () => {
  test('under a running client, which verifies tokens of both keys', async () => {
    const old = gateway.nodes.tokenKey;
    const [oldKid, gatewayKid] = await kids();
    expect(oldKid).toBe(publicJwk(old).kid);
    const next = publicJwk(gateway.nodes.announceTokenKey()).kid;
    await eventually(async () => (await kids()).includes(next));
    expect(await kids()).toEqual([oldKid, next, gatewayKid]);
    expect((await jwks()).headers.get('cache-control')).toBe('public, max-age=60');

    const { config, signIn } = await running();
    const before = await signIn();
    expect(decodeProtectedHeader(before.id_token!).kid).toBe(oldKid);
    gateway.nodes.rollTokenKey();
    const after = await signIn();
    expect(decodeProtectedHeader(after.id_token!).kid).toBe(next);
    await eventually(async () => (await kids())[0] === next);
    expect(await kids()).toEqual([next, oldKid, gatewayKid]);

    // The provider knows the old token as a hint still.
    const out = await party.browser().get(client.buildEndSessionUrl(config, { id_token_hint: before.id_token! }).href);
    expect(out.status).toBe(200);
  });

  test('not to a key that nobody announced', async () => {
    const { signIn } = await running();
    const before = await kids();
    gateway.nodes.rollTokenKey();
    await expect(signIn()).rejects.toThrow('the probe was answered by');
    expect(await kids()).toEqual(before);
  });

  test('and the key before is kept until the time of its tokens is over', async () => {
    const database = openDatabase(gateway.databaseUrl);
    try {
      const store = groupKeyStore(database);
      const held = async () => (await store.all()).map(({ name }) => name);
      expect(await store.retire('token-previous', Date.now() - 20 * 60_000)).toBe(false);
      expect(await held()).toContain('token-previous');
      expect(await store.retire('token-previous', Date.now() + 1_000)).toBe(true);
      expect(await held()).not.toContain('token-previous');
    } finally {
      await database.$disconnect();
    }
  });
});
