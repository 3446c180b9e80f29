import { type Logger } from '@boop/platform';
import { isBoopError, type PartyId } from '@boop/shared';
import { type GovernanceLink } from './governance-link.ts';
import { type GovernanceHandlers } from './governance-methods.ts';
import { type ManifestChain } from './manifest-chain.ts';
import { type Proposals } from './proposals.ts';
import { type NetworkManifest } from '@boop/protocol';

/** How often a node asks the others what they know; news is told at once besides. */
const periodMs = 3_000;

/** Spreads proposals, votes and the chain of manifests among the nodes, whoever is up and in whatever order. */
export class Gossip {
  readonly #input: { link: GovernanceLink; proposals: Proposals; chain: ManifestChain; inForce: () => NetworkManifest | undefined; software: string | undefined; onSoftware: (party: PartyId, digest: string | undefined) => void; log: Logger };
  #timer: NodeJS.Timeout | undefined;
  #asking = false;

  constructor(input: { link: GovernanceLink; proposals: Proposals; chain: ManifestChain; inForce: () => NetworkManifest | undefined; software: string | undefined; onSoftware: (party: PartyId, digest: string | undefined) => void; log: Logger }) {
    this.#input = input;
    input.proposals.onChange((digest) => void this.#tell(digest));
  }

  readonly handlers: GovernanceHandlers = {
    'governance.summary': async () => {
      const { proposals, chain, software } = this.#input;
      const known = proposals.list().map(({ digest }) => ({ digest, votes: proposals.get(digest).votes.length }));
      return { proposals: known, links: chain.epochs, ...(software !== undefined && { software }) };
    },
    'governance.proposal': async (_from, { digest }) => {
      const { proposal, votes } = this.#input.proposals.get(digest);
      return { proposal, votes: [...votes] };
    },
    'governance.offer': async (_from, offered) => {
      await this.#input.proposals.add(offered);
      return {};
    },
    'governance.links': async (_from, { from }) => ({ links: this.#input.chain.from(from) }),
  };

  start(): void {
    this.#timer = setInterval(() => void this.ask(), periodMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Asks all others once what they know. */
  async ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      for (const party of this.#input.link.others()) await this.#learnFrom(party).catch((error: unknown) => this.#refused(party, error));
    } finally {
      this.#asking = false;
    }
  }

  async #learnFrom(party: PartyId): Promise<void> {
    const { link, proposals, chain, inForce, onSoftware } = this.#input;
    const summary = await link.request(party, 'governance.summary', {});
    onSoftware(party, summary.software);
    const known = new Map(proposals.list().map(({ digest }) => [digest, proposals.get(digest).votes.length]));
    for (const { digest, votes } of inForce() ? summary.proposals : []) {
      // One that was refused before is refused again; the others of this node still count.
      if (votes > (known.get(digest) ?? 0)) await link.request(party, 'governance.proposal', { digest }).then((offered) => proposals.add(offered)).catch((error: unknown) => this.#refused(party, error));
    }
    const first = chain.epochs.length + 1;
    if (summary.links.some((epoch) => epoch >= first)) await chain.take((await link.request(party, 'governance.links', { from: first })).links, inForce());
  }

  async #tell(digest: string): Promise<void> {
    const { link, proposals } = this.#input;
    const { proposal, votes } = proposals.get(digest);
    await Promise.all(link.others().map((party) => link.request(party, 'governance.offer', { proposal, votes: [...votes] }).catch((error: unknown) => this.#refused(party, error))));
  }

  #refused(party: PartyId, error: unknown): void {
    this.#input.log.debug('what a node knows of manifests was not exchanged', { peer: party, code: isBoopError(error) ? error.code : 'internal' });
  }
}
