import { describe, expect, test } from '@jest/globals';
import { systemRng as rng } from '@boop/platform';
import { followManifests, type ManifestLink } from '@boop/protocol';
import { ManifestLinks } from '../testing/manifest-links.ts';
import { type GovernanceStore } from './governance-store.ts';
import { ManifestChain } from './manifest-chain.ts';

const signed = new ManifestLinks(3, rng);
const linkOf = (epoch: number): ManifestLink => (epoch === 1 ? signed.first(signed.manifest(1)) : signed.next(signed.manifest(epoch - 1), signed.manifest(epoch)));

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
    expect(followManifests(signed.manifest(1), chain.from(2)).map(({ epoch }) => epoch)).toEqual([2, 3]);
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
