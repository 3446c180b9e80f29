import { type Logger, type NodeMesh } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { type Clock, isBoopError, type PartyId } from '@boop/shared';
import { epochEntry } from '../epochs/certificate.ts';
import { type EpochStore, type StoredEpoch } from '../epochs/epoch-store.ts';
import { type SignAs } from '../epochs/epoch-member.ts';
import { meshGovernanceLink } from './governance-link.ts';
import { type GovernanceHandlers } from './governance-methods.ts';
import { type GovernanceStore } from './governance-store.ts';
import { Gossip } from './gossip.ts';
import { ManifestChain } from './manifest-chain.ts';
import { PendingEntries } from './pending-entries.ts';
import { Proposals } from './proposals.ts';

const periodMs = 1_000;
const firstEpoch = 1;

/** A node's part in the decisions of its custodians. */
export class Governance {
  readonly proposals: Proposals;
  readonly chain: ManifestChain;
  readonly entries: PendingEntries;
  readonly handlers: GovernanceHandlers;
  readonly #gossip: Gossip;
  readonly #input: GovernanceSurroundings;
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  /** Given, and no manifest that may follow; said once. */
  #refused: NetworkManifest | undefined;
  /** Epoch that was in force at the last look. */
  #epoch = 0;

  constructor(input: GovernanceSurroundings) {
    this.#input = input;
    const { self, store, clock, log, signAs } = input;
    const inForce = (): NetworkManifest | undefined => this.inForce();
    const signIdentity = (bytes: Uint8Array): Uint8Array => signAs(input.inForce() ?? input.started, bytes);
    this.entries = new PendingEntries({ self, store, signIdentity });
    this.proposals = new Proposals({ self, inForce, store, signIdentity, entries: this.entries, clock });
    this.chain = new ManifestChain(store);
    this.#gossip = new Gossip({ link: meshGovernanceLink(input.mesh), proposals: this.proposals, chain: this.chain, inForce, software: input.software, onSoftware: input.onSoftware, log });
    this.handlers = this.#gossip.handlers;
  }

  /** The manifest of the epoch that this node serves; undefined while it has yet to join. */
  inForce(): NetworkManifest | undefined {
    return this.#input.inForce();
  }

  async load(): Promise<void> {
    const { started, epochs } = this.#input;
    const committed = await committedEpochs(epochs);
    await this.entries.load();
    await this.proposals.load([...(started.epoch === firstEpoch ? [started] : []), ...committed.map(({ manifest }) => manifest)]);
    await this.chain.load(this.inForce());
    // Whoever died between the commit and this one makes good for it.
    for (const { certificate } of committed) if (certificate) await this.entries.stand(epochEntry(certificate.readiness));
  }

  start(): void {
    this.#gossip.start();
    this.#timer = setInterval(() => void this.tick(), periodMs).unref();
  }

  stop(): void {
    this.#gossip.stop();
    clearInterval(this.#timer);
  }

  /** A peer's link came up. */
  peerUp(): void {
    void this.#gossip.ask();
  }

  /** Says what this node's custodian has approved beforehand, and takes note of what has come into force. */
  async tick(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await this.#look();
    } catch (error) {
      this.#input.log.warn('manifests not brought up to date', { code: isBoopError(error) ? error.code : 'internal', error });
    } finally {
      this.#busy = false;
    }
  }

  async #look(): Promise<void> {
    const { self, started, given, epochs } = this.#input;
    const inForce = this.inForce();
    if (!inForce) return;
    if (inForce.epoch !== this.#epoch) {
      for (const { manifest } of await committedEpochs(epochs)) this.proposals.learn(manifest);
      this.#epoch = inForce.epoch;
    }
    if (inForce.epoch === firstEpoch && inForce.members[self - 1]) await this.proposals.approveFirst(inForce);
    const next = given();
    if (next && next !== this.#refused && next.epoch === inForce.epoch + 1) {
      await this.proposals.approveGiven(next).catch((error: unknown) => {
        this.#refused = next;
        throw error;
      });
    }
    if (this.chain.epochs.length >= inForce.epoch) return;
    const first = started.epoch === firstEpoch ? [{ manifest: started, certificate: undefined }] : [];
    await this.chain.extend([...first, ...(await committedEpochs(epochs))], this.proposals);
  }
}

export interface GovernanceSurroundings {
  readonly self: PartyId;
  readonly mesh: Pick<NodeMesh, 'self' | 'live' | 'request'>;
  readonly store: GovernanceStore;
  readonly epochs: EpochStore;
  /** The manifest that this node was started with. */
  readonly started: NetworkManifest;
  readonly inForce: () => NetworkManifest | undefined;
  /** A manifest that the custodian has approved by putting it in its place. */
  readonly given: () => NetworkManifest | undefined;
  readonly signAs: SignAs;
  readonly software: string | undefined;
  readonly onSoftware: (party: PartyId, digest: string | undefined) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

const committedEpochs = async (epochs: EpochStore): Promise<StoredEpoch[]> => (await epochs.load()).filter(({ state }) => state === 'committed');
