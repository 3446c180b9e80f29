import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { commitTo, parseMutation, verifyCommitment, verifyMapProof, verifyOwnerHistory } from '@boop/log';
import { systemRng } from '@boop/platform';
import { type NetworkInfo } from '@boop/protocol';
import { createRegistrationClient } from '@boop/sdk';
import { fromBase64Url, toBase64Url, utf8 } from '@boop/shared';
import { type RunningLedger } from './ledger.ts';
import { AccountHolder, newSigner } from './testing/account-holder.ts';
import { eventually } from './testing/eventually.ts';
import { LedgerFixture } from './testing/ledger-fixture.ts';

let fixture: LedgerFixture;
let ledger: RunningLedger;
let network: NetworkInfo;
const client = createRegistrationClient({ bridgeUrl: 'ws://127.0.0.1:9' });
const receipt = { logEntry: toBase64Url(systemRng.bytes(32)) };

beforeAll(async () => {
  fixture = await LedgerFixture.start(['map']);
  ledger = await fixture.ledger('map');
  await eventually(async () => ledger.leads());
  const url = `http://127.0.0.1:${ledger.httpPort}`;
  // The nodes have to be connected.
  const verifierKey = await eventually(async () => ((await (await fetch(`${url}/v1/log/key`)).json()) as { verifierKey?: string }).verifierKey);
  const { networkId, epoch, threshold, testNetwork, operatingPoints, defaultOperatingPoint, members, logOrigin: origin } = fixture.network.manifest;
  network = {
    networkId, epoch, nodes: members.length, threshold, testNetwork, operatingPoints, defaultOperatingPoint,
    issuer: url, encoder: operatingPoints[0]!.encoder, groupKeys: [], jwksUrl: url, bridgeUrl: 'ws://127.0.0.1:9',
    members: members.map(({ party, name, jurisdiction, identityKey, hpkeKey }) => ({ party, name, jurisdiction, identityKey, hpkeKey })),
    log: { origin, verifierKey, url },
  };
});
afterAll(async () => await fixture.stop());

describe('the account of a registration, by the SDK', () => {
  test('is opened by the key that registered, and its owner can prove its history', async () => {
    const accountKey = SigningKey.generate(systemRng);
    const account = await client.createAccount(network, { accountKey, receipt });
    const { log } = network;
    const { history, value, index } = verifyMapProof(account.proof, { vkey: log.verifierKey, vrfKey: fixture.vrfKey.public, label: account.label });
    expect([toBase64Url(account.label), index]).toEqual([accountKey.publicKey, account.index]);
    expect(history).toEqual([parseMutation(account.mutation)]);
    expect(() => verifyOwnerHistory('another.example/log', [account.mutation])).toThrow(expect.objectContaining({ code: 'mutation.bad-signature' }));
    // The ledger was told nothing that it could show; the owner can.
    expect(value).toBeUndefined();
    expect(toBase64Url(account.value)).toBe(receipt.logEntry);
    verifyCommitment(history![0]!.commitment, { opening: account.opening, label: account.label, version: 0, value: account.value });
    const [{ count }] = await fixture.databases.query<{ count: number }>('map', 'SELECT count(*)::int AS count FROM openings') as [{ count: number }];
    expect(count).toBe(0);
    // Whoever repeats it, from key and receipt alone, gets the same account.
    expect(await client.createAccount(network, { accountKey, receipt })).toMatchObject({ index: account.index, opening: account.opening, mutation: account.mutation });
    await expect(client.createAccount(network, { accountKey, receipt: { logEntry: toBase64Url(systemRng.bytes(32)) } })).rejects.toMatchObject({ code: 'mutation.wrong-version' });
  });

  test('is not signed for an index that does not come from the pinned key of the map', async () => {
    await expect(client.createAccount(network, { accountKey: SigningKey.generate(systemRng), receipt, vrfKey: toBase64Url(newSigner().publicKey) })).rejects.toMatchObject({ code: expect.stringMatching(/^vrf\./) });
  });

  test('is not believed when somebody else stands at its index', async () => {
    const accountKey = SigningKey.generate(systemRng);
    const squatter = new AccountHolder(network.log.origin, fixture.vrfKey.secret, 'unused');
    const label = fromBase64Url(accountKey.publicKey);
    const { index } = (await (await fetch(`${network.log.url}/v1/ledger/map/indexes/${accountKey.publicKey}`)).json()) as { index: string };
    const commitment = commitTo({ opening: systemRng.bytes(32), label, version: 0, value: utf8('mine') });
    const { mutation } = squatter.next('', { index: fromBase64Url(index), commitment });
    const taken = await fetch(`${network.log.url}/v1/ledger/mutations`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ mutation: toBase64Url(mutation), label: accountKey.publicKey }) });
    expect(taken.status).toBe(202);
    await expect(client.createAccount(network, { accountKey, receipt })).rejects.toMatchObject({ code: 'mutation.wrong-version' });
  });

  test('can be opened from a browser on another origin', async () => {
    const asked = await fetch(`${network.log.url}/v1/ledger/mutations`, { method: 'OPTIONS', headers: { origin: 'https://kiosk.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' } });
    expect([asked.status, asked.headers.get('access-control-allow-origin'), asked.headers.get('access-control-allow-headers')]).toEqual([204, '*', expect.stringContaining('content-type')]);
  });
});
