import { type EpochCertificate, manifestDigest, type ManifestLink, manifestLinksMax, type NetworkManifest, verifyFirstManifest, verifyManifestLink } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Mutex } from '../mutex.ts';
import { type GovernanceStore } from './governance-store.ts';
import { type Proposals } from './proposals.ts';

/** Every manifest from the first one on, each proven by the one before; without gaps. What does not hold is never stored. */
export class ManifestChain {
  readonly #store: GovernanceStore;
  /** Own changes and several peers bring the same link at the same time; it is appended once. */
  readonly #mutex = new Mutex();
  #links: ManifestLink[] = [];

  constructor(store: GovernanceStore) {
    this.#store = store;
  }

  async load(inForce: NetworkManifest | undefined): Promise<void> {
    const links = await this.#store.links();
    // A network that moved to other addresses before its first change begins anew.
    const stale = inForce?.epoch === 1 && links[0] !== undefined && manifestDigest(links[0].proposal.manifest) !== manifestDigest(inForce);
    this.#links = stale ? [] : links;
  }

  get epochs(): number[] {
    return this.#links.map(({ proposal }) => proposal.manifest.epoch);
  }

  /** @param epoch of the first link that is wanted */
  from(epoch: number): ManifestLink[] {
    return this.#links.filter(({ proposal }) => proposal.manifest.epoch >= epoch).slice(0, manifestLinksMax);
  }

  /** Appends what has come into force here, as far as the approvals are known. */
  async extend(inForce: readonly { readonly manifest: NetworkManifest; readonly certificate: EpochCertificate | undefined }[], proposals: Proposals): Promise<void> {
    await this.#mutex.run(() => this.#extend(inForce, proposals));
  }

  async #extend(inForce: readonly { readonly manifest: NetworkManifest; readonly certificate: EpochCertificate | undefined }[], proposals: Proposals): Promise<void> {
    for (const { manifest, certificate } of [...inForce].sort((a, b) => a.manifest.epoch - b.manifest.epoch)) {
      if (manifest.epoch !== this.#links.length + 1) continue;
      const found = proposals.of(manifestDigest(manifest));
      if (!found) return;
      const approvals = found.votes.filter(({ decision }) => decision === 'approve').sort((a, b) => a.party - b.party);
      await this.#append({ proposal: found.proposal, approvals, ...(certificate && { certificate }) });
    }
  }

  /** Appends links that a peer tells. @throws BoopError `manifest.*`, `epoch.certificate` */
  async take(links: readonly ManifestLink[], inForce: NetworkManifest | undefined): Promise<void> {
    await this.#mutex.run(() => this.#take(links, inForce));
  }

  async #take(links: readonly ManifestLink[], inForce: NetworkManifest | undefined): Promise<void> {
    for (const link of links) {
      const { manifest } = link.proposal;
      if (manifest.epoch !== this.#links.length + 1) continue;
      if (inForce?.epoch === manifest.epoch && manifestDigest(inForce) !== manifestDigest(manifest)) throw new BoopError('manifest.unlinked', 'another manifest is in force here', { kind: 'peer' });
      await this.#append(link);
    }
  }

  async #append(link: ManifestLink): Promise<void> {
    const last = this.#links.at(-1);
    if (last) verifyManifestLink(link, { manifest: last.proposal.manifest });
    else verifyFirstManifest(link);
    await this.#store.putLink(link);
    this.#links.push(link);
  }
}
