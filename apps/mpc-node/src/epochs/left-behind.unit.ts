import { describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { silentLogger, systemRng as rng } from '@boop/platform';
import { type EpochCertificate, epochReadinessBytes, epochReadinessDomain, type EpochReadiness, manifestDigest, type ManifestLink, type NetworkManifest, parseManifest } from '@boop/protocol';
import { partyId, toBase64Url } from '@boop/shared';
import { type AssembledNode } from '../assemble.ts';
import { type EpochHost } from './epoch-host.ts';
import { EpochMember } from './epoch-member.ts';
import { type EpochStore, type StoredEpoch } from './epoch-store.ts';

const keys = [1, 2, 3, 4].map(() => SigningKey.generate(rng));
const hpkeKeys = keys.map(() => toBase64Url(rng.bytes(32)));
const manifestOf = (epoch: number, count: number): NetworkManifest =>
  parseManifest({
    v: 1,
    networkId: 'net',
    testNetwork: true,
    epoch,
    threshold: 1,
    members: keys.slice(0, count).map(({ publicKey }, at) => ({ party: at + 1, name: `node-${at + 1}`, jurisdiction: 'CH', identityKey: publicKey, hpkeKey: hpkeKeys[at], host: '127.0.0.1', linkPort: 1_000 + at })),
    logOrigin: 'log.example/net',
    operatingPoints: [{ id: 'p', encoder: 'e', falseMatchRate: 1e-6, theta: 1 }],
    defaultOperatingPoint: 'p',
    consentTexts: [{ version: '1', locale: 'en', title: 't', text: 't' }],
  });

function linkOf(manifest: NetworkManifest): ManifestLink & { certificate: EpochCertificate } {
  const hash = toBase64Url(rng.bytes(32));
  const readiness: EpochReadiness = { v: 1, networkId: 'net', from: manifest.epoch - 1, to: manifest.epoch, manifest: manifestDigest(manifest), attempt: toBase64Url(rng.bytes(16)), head: { rows: 0, digest: hash }, keys: hash, time: 1_500 };
  const signatures = manifest.members.map(({ party }) => ({ party, signature: keys[party - 1]!.sign(epochReadinessDomain, epochReadinessBytes(readiness)) }));
  return { proposal: { v: 1, networkId: 'net', previous: hash, manifest }, approvals: [], certificate: { readiness, signatures } };
}

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
  const without = manifestOf(2, 3);

  test('leaves once it learns that it has no place any more, once', async () => {
    const { member, stored, activated } = nodeFour();
    const link = linkOf(without);
    expect(await member.leave(undefined)).toBe(false);
    expect(await member.leave(link)).toBe(true);
    expect([activated, stored.get(2)]).toMatchObject([[without], { state: 'committed', certificate: link.certificate }]);
    expect(await member.leave(link)).toBe(false);
    expect(activated).toHaveLength(1);
  });

  test('leaves also where an attempt was left open that came to nothing', async () => {
    const { member, stored } = nodeFour({ epoch: 2, attempt: rng.bytes(16), manifest: without, state: 'preparing', certificate: undefined });
    const link = linkOf(without);
    expect(await member.leave(link)).toBe(true);
    expect(stored.get(2)).toMatchObject({ state: 'committed', certificate: link.certificate });
  });

  test('stays where it has a place, where the change is another one, and where its members have not signed', async () => {
    const { member, activated } = nodeFour();
    const unsigned = linkOf(without);
    for (const link of [linkOf(manifestOf(2, 4)), linkOf(manifestOf(3, 3))]) expect(await member.leave(link)).toBe(false);
    unsigned.certificate.signatures.pop();
    await expect(member.leave(unsigned)).rejects.toMatchObject({ code: 'epoch.certificate' });
    expect(activated).toEqual([]);
  });
});
