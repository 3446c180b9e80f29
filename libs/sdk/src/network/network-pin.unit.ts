import { describe, expect, test } from '@jest/globals';
import { type ManifestLink, type NetworkInfo } from '@boop/protocol';
import { approvedLink } from '../fixtures/approved-link.ts';
import { createFakeNetwork, testKey } from '../fixtures/fake-network.ts';
import { checkNetwork, createNetworkGuard, type NetworkPin, pinOf } from './network-pin.ts';

const mismatch = expect.objectContaining({ code: 'network.mismatch', kind: 'fatal' });
const swapKey = (info: NetworkInfo, other: NetworkInfo, key: 'hpkeKey' | 'identityKey'): NetworkInfo => ({
  ...info,
  members: info.members.map((member, i) => (i === 2 ? { ...member, [key]: other.members[2]![key] } : member)),
});

describe('the pinned network', () => {
  test('takes the network that it names', async () => {
    const { info } = await createFakeNetwork();
    expect(checkNetwork(info, pinOf(info))).toBe(info);
  });

  test('refuses another key of one node, another network, another threshold, fewer nodes', async () => {
    const { info } = await createFakeNetwork();
    const other = await createFakeNetwork({ seed: 2 });
    const smaller = await createFakeNetwork({ nodes: 4 });
    for (const wrong of [swapKey(info, other.info, 'hpkeKey'), swapKey(info, other.info, 'identityKey'), { ...info, networkId: 'other-net' }, { ...info, threshold: 2 }, smaller.info])
      expect(() => checkNetwork(wrong, pinOf(info))).toThrow(mismatch);
  });

  test('without a pin the first answer binds the later ones', async () => {
    const { info } = await createFakeNetwork();
    const other = await createFakeNetwork({ seed: 2 });
    const guard = createNetworkGuard(undefined, async () => []);
    expect(await guard(info)).toBe(info);
    expect(await guard({ ...info, groupKeys: [] })).toBeDefined();
    await expect(guard(swapKey(info, other.info, 'hpkeKey'))).rejects.toThrow(mismatch);
    await expect(guard({ ...swapKey(info, other.info, 'hpkeKey'), epoch: info.epoch + 1 })).rejects.toThrow(mismatch);
    // Another epoch of the same members needs no word of theirs: nothing is sealed to other keys.
    expect(await guard({ ...info, epoch: info.epoch + 1 })).toBeDefined();
  });

  test('members that the known ones approved are taken, and no others', async () => {
    const { info } = await createFakeNetwork();
    const signers = Array.from({ length: info.nodes }, (_, at) => testKey(100 + at));
    const known = { ...info, members: info.members.map((member, at) => ({ ...member, identityKey: signers[at]!.publicKey })) };
    const replaced = testKey(200);
    const told: NetworkInfo = { ...known, epoch: info.epoch + 1, members: known.members.map((member, at) => (at === 2 ? { ...member, identityKey: replaced.publicKey } : member)) };
    const link = (approving: readonly number[]): ManifestLink => approvedLink({ told, before: signers, after: signers.with(2, replaced), approving });
    const guard = (links: readonly ManifestLink[]) => createNetworkGuard(pinOf(known), async () => links);
    const following = guard([link([1, 2, 4])]);
    expect(await following(told)).toBe(told);
    // What was left behind is not gone back to.
    await expect(following(known)).rejects.toThrow(mismatch);
    await expect(guard([])(told)).rejects.toThrow(mismatch);
    await expect(guard([link([1, 2])])(told)).rejects.toThrow(mismatch);
    await expect(guard([link([1, 2, 4])])({ ...told, members: info.members })).rejects.toThrow(mismatch);
    await expect(createNetworkGuard({ ...pinOf(known), epoch: undefined } as unknown as NetworkPin, async () => [link([1, 2, 4])])(told)).rejects.toThrow(mismatch);
  });
});
