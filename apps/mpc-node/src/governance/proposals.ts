import { approvalsNeeded, checkSuccession, countVotes, isValidVote, manifestDigest, type ManifestDecision, type ManifestProposal, type ManifestVote, manifestVoteBytes, manifestVoteDomain, type NetworkManifest, proposalDigest, proposalEntry, proposalState, type ProposalState, voteEntry } from '@boop/protocol';
import { separated } from '@boop/identity';
import { BoopError, type Clock, type PartyId, toBase64Url } from '@boop/shared';
import { Mutex } from '../mutex.ts';
import { proposalsMax } from './governance-methods.ts';
import { type GovernanceStore, type StoredProposal } from './governance-store.ts';
import { type PendingEntries } from './pending-entries.ts';

const clockSkewSeconds = 120;
const windowSecondsMax = 30 * 86_400;
/** Open proposals that one custodian may have brought about, so that a single one can't fill the others' tables. */
const openPerPartyMax = 8;

interface Known {
  readonly digest: string;
  readonly manifestHash: string;
  readonly proposal: ManifestProposal;
  votes: readonly ManifestVote[];
}

/** A proposal as custodians see it. */
export interface ProposalView {
  readonly digest: string;
  readonly manifestHash: string;
  readonly proposal: ManifestProposal;
  readonly state: ProposalState;
  readonly approvals: readonly number[];
  readonly rejections: readonly number[];
  readonly needed: number;
}

/**
 * The proposals that this node knows. Each stands on signed votes only, so that it does not matter who brings it; one that does not follow the manifest in
 * force, that is out of its time or that carries a signature which does not hold is refused and changes nothing.
 */
