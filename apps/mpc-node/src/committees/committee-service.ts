import { agreeCommitteeKeys, correlationBatch, type CorrelationSlice } from '@boop/mpc';
import { BoopError, type Clock, concatBytes, equalBytes, lengthPrefixed, type PartyId, type Rng, uint32, utf8 } from '@boop/shared';
import { type LaneRange, lanesPerBatchMax, type PeerBody } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { isCommittee } from '../sessions/certified.ts';
import { type Activity } from './activity.ts';
import { opensslAesCtr } from './aes-ctr.ts';
import { CommitteeState } from './committee-state.ts';
import { type ProtocolRunner } from './protocol-runner.ts';

const agreeTimeoutMs = 5_000;
const fillTimeoutMs = 8_000;
/** Bounds of what waits in memory, per committee and over all. */
const lanesPerCommitteeMax = 1 << 18;
const lanesMax = 1 << 20;
const committeesMax = 64;

/** The committees in which this node sits: joint keys and correlations, made, counted and forgotten. */
export class CommitteeService {
  readonly #network: Network;
  readonly #peers: Peers;
  readonly #runner: ProtocolRunner;
  readonly #activity: Activity;
  readonly #clock: Clock;
  readonly #rng: Rng;
  /** Field of the statistics that the pool serves. */
  readonly #p: number;
  readonly #states = new Map<string, CommitteeState>();
  readonly #agreeing = new Map<string, Promise<CommitteeState>>();
  readonly #filling = new Map<string, Promise<void>>();

  constructor(input: { network: Network; peers: Peers; runner: ProtocolRunner; activity: Activity; clock: Clock; rng: Rng; p: number }) {
    this.#network = input.network;
    this.#peers = input.peers;
    this.#runner = input.runner;
    this.#activity = input.activity;
    this.#clock = input.clock;
    this.#rng = input.rng;
    this.#p = input.p;
  }

  /** Lanes that this node may still allot as a committee's lowest party. */
  availableLanes(members: readonly PartyId[]): number {
    return this.#current(members)?.account.available ?? 0;
  }

