import { describe, expect, test } from '@jest/globals';
import { type NetworkInfo } from '@boop/protocol';
import { createFakeNetwork } from '../fixtures/fake-network.ts';
import { checkNetwork, createNetworkGuard, pinOf } from './network-pin.ts';

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
    const guard = createNetworkGuard(undefined);
    expect(guard(info)).toBe(info);
    expect(guard({ ...info, groupKeys: [] })).toBeDefined();
    expect(() => guard(swapKey(info, other.info, 'hpkeKey'))).toThrow(mismatch);
  });
});
