import { describe, expect, test } from '@jest/globals';
import { silentLogger, systemRng as rng } from '@boop/platform';
import { type EpochCertificate, type NetworkManifest } from '@boop/protocol';
import { partyId } from '@boop/shared';
import { type AssembledNode } from '../assemble.ts';
import { ManifestLinks } from '../testing/manifest-links.ts';
import { type EpochHost } from './epoch-host.ts';
import { EpochMember } from './epoch-member.ts';
import { type EpochStore, type StoredEpoch } from './epoch-store.ts';

const links = new ManifestLinks(4, rng);
const linkTo = (manifest: NetworkManifest) => links.next(links.manifest(manifest.epoch - 1), manifest);

/** Node 4 of four, in the first epoch. */
function nodeFour(open?: StoredEpoch) {
  const stored = new Map<number, StoredEpoch>(open ? [[open.epoch, open]] : []);
  const activated: NetworkManifest[] = [];
  const member = new EpochMember({
    self: partyId(4),
    host: {
      current: () => ({ node: { network: { networkId: 'net', epoch: 1, threshold: 1 }, registrar: { close: () => undefined } } as unknown as AssembledNode, shares: {} }),
      activate: async (manifest: NetworkManifest) => void activated.push(manifest),
    } as unknown as EpochHost,
    store: {
      load: async () => [...stored.values()],
      begin: async (epoch: number, attempt: Uint8Array, manifest: NetworkManifest) => void stored.set(epoch, { epoch, attempt, manifest, state: 'preparing', certificate: undefined }),
      commit: async (certificate: EpochCertificate) => void stored.set(certificate.readiness.to, { ...stored.get(certificate.readiness.to)!, state: 'committed', certificate }),
    } as unknown as EpochStore,
    runner: {} as never,
    entries: { stand: async () => undefined } as never,
    signAs: () => new Uint8Array(64),
    clock: { nowMs: () => 1_500_000 },
    rng,
    log: silentLogger,
  });
  return { member, stored, activated };
}

describe('a node that was away while the network changed', () => {
  const without = links.manifest(2, 3);

  test('leaves once it learns that it has no place any more, once', async () => {
    const { member, stored, activated } = nodeFour();
    const link = linkTo(without);
    expect(await member.leave(undefined)).toBe(false);
    expect(await member.leave(link)).toBe(true);
    expect([activated, stored.get(2)]).toMatchObject([[without], { state: 'committed', certificate: link.certificate }]);
    expect(await member.leave(link)).toBe(false);
    expect(activated).toHaveLength(1);
  });

  test('leaves also where an attempt was left open that came to nothing', async () => {
    const { member, stored } = nodeFour({ epoch: 2, attempt: rng.bytes(16), manifest: without, state: 'preparing', certificate: undefined });
    const link = linkTo(without);
    expect(await member.leave(link)).toBe(true);
    expect(stored.get(2)).toMatchObject({ state: 'committed', certificate: link.certificate });
  });

  test('stays where it has a place, where the change is another one, and where its members have not signed', async () => {
    const { member, activated } = nodeFour();
    const unsigned = linkTo(without);
    for (const link of [linkTo(links.manifest(2)), linkTo(links.manifest(3, 3))]) expect(await member.leave(link)).toBe(false);
    unsigned.certificate.signatures.pop();
    await expect(member.leave(unsigned)).rejects.toMatchObject({ code: 'epoch.certificate' });
    expect(activated).toEqual([]);
  });
});
