import { agreeHolderKeys, type HolderKeys } from '@boop/mpc';
import { BoopError, type Clock, concatBytes, equalBytes, lengthPrefixed, type PartyId, type Rng, uint32, utf8 } from '@boop/shared';
import { type PeerBody } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { type ProtocolRunner } from './protocol-runner.ts';
import { seeSameProcesses } from './same-processes.ts';

const agreeTimeoutMs = 5_000;
/** Sets of holders remembered for each node that starts agreements: none can have the keys of another's dropped. */
const setsPerInitiatorMax = 8;

interface HolderSet {
  /** Names one agreement; also its run id. */
  readonly id: Uint8Array;
  readonly initiator: PartyId;
  readonly parties: readonly PartyId[];
  readonly bootIds: readonly Uint8Array[];
  readonly keys: HolderKeys;
  usedAtMs: number;
}

/**
 * Joint keys among 3t+1 or more nodes, for masks that no t of them know. In memory only, and forgotten when one of the nodes has restarted. Each
 * node that leads sessions has its own with every set of nodes, so that two leaders never replace each other's.
 */
export class HolderKeysService {
  readonly #network: Network;
  readonly #peers: Peers;
  readonly #runner: ProtocolRunner;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #sets = new Map<string, HolderSet>();
  readonly #agreeing = new Map<string, Promise<HolderSet>>();

  constructor(input: { network: Network; peers: Peers; runner: ProtocolRunner; clock: Clock; rng: Rng }) {
    this.#network = input.network;
    this.#peers = input.peers;
    this.#runner = input.runner;
    this.#clock = input.clock;
    this.#rng = input.rng;
  }

  /** As the node that leads: agrees on keys unless there are some for the present processes. @returns their id */
  async ensure(parties: readonly PartyId[]): Promise<Uint8Array> {
    const name = nameOf(this.#network.self, parties);
    const existing = this.#current(name);
    if (existing) return existing.id;
    const running = this.#agreeing.get(name) ?? this.#agree(parties).finally(() => this.#agreeing.delete(name));
    this.#agreeing.set(name, running);
    return (await running).id;
  }

  /** Whether {@link ensure} would be answered at once. */
  has(parties: readonly PartyId[]): boolean {
    return this.#current(nameOf(this.#network.self, parties)) !== undefined;
  }

  /** Keys that `initiator` has agreed on with these nodes. @throws BoopError `holders.unknown` (unavailable) */
  get(initiator: PartyId, parties: readonly PartyId[], id: Uint8Array): HolderKeys {
    const set = this.#current(nameOf(initiator, parties));
    if (!set || !equalBytes(set.id, id)) throw new BoopError('holders.unknown', 'these nodes have no such keys here', { kind: 'unavailable' });
    set.usedAtMs = this.#clock.nowMs();
    return set.keys;
  }

  /** As the node that leads: lets keys go that some node no longer has. */
  forget(parties: readonly PartyId[]): void {
    this.#drop(nameOf(this.#network.self, parties));
  }

  /** Every other node's side of an agreement. @throws BoopError `holders.malformed`, `committee.other-boot` */
  async joinAgreement(from: PartyId, { parties, keysId, bootIds }: PeerBody<'holders.agree'>): Promise<void> {
    const holders = checkHolders(this.#network, from, parties);
    await seeSameProcesses(this.#peers, holders, bootIds);
    await this.#runAgreement(from, holders, keysId, bootIds);
  }

  peerChanged(): void {
    for (const [name, { parties, bootIds }] of this.#sets) {
      const restarted = parties.some((party, at) => {
        const bootId = this.#peers.bootIdOf(party);
        return bootId !== undefined && !equalBytes(bootId, bootIds[at]!);
      });
      if (restarted) this.#drop(name);
    }
  }

  wipe(): void {
    for (const name of [...this.#sets.keys()]) this.#drop(name);
  }

  async #agree(parties: readonly PartyId[]): Promise<HolderSet> {
    const { self } = this.#network;
    const bootIds = parties.map((party) => this.#peers.bootIdOf(party));
    if (bootIds.some((id) => id === undefined)) throw new BoopError('mpc.nodes-unavailable', 'a node is down', { kind: 'unavailable' });
    const body = { parties: [...parties], keysId: this.#rng.bytes(16), bootIds: bootIds as Uint8Array[] };
    const [set] = await Promise.all([
      this.#runAgreement(self, parties, body.keysId, body.bootIds),
      ...parties.filter((party) => party !== self).map((party) => this.#peers.request(party, 'holders.agree', body, agreeTimeoutMs)),
    ]);
    return set;
  }

  async #runAgreement(initiator: PartyId, parties: readonly PartyId[], id: Uint8Array, bootIds: readonly Uint8Array[]): Promise<HolderSet> {
    const { self, networkId, epoch, threshold } = this.#network;
    const context = lengthPrefixed(utf8('holders'), utf8(networkId), uint32(epoch), Uint8Array.of(initiator), concatBytes(...bootIds));
    const keys = await this.#runner.run(id, parties, () => agreeHolderKeys({ self, parties, threshold, context }, this.#rng), agreeTimeoutMs);
    const set = { id, initiator, parties, bootIds, keys, usedAtMs: this.#clock.nowMs() };
    const name = nameOf(initiator, parties);
    this.#drop(name);
    this.#makeRoom(initiator);
    this.#sets.set(name, set);
    return set;
  }

  #makeRoom(initiator: PartyId): void {
    const own = [...this.#sets].filter(([, set]) => set.initiator === initiator);
    if (own.length >= setsPerInitiatorMax) this.#drop(own.reduce((oldest, candidate) => (candidate[1].usedAtMs < oldest[1].usedAtMs ? candidate : oldest))[0]);
  }

  #current(name: string): HolderSet | undefined {
    const set = this.#sets.get(name);
    const same = set?.parties.every((party, at) => {
      const bootId = this.#peers.bootIdOf(party);
      return bootId !== undefined && equalBytes(bootId, set.bootIds[at]!);
    });
    return same ? set : undefined;
  }

  #drop(name: string): void {
    this.#sets.get(name)?.keys.wipe();
    this.#sets.delete(name);
  }
}

/**
 * At least 3t+1 nodes of this network in ascending order, with this node and the one that leads among them.
 * @throws BoopError `holders.malformed`
 */
export function checkHolders(network: Network, from: PartyId, parties: readonly number[]): readonly PartyId[] {
  const ascending = parties.every((party, at) => party >= 1 && party <= network.nodes && (at === 0 || party > parties[at - 1]!));
  if (!ascending || parties.length < network.verifiableSize || !parties.includes(network.self) || !parties.includes(from))
    throw new BoopError('holders.malformed', 'not a set of nodes that could check a split', { kind: 'peer' });
  return parties as readonly PartyId[];
}

const nameOf = (initiator: PartyId, parties: readonly PartyId[]): string => `${initiator}: ${parties.join()}`;