  get lanesHeld(): number {
    return [...this.#states.values()].reduce((lanes, state) => lanes + state.lanesHeld, 0);
  }

  /** Keys and correlations of committees with this party are worthless once it restarted; before, they cost nothing to keep. */
  peerChanged(): void {
    for (const [name, state] of this.#states) {
      const restarted = state.members.some((party, at) => {
        const bootId = this.#peers.bootIdOf(party);
        return bootId !== undefined && !equalBytes(bootId, state.bootIds[at]!);
      });
      if (restarted) this.#forget(name);
    }
  }

  /**
   * As the lowest party: lanes for one run, made on demand when the pool is short.
   * @throws BoopError when the committee can't agree or fill in time
   */
  async allot(members: readonly PartyId[], lanes: number): Promise<LaneRange[]> {
    if (lanes > lanesPerCommitteeMax) throw new BoopError('service.overloaded', 'the gallery is too large for one run', { kind: 'unavailable' });
    for (;;) {
      const state = await this.ensureKeys(members);
      const ranges = state.account.allot(lanes);
      if (ranges) return ranges;
      await this.fill(members, lanes - state.account.available, true);
    }
  }

  /** Keys and lanes of a run at this member; each lane at most once. @throws BoopError `committee.unknown`, `correlation.*` */
  take(members: readonly PartyId[], ranges: readonly LaneRange[]): { keys: CommitteeState['keys']; slices: CorrelationSlice[] } {
    const state = this.#current(members);
    if (!state) throw new BoopError('committee.unknown', 'this committee has no keys here', { kind: 'peer' });
    state.usedAtMs = this.#clock.nowMs();
    return { keys: state.keys, slices: state.take(ranges) };
  }

  /** As the lowest party: agrees on keys unless there are some for the members' present processes. */
  async ensureKeys(members: readonly PartyId[]): Promise<CommitteeState> {
    const name = members.join();
    const existing = this.#current(members);
    if (existing) return existing;
    const running = this.#agreeing.get(name) ?? this.#agree(members).finally(() => this.#agreeing.delete(name));
    this.#agreeing.set(name, running);
    return await running;
  }

  /** As the lowest party: one more batch; fills of one committee follow each other. */
  async fill(members: readonly PartyId[], lanes: number, urgent: boolean): Promise<void> {
    const name = members.join();
    const running = this.#filling.get(name);
    // Whoever is short looks again afterwards, and then makes its own.
    if (running) return await running.catch(() => undefined);
    const fill = this.#fill(members, roundUp(lanes), urgent).finally(() => this.#filling.delete(name));
    this.#filling.set(name, fill);
    return await fill;
  }

  /** Member's side of `committee.agree`. */
  async joinAgreement(from: PartyId, body: PeerBody<'committee.agree'>): Promise<void> {
    const members = this.#ledBy(from, body.committee);
    const present = members.map((party) => this.#peers.bootIdOf(party));
    if (body.bootIds.length !== present.length || body.bootIds.some((id, at) => !present[at] || !equalBytes(id, present[at])))
      throw new BoopError('committee.other-boot', 'the members see different processes', { kind: 'unavailable' });
    await this.#runAgreement(members, body.runId, body.bootIds);
  }

  /** Member's side of `pool.fill`. */
  async joinFill(from: PartyId, body: PeerBody<'pool.fill'>): Promise<void> {
    const members = this.#ledBy(from, body.committee);
    if (!body.urgent && !this.#activity.idle) throw new BoopError('pool.busy', 'somebody is waiting for this node', { kind: 'unavailable' });
    await this.#runFill(this.#state(members), body.batchId, body.lanes);
  }

  wipe(): void {
    for (const name of [...this.#states.keys()]) this.#forget(name);
  }

  async #agree(members: readonly PartyId[]): Promise<CommitteeState> {
    const bootIds = members.map((party) => this.#peers.bootIdOf(party));
    if (bootIds.some((id) => id === undefined)) throw new BoopError('mpc.nodes-unavailable', 'a member of the committee is down', { kind: 'unavailable' });
    const body = { committee: [...members], runId: this.#rng.bytes(16), bootIds: bootIds as Uint8Array[] };
    const [state] = await Promise.all([
      this.#runAgreement(members, body.runId, body.bootIds),
      ...this.#others(members).map((party) => this.#peers.request(party, 'committee.agree', body, agreeTimeoutMs)),
    ]);
    return state;
  }

  async #runAgreement(members: readonly PartyId[], runId: Uint8Array, bootIds: readonly Uint8Array[]): Promise<CommitteeState> {
    const { self, networkId, epoch, threshold } = this.#network;
    const context = lengthPrefixed(utf8(networkId), uint32(epoch), concatBytes(...bootIds));
    const keys = await this.#runner.run(runId, members, () => agreeCommitteeKeys({ self, committee: members, threshold, context }, this.#rng), agreeTimeoutMs);
    const state = new CommitteeState(members, bootIds, keys, this.#clock.nowMs());
    this.#forget(members.join());
    while (this.#states.size >= committeesMax) this.#forget(this.#leastRecentlyUsed());
    this.#states.set(members.join(), state);
    return state;
  }

  async #fill(members: readonly PartyId[], lanes: number, urgent: boolean): Promise<void> {
    const state = await this.ensureKeys(members);
    const batchId = this.#rng.bytes(16);
    await Promise.all([
      this.#runFill(state, batchId, lanes),
      ...this.#others(members).map((party) => this.#peers.request(party, 'pool.fill', { committee: [...members], batchId, lanes, urgent }, fillTimeoutMs)),
    ]);
    state.account.add(batchId, lanes);
  }

  async #runFill(state: CommitteeState, batchId: Uint8Array, lanes: number): Promise<void> {
    if (state.lanesHeld + lanes > 2 * lanesPerCommitteeMax) throw new BoopError('pool.full', 'this committee has enough correlations', { kind: 'unavailable' });
    while (this.lanesHeld + lanes > lanesMax && this.#states.size > 1) this.#forget(this.#leastRecentlyUsed(state));
    const { self, threshold } = this.#network;
    const input = { self, committee: state.members, threshold, keys: state.keys, p: this.#p, batchId, lanes, prf: opensslAesCtr };
    state.addBatch(batchId, await this.#runner.run(batchId, state.members, () => correlationBatch(input), fillTimeoutMs));
  }

  #others(members: readonly PartyId[]): PartyId[] {
    return members.filter((party) => party !== this.#network.self);
  }

  /** A committee of this network with this node in it, led by its lowest party. */
  #ledBy(from: PartyId, committee: readonly number[]): readonly PartyId[] {
    const { nodes, threshold, self } = this.#network;
    if (!isCommittee(committee, nodes, threshold) || !committee.includes(self) || committee[0] !== from)
      throw new BoopError('committee.not-led', 'the caller does not lead such a committee', { kind: 'peer' });
    return committee;
  }

  #current(members: readonly PartyId[]): CommitteeState | undefined {
    const state = this.#states.get(members.join());
    return state?.isOf(members.map((party) => this.#peers.bootIdOf(party))) ? state : undefined;
  }

  #state(members: readonly PartyId[]): CommitteeState {
    const state = this.#current(members);
    if (!state) throw new BoopError('committee.unknown', 'this committee has no keys here', { kind: 'unavailable' });
    return state;
  }

  #forget(name: string): void {
    this.#states.get(name)?.wipe();
    this.#states.delete(name);
  }

  #leastRecentlyUsed(except?: CommitteeState): string {
    const candidates = [...this.#states].filter(([, state]) => state !== except);
    return candidates.reduce((oldest, candidate) => (candidate[1].usedAtMs < oldest[1].usedAtMs ? candidate : oldest))[0];
  }
}

/** Batches of at least this many lanes: a batch takes some thirty rounds whatever its size. */
const lanesPerBatchMin = 2_048;
const roundUp = (lanes: number): number => Math.ceil(Math.min(Math.max(lanes, lanesPerBatchMin), lanesPerBatchMax) / 32) * 32;
