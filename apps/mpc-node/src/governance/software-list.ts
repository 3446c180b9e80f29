import { type Logger } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { BoopError, type PartyId } from '@boop/shared';

/**
 * Whose software the manifest of an epoch lists. Each node says for itself what it runs, so this keeps out machines that were forgotten at an upgrade or
 * installed wrongly, not liars. A manifest without a list takes any.
 */
export class SoftwareList {
  readonly #self: PartyId;
  readonly #own: string | undefined;
  readonly #onChange: (party: PartyId) => void;
  readonly #log: Logger;
  readonly #told = new Map<PartyId, string | undefined>();

  /** @param input.own digest of what runs here; `onChange` when a node runs something else than before */
  constructor(input: { self: PartyId; own: string | undefined; onChange: (party: PartyId) => void; log: Logger }) {
    this.#self = input.self;
    this.#own = input.own;
    this.#onChange = input.onChange;
    this.#log = input.log;
  }

  /** What a peer says that it runs. */
  told(party: PartyId, digest: string | undefined): void {
    if (this.#told.get(party) === digest) return;
    this.#told.set(party, digest);
    this.#log.info('software of a peer', { peer: party, digest });
    this.#onChange(party);
  }

  /** A peer is listed once it has said that it runs what is. */
  lists({ software }: Pick<NetworkManifest, 'software'>, party: PartyId): boolean {
    if (!software) return true;
    const digest = party === this.#self ? this.#own : this.#told.get(party);
    return digest !== undefined && software.includes(digest);
  }

  /** @throws BoopError `node.software-not-listed` where this node may not serve the epoch of this manifest */
  demandOwn(manifest: Pick<NetworkManifest, 'software' | 'epoch'>): void {
    if (this.lists(manifest, this.#self)) return;
    throw new BoopError('node.software-not-listed', `the software that runs here (${this.#own ?? 'no digest known'}) is not among those of epoch ${manifest.epoch}: install one that is listed`, { kind: 'fatal' });
  }

  /** @throws BoopError `peer.software-not-listed` (unavailable) */
  demand(manifest: Pick<NetworkManifest, 'software'>, party: PartyId): void {
    if (!this.lists(manifest, party)) throw new BoopError('peer.software-not-listed', 'the software of this node is not among those of the epoch', { kind: 'unavailable' });
  }
}