export class Proposals {
  readonly #input: {
    self: PartyId;
    inForce: () => NetworkManifest | undefined;
    store: GovernanceStore;
    signIdentity: (bytes: Uint8Array) => Uint8Array;
    entries: Pick<PendingEntries, 'vouch' | 'stored'>;
    clock: Clock;
  };
  readonly #known = new Map<string, Known>();
  /** Manifests that are or were in force, by digest. */
  readonly #manifests = new Map<string, NetworkManifest>();
  readonly #digests = new WeakMap<NetworkManifest, string>();
  readonly #mutex = new Mutex();
  readonly #listeners = new Set<(digest: string) => void>();

  constructor(input: { self: PartyId; inForce: () => NetworkManifest | undefined; store: GovernanceStore; signIdentity: (bytes: Uint8Array) => Uint8Array; entries: Pick<PendingEntries, 'vouch' | 'stored'>; clock: Clock }) {
    this.#input = input;
  }

  /** @param inForce manifests that are or were */
  async load(inForce: readonly NetworkManifest[]): Promise<void> {
    for (const manifest of inForce) this.learn(manifest);
    for (const { proposal, votes } of await this.#input.store.proposals()) {
      const digest = proposalDigest(proposal);
      if (proposal.previous === null || this.#manifests.has(proposal.previous)) this.#known.set(digest, { digest, manifestHash: manifestDigest(proposal.manifest), proposal, votes });
    }
  }

  /** A manifest has come into force. */
  learn(manifest: NetworkManifest): void {
    this.#manifests.set(manifestDigest(manifest), manifest);
  }

  /** Called with the digest of a proposal that is new or has new votes. */
  onChange(listener: (digest: string) => void): void {
    this.#listeners.add(listener);
  }

  list(): ProposalView[] {
    return [...this.#known.values()].map((known) => this.#view(known));
  }

  /** @throws BoopError `proposal.unknown` */
  get(digest: string): StoredProposal {
    const known = this.#known.get(digest);
    if (!known) throw new BoopError('proposal.unknown', 'this node knows no such proposal');
    return { proposal: known.proposal, votes: known.votes };
  }

  /** Votes of a proposal whose manifest has this digest and follows that one; undefined where none is known. */
  of(manifestHash: string): StoredProposal | undefined {
    return [...this.#known.values()].find((known) => known.manifestHash === manifestHash && countVotes(known.votes).approvals.length >= this.#neededFor(known.proposal));
  }

  /** The next manifest, once enough custodians have approved it; of several the one with the lowest digest, at every node. */
  approved(): NetworkManifest | undefined {
    const inForce = this.#input.inForce();
    if (!inForce) return undefined;
    const digest = this.#digestOf(inForce);
    const next = [...this.#known.values()].filter(({ proposal }) => proposal.previous === digest);
    const approved = next.map((known) => this.#view(known)).filter(({ state }) => state === 'approved');
    return approved.sort((a, b) => (a.digest < b.digest ? -1 : 1))[0]?.proposal.manifest;
  }

  /** Proposes a manifest, which this custodian approves. @returns its digest @throws BoopError as of {@link add} */
  async propose(manifest: NetworkManifest, lastsSeconds: number | undefined): Promise<string> {
    const inForce = this.#inForce();
    const from = this.#nowSeconds();
    const proposal: ManifestProposal = { v: 1, networkId: inForce.networkId, previous: manifestDigest(inForce), manifest, ...(lastsSeconds !== undefined && { window: { from, until: from + lastsSeconds } }) };
    await this.add({ proposal, votes: [this.#sign(proposal, 'approve')] });
    return proposalDigest(proposal);
  }

  /** This custodian's word on a proposal that is open. @throws BoopError `proposal.unknown`, `proposal.closed` */
  async decide(digest: string, decision: ManifestDecision): Promise<void> {
    const { proposal } = this.get(digest);
    const { state, approvals, rejections } = this.#view(this.#known.get(digest)!);
    const said = decision === 'approve' ? approvals : rejections;
    if (said.includes(this.#input.self)) return;
    if (state !== 'open' && state !== 'approved') throw new BoopError('proposal.closed', `the proposal is ${state}`);
    if (decision === 'reject' && approvals.includes(this.#input.self)) throw new BoopError('proposal.closed', 'an approval cannot be taken back');
    await this.add({ proposal, votes: [this.#sign(proposal, decision)] });
  }

  /** This custodian's word on a network's first manifest, which it was started with. */
  async approveFirst(manifest: NetworkManifest): Promise<void> {
    await this.#approveOnce({ v: 1, networkId: manifest.networkId, previous: null, manifest });
  }

  /** This custodian's word on a manifest that custodians agreed on outside of the network. */
  async approveGiven(manifest: NetworkManifest): Promise<void> {
    await this.#approveOnce({ v: 1, networkId: manifest.networkId, previous: this.#digestOf(this.#inForce()), manifest });
  }

  async #approveOnce(proposal: ManifestProposal): Promise<void> {
    const known = this.#known.get(proposalDigest(proposal));
    if (known?.votes.some(({ party, decision }) => party === this.#input.self && decision === 'approve')) return;
    await this.add({ proposal, votes: [this.#sign(proposal, 'approve')] });
  }

  /**
   * Takes in a proposal or more votes on one. Durable when it resolves.
   * @throws BoopError `proposal.unlinked` (it follows another manifest: replayed, or late), `proposal.expired`, `proposal.bad-vote` (altered, or by nobody
   * who may vote), `proposal.too-many`
   */
  async add(offered: StoredProposal): Promise<void> {
    await this.#mutex.run(() => this.#add(offered));
  }

  async #add({ proposal, votes }: StoredProposal): Promise<void> {
    const digest = proposalDigest(proposal);
    const known = this.#known.get(digest);
    const voters = this.#votersOf(proposal);
    if (!known) this.#checkNew(proposal);
    const added = votes.filter((vote) => !known?.votes.some((other) => other.party === vote.party && other.decision === vote.decision));
    if (added.length === 0 && known) return;
    if (votes.length === 0 || !added.every((vote) => isValidVote(proposal, vote, voters))) throw new BoopError('proposal.bad-vote', 'a vote is not signed by a custodian who may vote', { kind: 'peer' });
    if (!known) await this.#makeRoom(votes);
    const { store, entries } = this.#input;
    const vouched = [known ? undefined : proposalEntry(proposal), ...added.map((vote) => voteEntry(proposal, vote))].flatMap((entry) => (entry ? [entries.vouch(entry)] : []));
    await store.addProposal(digest, { proposal, votes: added }, vouched);
    entries.stored(vouched);
    this.#known.set(digest, { digest, manifestHash: manifestDigest(proposal.manifest), proposal, votes: [...(known?.votes ?? []), ...added] });
    for (const listener of this.#listeners) listener(digest);
  }

  #checkNew(proposal: ManifestProposal): void {
    const inForce = this.#inForce();
    const { window } = proposal;
    if (proposal.previous !== null) checkSuccession(proposal, { manifest: inForce, digest: manifestDigest(inForce) });
    else if (manifestDigest(proposal.manifest) !== manifestDigest(inForce)) throw new BoopError('manifest.unlinked', 'this network began with another manifest', { kind: 'peer' });
    const now = this.#nowSeconds();
    if (window && (window.until <= now || window.from > now + clockSkewSeconds || window.until - window.from > windowSecondsMax)) throw new BoopError('proposal.expired', 'the proposal is out of its time', { kind: 'peer' });
  }

  async #makeRoom(votes: readonly ManifestVote[]): Promise<void> {
    const views = this.list();
    const open = views.filter(({ state }) => state === 'open');
    const tooMany = votes.every(({ party }) => open.filter(({ approvals }) => approvals.includes(party)).length >= openPerPartyMax);
    const closed = views.filter(({ state }) => state !== 'open' && state !== 'approved');
    if (tooMany || (this.#known.size >= proposalsMax && closed.length === 0)) throw new BoopError('proposal.too-many', 'too many proposals are open', { kind: 'unavailable' });
    if (this.#known.size < proposalsMax) return;
    const { digest } = closed[0]!;
    await this.#input.store.removeProposals([digest]);
    this.#known.delete(digest);
  }

  #view({ digest, manifestHash, proposal, votes }: Known): ProposalView {
    const inForce = this.#input.inForce();
    const { approvals, rejections } = countVotes(votes);
    const executed = this.#manifests.has(manifestHash);
    const state = inForce ? proposalState(proposal, votes, { manifest: this.#votersOf(proposal), digest: this.#digestOf(inForce), executed }, this.#nowSeconds()) : 'expired';
    return { digest, manifestHash, proposal, state, approvals, rejections, needed: this.#neededFor(proposal) };
  }

  #neededFor(proposal: ManifestProposal): number {
    return approvalsNeeded(proposal, this.#votersOf(proposal));
  }

  /** Whose custodians vote. */
  #votersOf(proposal: ManifestProposal): NetworkManifest {
    const voters = proposal.previous === null ? proposal.manifest : this.#manifests.get(proposal.previous);
    if (!voters) throw new BoopError('manifest.unlinked', 'the proposal follows a manifest that was never in force', { kind: 'peer' });
    return voters;
  }

  #sign(proposal: ManifestProposal, decision: ManifestDecision): ManifestVote {
    const vote = { party: this.#input.self as number, decision, time: this.#nowSeconds() };
    return { ...vote, signature: toBase64Url(this.#input.signIdentity(separated(manifestVoteDomain, manifestVoteBytes(proposal, vote)))) };
  }

  /** @throws BoopError `proposal.not-a-member` */
  #inForce(): NetworkManifest {
    const inForce = this.#input.inForce();
    if (!inForce) throw new BoopError('proposal.not-a-member', 'this node has yet to join', { kind: 'unavailable' });
    return inForce;
  }

  #digestOf(manifest: NetworkManifest): string {
    const digest = this.#digests.get(manifest) ?? manifestDigest(manifest);
    this.#digests.set(manifest, digest);
    return digest;
  }

  #nowSeconds(): number {
    return Math.floor(this.#input.clock.nowMs() / 1000);
  }
}
