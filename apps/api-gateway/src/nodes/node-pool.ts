import { EventEmitter } from 'node:events';
import { type Logger } from '@boop/platform';
import { epochDrainSeconds, type Member, type NetworkManifest, type NodeStatus } from '@boop/protocol';
import { type GroupKeyRecord } from '../services/ports.ts';
import { Admission } from './admission.ts';
import { agreedGroupKeys, chooseLeader } from './agreement.ts';
import { BoopError } from '@boop/shared';
import { askNode, type NodeAnswer, type NodeLink, type NodeMethod, type NodeRequest } from './node-link.ts';

const pollMs = 1_000;
const statusTimeoutMs = 1_500;
/** A node whose link stands may be late once. */
const missedMax = 1;
/** A place at the nodes. */
export interface Turn {
  readonly leader: number;
  /** Gives it back; more than once is the same as once. */
  end(): void;
}

/** Methods in which the nodes search their galleries. */
const searches: ReadonlySet<string> = new Set(['authentication.run', 'authentication.match']);

interface Peer {
  member: Member;
  readonly link: NodeLink;
  status?: NodeAnswer<'node.status'> | undefined;
  /** Questions in a row that it did not answer in time. */
  missed: number;
  /** Milliseconds that its clock is ahead of ours, at the last status. */
  clockOffsetMs?: number;
}

/**
 * The gateway's links to all nodes and what they last said of themselves. A node is available while its link is up and it calls itself
 * ready; nothing ever waits for a node that is not. Event `change`: somebody came, went, or reports another gallery.
 */
export class NodePool extends EventEmitter<{ change: []; keys: [GroupKeyRecord[]] }> {
  #peers: readonly Peer[] = [];
  /** Members that left; sessions that they lead end there. */
  readonly #leaving = new Map<Peer, NodeJS.Timeout>();
  #threshold: number;
  readonly #connect: (member: Member) => NodeLink;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #admission = new Admission();
  #turn = 0;
  #seen = '';

  constructor(options: { members: readonly Member[]; threshold: number; connect: (member: Member) => NodeLink; log: Logger }) {
    super();
    this.#threshold = options.threshold;
    this.#log = options.log;
    this.#connect = options.connect;
    this.#peers = options.members.map((member) => this.#open(member));
    this.#timer = setInterval(() => this.#peers.forEach((peer) => void this.#poll(peer)), pollMs);
  }

