import { type BoopError, type PartyId } from '@boop/shared';
import { parseTokenClaims } from '@boop/identity';
import { type PeerMethod } from '../link/peer-methods.ts';
import { altered, type Path, pathsOf } from './altered.ts';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './fixtures.ts';
import { MemoryNetwork } from './memory-network.ts';

/** One value of one kind of message that one node alters whenever it sends it. */
export interface NodeLie {
  readonly liar: PartyId;
  readonly method: PeerMethod;
  readonly direction: 'request' | 'answer';
  readonly path: Path;
}

export type NodeEnding = 'accepted' | 'rejected' | string;

/** What came of a lie, told in a session of somebody who is registered and in one of a stranger. */
export interface NodeResult {
  readonly lie: NodeLie;
  readonly told: number;
  readonly known: NodeEnding;
  readonly stranger: NodeEnding;
  /** Named by honest nodes. */
  readonly named: readonly PartyId[];
  /** The registered person got a token in another name. */
  readonly misnamed: boolean;
}

/** Leads sessions on a network in memory in which one node alters what it sends. */
export class CheatingNode {
  readonly network: MemoryNetwork;
  readonly #palm: Int8Array;
  readonly #stranger: Int8Array;
  readonly #sub: string;
  #seed = 0;

  private constructor(network: MemoryNetwork, palm: Int8Array, stranger: Int8Array, sub: string) {
    this.network = network;
    this.#palm = palm;
    this.#stranger = stranger;
    this.#sub = sub;
  }

  static async create(nodes: number, rng: MemoryNetwork['rng'], order: MemoryNetwork['searchOrder']): Promise<CheatingNode> {
    const network = await MemoryNetwork.create({ nodes, threshold: 1 }, rng);
    network.searchOrder = order;
    const [palm, stranger] = [randomPalm(rng), randomPalm(rng)];
    for (const each of [randomPalm(rng), palm]) await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': each }, network.clock.nowMs()));
    const first = new CheatingNode(network, palm, stranger, '');
    const { sub } = await first.#authenticate(1, palm);
    return new CheatingNode(network, palm, stranger, sub!);
  }

  /** All lies of one node, found by watching an honest session that it leads and one that it helps in. */
  async liesOf(liar: PartyId): Promise<NodeLie[]> {
    const { hub } = this.network;
    const seen = new Map<string, NodeLie>();
    const watch =
      (direction: NodeLie['direction']) =>
      (from: PartyId, to: PartyId, method: PeerMethod, body: unknown): undefined => {
        if ((direction === 'request' ? from : to) !== liar) return;
        for (const path of pathsOf(body)) {
          // One of several alike.
          const name = `${method} ${direction} ${path.map((key) => (typeof key === 'number' ? '#' : key)).join('.')}`;
          if (!seen.has(name)) seen.set(name, { liar, method, direction, path });
        }
      };
    hub.onRequest = watch('request');
    hub.onAnswer = watch('answer');
    for (const leader of [liar, this.#before(liar)]) for (const template of [this.#palm, this.#stranger]) await this.#authenticate(leader, template);
    this.#quiet();
    return [...seen.values()];
  }

  async tell(lie: NodeLie): Promise<NodeResult> {
    const { network } = this;
    const { liar, method, direction, path } = lie;
    let told = 0;
    const alter = (from: PartyId, to: PartyId, asked: PeerMethod, body: unknown): unknown => {
      const speaks = direction === 'request' ? from : to;
      if (speaks !== liar || asked !== method) return body;
      try {
        const lied = altered(body, path, (this.#seed += 1));
        told += 1;
        return lied;
      } catch {
        return body;
      }
    };
    if (direction === 'request') network.hub.onRequest = alter;
    else network.hub.onAnswer = alter;
    network.blames.length = 0;
    // Whoever asks leads; whoever answers helps its neighbour, which has it sign.
    const leader = direction === 'request' && method !== 'run.lanes' ? liar : this.#before(liar);
    // What a lie about the end of a session has left open is too old by now.
    for (const { sessions } of network.nodes.values()) sessions.expire();
    const known = await this.#authenticate(leader, this.#palm);
    const stranger = await this.#authenticate(leader, this.#stranger);
    this.#quiet();
    await this.#settled(leader);
    const named = network.blames.filter(({ by }) => by !== liar).flatMap((blame) => blame.named);
    // Let the standing of those who were named, or silent, be forgotten.
    network.offsetMs += 11 * 60_000;
    return { lie, told, known: known.ending, stranger: stranger.ending, named, misnamed: known.sub !== undefined && known.sub !== this.#sub };
  }

  async #authenticate(leader: number, template: Int8Array): Promise<{ ending: NodeEnding; sub?: string }> {
    const { network } = this;
    const request = await probe(network.splitter, authenticationContext(network.manifest, network.rng, network.clock.nowMs()), capture(template, network.rng));
    try {
      const { accepted, idToken } = await network.node(leader).authentications.run(request);
      return accepted ? { ending: 'accepted', sub: parseTokenClaims(idToken!).sub } : { ending: 'rejected' };
    } catch (error) {
      return { ending: (error as BoopError).code };
    }
  }

  #before(party: PartyId): number {
    return party === 1 ? this.network.members.length : party - 1;
  }

  #quiet(): void {
    this.network.hub.onRequest = undefined;
    this.network.hub.onAnswer = undefined;
  }

  /** Until whoever led investigates no more: it ends its own session after that, whatever the others are told of its end. */
  async #settled(leader: number): Promise<void> {
    const { sessions } = this.network.node(leader);
    for (const deadline = Date.now() + 60_000; sessions.count > 0 && Date.now() < deadline; ) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
