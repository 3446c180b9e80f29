import { describe, expect, test } from '@jest/globals';
import { type ManifestLink, type NetworkInfo } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { approvedLink } from '../fixtures/approved-link.ts';
import { createFakeNetwork, testKey } from '../fixtures/fake-network.ts';
import { createRestClient } from '../rest/rest-client.ts';
import { systemPorts } from '../ports.ts';
import { createNetworkDirectory } from './network-directory.ts';

const invalid = new BoopError('receipt.invalid', 'The receipt does not verify', { kind: 'peer' });
const signers = Array.from({ length: 5 }, (_, at) => testKey(100 + at));
const rotated = [testKey(200), testKey(201), ...signers.slice(2)];

/** A gateway that tells of epoch 1 until it is moved to epoch 2, in which two members have other identity keys. */
async function directoryOf() {
  const { info } = await createFakeNetwork();
  const withKeys = (epoch: number, keys: typeof signers): NetworkInfo => ({ ...info, epoch, members: info.members.map((member, at) => ({ ...member, identityKey: keys[at]!.publicKey })) });
  const [first, second] = [withKeys(1, signers), withKeys(2, rotated)];
  const links: ManifestLink[] = [approvedLink({ told: second, before: signers, after: rotated, approving: [1, 2, 3] })];
  const state = { told: first, nowMs: 0, asked: 0 };
  const fetch = ((input: unknown) => {
    if (new URL(String(input)).pathname === '/v1/network/manifests') return Promise.resolve(Response.json({ links }));
    state.asked += 1;
    return Promise.resolve(Response.json(state.told));
  }) as typeof globalThis.fetch;
  const ports = systemPorts({ fetch, clock: { nowMs: () => state.nowMs } });
  const directory = createNetworkDirectory(createRestClient('https://gateway.test', 'sk_test_1', ports), undefined, ports);
  /** A receipt of nodes that sign by the keys of that epoch. */
  const receiptOf = (epoch: number) => async (network: NetworkInfo): Promise<number> => {
    if (network.epoch !== epoch) throw invalid;
    return network.epoch;
  };
  return { directory, state, second, receiptOf };
}

describe('what nodes signed', () => {
  test('is checked by the keys that are known, and asked for once', async () => {
    const { directory, state, receiptOf } = await directoryOf();
    expect([await directory.check(receiptOf(1)), await directory.check(receiptOf(1))]).toEqual([1, 1]);
    expect(state.asked).toBe(1);
  });

  test('is checked by the keys of now where the known ones are those of before, and by those of before while sessions of then end', async () => {
    const { directory, state, second, receiptOf } = await directoryOf();
    await directory.check(receiptOf(1));
    state.told = second;
    expect(await directory.check(receiptOf(2))).toBe(2);
    expect((await directory.info()).epoch).toBe(2);
    expect(await directory.check(receiptOf(1))).toBe(1);
    state.nowMs += 11 * 60_000;
    await expect(directory.check(receiptOf(1))).rejects.toBe(invalid);
  });

  test('that holds by no keys is refused as it was first, and other errors at once', async () => {
    const { directory, state, second, receiptOf } = await directoryOf();
    await directory.info();
    state.told = second;
    await expect(directory.check(receiptOf(3))).rejects.toBe(invalid);
    const asked = state.asked;
    const other = new BoopError('token.invalid', 'The token does not verify', { kind: 'peer' });
    await expect(directory.check(() => Promise.reject(other))).rejects.toBe(other);
    expect(state.asked).toBe(asked);
  });
});