  /** Another manifest is in force: opens links to members that are new or moved; members that left are asked no more for what begins. */
  follow({ members, threshold }: Pick<NetworkManifest, 'members' | 'threshold'>): void {
    const before = this.#peers;
    const kept = (member: Member): Peer | undefined => before.find((peer) => peer.member.party === member.party && peer.member.host === member.host && peer.member.linkPort === member.linkPort);
    this.#threshold = threshold;
    this.#peers = members.map((member) => {
      const peer = kept(member);
      if (peer) peer.member = member;
      return peer ?? this.#open(member);
    });
    for (const peer of before) if (!this.#peers.includes(peer)) this.#leaving.set(peer, setTimeout(() => this.#leave(peer), 1_000 * epochDrainSeconds).unref());
    this.#announce();
  }

  /** Links of all members that are up, for questions that any of them answers. */
  links(): readonly NodeLink[] {
    return this.#peers.map(({ link }) => link);
  }

  /** How many searches the nodes are asked for at once, by whom, and how many were refused. */
  get load(): Pick<Admission, 'limit' | 'active' | 'waiting' | 'refused'> {
    return this.#admission;
  }

  get needed(): number {
    return 2 * this.#threshold + 1;
  }

  /** Parties whose link is up, in order. */
  live(): number[] {
    return this.#peers.filter(({ link }) => link.connected).map(({ member }) => member.party);
  }

  /** Live parties that call themselves ready, in order. */
  available(): number[] {
    return this.#peers.filter(({ link, status }) => link.connected && status?.ready === true).map(({ member }) => member.party);
  }

  /** @throws BoopError `mpc.nodes-unavailable` at once when fewer than 2t+1 are up */
  assertAvailable(): void {
    chooseLeader(this.available(), this.needed, 0);
  }

  /**
   * Waits shortly for a place at the nodes, as `Admission` says; round robin over the available ones.
   * @throws BoopError at once: `mpc.nodes-unavailable` when fewer than 2t+1 are up; `service.overloaded` when they have enough to do
   */
  async takeTurn(): Promise<Turn> {
    this.assertAvailable();
    const end = await this.#admission.enter();
    try {
      this.#turn = (this.#turn + 1) >>> 0;
      return { leader: chooseLeader(this.available(), this.needed, this.#turn), end };
    } catch (error) {
      end();
      throw error;
    }
  }

  /** The next leader for a split of another epoch than the one in force: a node that was the same member then. @throws BoopError `mpc.nodes-unavailable` */
  leaderIn({ members }: Pick<NetworkManifest, 'members'>): number {
    const serving = this.available().filter((party) => members.some((member) => member.party === party && member.identityKey === this.#peers[party - 1]!.member.identityKey));
    return chooseLeader(serving, 1, this.#turn);
  }

  /** A registration is stored by all N or by none; the lowest party leads. @throws BoopError `mpc.nodes-unavailable` */
  registrationLeader(): number {
    return chooseLeader(this.available(), this.#peers.length, 0);
  }

  ask<Method extends NodeMethod>(party: number, method: Method, body: NodeRequest<Method>, timeoutMs: number): Promise<NodeAnswer<Method>> {
    const ask = () => askNode(this.#linkOf(party), method, body, timeoutMs);
    return searches.has(method) ? this.#admission.during(ask, outcomeOf) : ask();
  }

  statuses(): NodeStatus[] {
    return this.#peers.map(({ member: { party, name, jurisdiction }, link, status, clockOffsetMs }) => ({
      party,
      name,
      jurisdiction,
      live: link.connected,
      ready: link.connected && status?.ready === true,
      ...(status ? { galleryRows: status.galleryRows, correlations: status.correlations, uptimeSeconds: status.uptimeSeconds, epoch: status.epoch } : {}),
      ...(status && clockOffsetMs !== undefined ? { clockOffsetSeconds: Math.round(clockOffsetMs) / 1000 } : {}),
    }));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    await Promise.all([...this.#peers, ...this.#leaving.keys()].map(({ link }) => link.close()));
  }

  #open(member: Member): Peer {
    const peer: Peer = { member, link: this.#connect(member), missed: 0 };
    peer.link.on('up', () => void this.#poll(peer));
    peer.link.on('down', () => {
      peer.status = undefined;
      this.#announce();
    });
    return peer;
  }

  #leave(peer: Peer): void {
    this.#leaving.delete(peer);
    peer.link.close().catch((error: unknown) => this.#log.warn('a link was not closed', { party: peer.member.party, error }));
  }

  /** @throws BoopError `mpc.nodes-unavailable` */
  #linkOf(party: number): NodeLink {
    const peer = [...this.#peers, ...this.#leaving.keys()].find(({ member }) => member.party === party);
    if (!peer) throw new BoopError('mpc.nodes-unavailable', 'the node has left', { kind: 'unavailable' });
    return peer.link;
  }

  async #poll(peer: Peer): Promise<void> {
    if (!peer.link.connected) return;
    try {
      const askedMs = Date.now();
      const status = await askNode(peer.link, 'node.status', {}, statusTimeoutMs);
      if (status.timeMs !== undefined) peer.clockOffsetMs = status.timeMs - (askedMs + Date.now()) / 2;
      peer.missed = 0;
      peer.status = status.party === peer.member.party ? status : undefined;
    } catch (error) {
      if (++peer.missed > missedMax) peer.status = undefined;
      this.#log.warn('node did not tell its status', { party: peer.member.party, error });
    }
    this.#announce();
  }

  #announce(): void {
    const keys = agreedGroupKeys(this.#peers.flatMap(({ status }) => (status ? [status.groupKeys] : [])), this.#threshold);
    if (keys.length) this.emit('keys', keys);
    const seen = JSON.stringify(this.#peers.map(({ link, status }) => [link.connected, status?.ready, status?.galleryRows]));
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.emit('change');
  }
}

/** A search that found nobody is over before anything is verified or signed. */
const outcomeOf = (answer: object): string => ('held' in answer ? 'held' : 'accepted' in answer && answer.accepted === true ? 'accepted' : 'rejected');
