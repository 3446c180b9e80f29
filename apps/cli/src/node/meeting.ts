import { type Server } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { separated } from '@boop/identity';
import { type KeyCustody } from '@boop/platform';
import { isValidVote, manifestDigest, type ManifestLink, type ManifestProposal, type ManifestVote, manifestVoteBytes, manifestVoteDomain, type NetworkManifest, verifyFirstManifest } from '@boop/protocol';
import { BoopError, isBoopError, toBase64Url } from '@boop/shared';
import { firstManifest, type NetworkPlan } from './first-manifest.ts';
import { meet, meetingTls, type MeetingParty, serveMeeting } from './meeting-link.ts';
import { type MeetingMessage } from './meeting-messages.ts';
import { type MemberDescriptor, type SignedDescriptor } from './member-descriptor.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface MeetingInput {
  readonly custody: KeyCustody;
  readonly own: SignedDescriptor;
  readonly listen: Address;
  /** All other nodes. */
  readonly peers: readonly Address[];
  readonly plan: NetworkPlan;
  readonly nowMs: () => number;
  /** Told once for each change of what is waited for. */
  readonly onWait: (what: string) => void;
  readonly timeoutMs: number;
}

const pollMs = 250;
/** Whoever has everything still answers the others for so long. */
const lingerMs = 30_000;

/**
 * Machines that share nothing but a list of addresses agree on a network's first manifest: they show each other their descriptors, their custodians compare the
 * fingerprint of the whole by voice, and all approve it. Each asks all others and answers all others; whatever stops can be begun again.
 */
export class Meeting {
  readonly #input: MeetingInput;
  readonly #party: MeetingParty;
  readonly #server: Server;
  #manifest: NetworkManifest | undefined;
  #vote: ManifestVote | undefined;
  #complete = false;
  #waited = '';

  private constructor(input: MeetingInput, party: MeetingParty, server: Server) {
    this.#input = input;
    this.#party = party;
    this.#server = server;
  }

  /** @throws BoopError `link.port-taken` */
  static async open(input: MeetingInput): Promise<Meeting> {
    const { custody, nowMs, listen } = input;
    const opened: { meeting?: Meeting } = {};
    const message = (): MeetingMessage => opened.meeting?.message() ?? { v: 1, member: input.own, atMs: Math.round(nowMs()), complete: false };
    const party: MeetingParty = { tls: await meetingTls(custody, nowMs()), message, nowMs };
    opened.meeting = new Meeting(input, party, await serveMeeting(party, listen));
    return opened.meeting;
  }

  message(): MeetingMessage {
    const { own, nowMs } = this.#input;
    return { v: 1, member: own, atMs: Math.round(nowMs()), ...(this.#manifest && { manifest: manifestDigest(this.#manifest) }), ...(this.#vote && { vote: this.#vote }), complete: this.#complete };
  }

  /** The manifest that all descriptors make. @throws BoopError `join.*`, `manifest.invalid` */
  async gather(): Promise<NetworkManifest> {
    const { peers, own, plan } = this.#input;
    const met = await this.#untilAll('answers', async (peer) => (await meet(this.#party, peer)).member);
    for (const [at, { host, linkPort }] of met.entries()) {
      const peer = peers[at]!;
      if (host !== peer.host || linkPort !== peer.port) throw new BoopError('join.other-address', `the node at ${peer.host}:${peer.port} says that it is at ${host}:${linkPort}`, { kind: 'peer' });
    }
    this.#manifest = firstManifest([own.descriptor, ...met], plan);
    return this.#manifest;
  }

  /** Approves the manifest and waits for the approvals of all others. @throws BoopError `join.other-manifest`, `manifest.unapproved` */
  async approve(): Promise<ManifestLink> {
    const manifest = this.#manifest!;
    const { custody, own, nowMs } = this.#input;
    const proposal: ManifestProposal = { v: 1, networkId: manifest.networkId, previous: null, manifest };
    const { party } = manifest.members.find(({ identityKey }) => identityKey === own.descriptor.identityKey)!;
    const draft = { party, decision: 'approve' as const, time: Math.floor(nowMs() / 1000) };
    this.#vote = { ...draft, signature: toBase64Url(custody.signIdentity(separated(manifestVoteDomain, manifestVoteBytes(proposal, draft)))) };
    const votes = await this.#untilAll('approval', async (peer) => this.#voteOf(peer, proposal, await meet(this.#party, peer)));
    const link: ManifestLink = { proposal, approvals: [this.#vote, ...votes].sort((a, b) => a.party - b.party) };
    verifyFirstManifest(link);
    return link;
  }

  /** Ends once everybody has everything: nobody who still asks is left alone. */
  async part(): Promise<void> {
    this.#complete = true;
    const deadline = Date.now() + lingerMs;
    const parted = new Set<Address>();
    while (parted.size < this.#input.peers.length && Date.now() < deadline) {
      for (const peer of this.#input.peers) {
        // Whoever answers no more had everything.
        const done = await meet(this.#party, peer).then(({ message }) => message.complete, (error: unknown) => isBoopError(error) && error.code === 'link.unavailable');
        if (done) parted.add(peer);
      }
      if (parted.size < this.#input.peers.length) await sleep(pollMs);
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #voteOf({ host, port }: Address, proposal: ManifestProposal, { member, message }: { member: MemberDescriptor; message: MeetingMessage }): ManifestVote | undefined {
    const { manifest } = proposal;
    if (message.manifest !== undefined && message.manifest !== manifestDigest(manifest))
      throw new BoopError('join.other-manifest', `the node at ${host}:${port} makes another manifest of the same meeting: compare lists of peers, threshold, network id, kind of network and software`, { kind: 'peer' });
    if (!message.vote) return undefined;
    const expected = manifest.members.find(({ identityKey }) => identityKey === member.identityKey);
    if (!expected || message.vote.party !== expected.party || message.vote.decision !== 'approve' || !isValidVote(proposal, message.vote, manifest))
      throw new BoopError('manifest.unapproved', `the node at ${host}:${port} shows an approval that does not hold`, { kind: 'peer' });
    return message.vote;
  }

  /** Asks every peer until each has given something. Peers that are not up yet are waited for; whatever else goes wrong ends the meeting. */
  async #untilAll<T>(what: string, ask: (peer: Address) => Promise<T | undefined>): Promise<T[]> {
    const { peers, timeoutMs, onWait } = this.#input;
    const given = new Map<Address, T>();
    for (const deadline = Date.now() + timeoutMs; ; await sleep(pollMs)) {
      for (const peer of peers) {
        if (given.has(peer)) continue;
        const answer = await ask(peer).catch((error: unknown) => {
          if (isBoopError(error) && error.code === 'link.unavailable') return undefined;
          throw error;
        });
        if (answer !== undefined) given.set(peer, answer);
      }
      if (given.size === peers.length) return peers.map((peer) => given.get(peer)!);
      const missing = peers.filter((peer) => !given.has(peer)).map(({ host, port }) => `${host}:${port}`).join(', ');
      if (Date.now() > deadline) throw new BoopError('join.timeout', `no ${what} from ${missing}`, { kind: 'unavailable' });
      if (missing !== this.#waited) onWait(`waiting for the ${what} of ${missing}`);
      this.#waited = missing;
    }
  }
}
