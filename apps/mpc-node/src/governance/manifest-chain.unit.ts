import { describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { systemRng as rng } from '@boop/platform';
import { epochReadinessBytes, epochReadinessDomain, type EpochReadiness, followManifests, manifestDigest, type ManifestLink, type ManifestProposal, manifestVoteBytes, manifestVoteDomain, type NetworkManifest, parseManifest } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { type GovernanceStore } from './governance-store.ts';
import { ManifestChain } from './manifest-chain.ts';

const hash = (): string => toBase64Url(rng.bytes(32));
const keys = [1, 2, 3].map(() => SigningKey.generate(rng));
const hpkeKeys = keys.map(hash);

const manifestOf = (epoch: number): NetworkManifest =>
  parseManifest({
    v: 1,
    networkId: 'net',
    testNetwork: true,
    epoch,
    threshold: 1,
    members: keys.map(({ publicKey }, at) => ({ party: at + 1, name: `node-${at + 1}`, jurisdiction: 'CH', identityKey: publicKey, hpkeKey: hpkeKeys[at], host: '127.0.0.1', linkPort: 1_000 + at })),
    logOrigin: 'log.example/net',
    operatingPoints: [{ id: 'p', encoder: 'e', falseMatchRate: 1e-6, theta: 1 }],
    defaultOperatingPoint: 'p',
    consentTexts: [{ version: '1', locale: 'en', title: 't', text: 't' }],
  });

function linkOf(epoch: number): ManifestLink {
  const manifest = manifestOf(epoch);
  const proposal: ManifestProposal = { v: 1, networkId: 'net', previous: epoch === 1 ? null : manifestDigest(manifestOf(epoch - 1)), manifest };
  const approvals = keys.map((key, at) => {
    const vote = { party: at + 1, decision: 'approve' as const, time: 1_001 };
    return { ...vote, signature: key.sign(manifestVoteDomain, manifestVoteBytes(proposal, vote)) };
  });
  if (epoch === 1) return { proposal, approvals };
  const readiness: EpochReadiness = { v: 1, networkId: 'net', from: epoch - 1, to: epoch, manifest: manifestDigest(manifest), attempt: toBase64Url(rng.bytes(16)), head: { rows: 0, digest: hash() }, keys: hash(), time: 1_500 };
  return { proposal, approvals, certificate: { readiness, signatures: keys.map((key, at) => ({ party: at + 1, signature: key.sign(epochReadinessDomain, epochReadinessBytes(readiness)) })) } };
}

/** A store of links alone, in which every write takes a turn of the event loop, as in a database. */
const slowStore = (stored: ManifestLink[]): GovernanceStore =>
  ({
    links: async () => [...stored],
    putLink: async (link: ManifestLink) => {
      await new Promise((resolve) => setImmediate(resolve));
      stored.push(link);
    },
  }) as Partial<GovernanceStore> as GovernanceStore;

describe('the chain of manifests at a node', () => {
  test('has each link once, however many peers tell it at the same time', async () => {
    const stored: ManifestLink[] = [];
    const chain = new ManifestChain(slowStore(stored));
    const links = [1, 2, 3].map(linkOf);
    await Promise.all([chain.take(links, undefined), chain.take(links.slice(0, 2), undefined), chain.take(links, undefined)]);
    expect(chain.epochs).toEqual([1, 2, 3]);
    expect(stored).toEqual(links);
    expect(followManifests(manifestOf(1), chain.from(2)).map(({ epoch }) => epoch)).toEqual([2, 3]);
  });

  test('refuses a link that does not follow, and takes the right one afterwards', async () => {
    const chain = new ManifestChain(slowStore([]));
    const [first, second, third] = [1, 2, 3].map(linkOf) as [ManifestLink, ManifestLink, ManifestLink];
    await chain.take([first], undefined);
    const { certificate: _, ...uncertified } = second;
    const outcomes = await Promise.allSettled([chain.take([uncertified], undefined), chain.take([third], undefined), chain.take([second], undefined)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(outcomes[0]).toMatchObject({ reason: { code: 'epoch.certificate' } });
    expect(chain.epochs).toEqual([1, 2]);
  });
});
