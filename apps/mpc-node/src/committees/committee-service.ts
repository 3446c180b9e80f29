import { freeing, opensslCtr } from '@boop/engine';
import { agreeCommitteeKeys, type CommitteeKeys, type ComparisonPlan, correlationBatch, type CorrelationSlice, type HolderKeys, outsideBatch } from '@boop/mpc';
import { BoopError, type Clock, concatBytes, equalBytes, isBoopError, lengthPrefixed, type PartyId, type Rng, roundMachine, uint32, utf8 } from '@boop/shared';
import { type LaneRange, lanesPerBatchMax, type PeerBody, type PoolBackEnd } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { areHolders, isCommittee } from '../sessions/certified.ts';
import { type Activity } from './activity.ts';
import { laneKernel } from './lane-kernel.ts';
import { CommitteeState, isWide, type RunScope } from './committee-state.ts';
import { type HolderKeysService } from './holder-keys-service.ts';
import { type ProtocolRunner } from './protocol-runner.ts';
import { seeSameProcesses } from './same-processes.ts';

const agreeTimeoutMs = 5_000;
const fillTimeoutMs = 8_000;
/** Bounds of what waits in memory, per committee and over all, some 11 bytes a lane of digits and 50 of one-hot: a run over 100,000 palms takes 2.5 million lanes. */
const lanesPerCommitteeMax = 2_621_440;
const lanesMax = 5_242_880;
const committeesMax = 64;

/** How correlations are made. */
export interface Making {
  readonly backEnd: PoolBackEnd;
  readonly adder: ComparisonPlan['adder'];
}

/** The committees in which this node sits or holds masks: joint keys and correlations, made, counted and forgotten. */
export class CommitteeService {
  readonly #network: Network;
  readonly #peers: Peers;
  readonly #runner: ProtocolRunner;
  readonly #holders: HolderKeysService;
  readonly #activity: Activity;
  readonly #clock: Clock;
  readonly #rng: Rng;
  /** Field of the statistics that the pool serves. */
  readonly #p: number;
  readonly #states = new Map<string, CommitteeState>();
  readonly #agreeing = new Map<string, Promise<CommitteeState>>();
  readonly #filling = new Map<string, Promise<void>>();

  constructor(input: { network: Network; peers: Peers; runner: ProtocolRunner; holders: HolderKeysService; activity: Activity; clock: Clock; rng: Rng; p: number }) {
    this.#network = input.network;
    this.#peers = input.peers;
    this.#runner = input.runner;
    this.#holders = input.holders;
    this.#activity = input.activity;
    this.#clock = input.clock;
    this.#rng = input.rng;
    this.#p = input.p;
  }

  /** Lanes that this node may still allot as a committee's lowest party. */
  availableLanes(scope: RunScope, backEnd: PoolBackEnd): number {
    return this.#current(scope)?.accounts[backEnd].available ?? 0;
  }

  /** Whether a run of so many lanes would find them in stock, as any holder sees it. */
  hasInStock(scope: RunScope, lanes: number): boolean {
    const state = this.#current(scope);
    return state !== undefined && (['one-hot', 'digits'] as const).some((backEnd) => state.lanesLeft(backEnd) >= lanes);
  }

  get lanesHeld(): number {
    return [...this.#states.values()].reduce((lanes, state) => lanes + state.lanesHeld, 0);
  }

  /** Keys and correlations of holders of whom one restarted are worthless; before, they cost nothing to keep. */
  peerChanged(): void {
    for (const [name, { scope, bootIds }] of this.#states) {
      const restarted = scope.holders.some((party, at) => {
        const bootId = this.#peers.bootIdOf(party);
        return bootId !== undefined && !equalBytes(bootId, bootIds[at]!);
      });
      if (restarted) this.#forget(name);
    }
  }

  /**
   * As the lowest party: lanes for one run, made on demand when the pool is short.
   * @throws BoopError when the committee can't agree or fill in time
   */
  async allot(scope: RunScope, lanes: number, making: Making): Promise<LaneRange[]> {
    if (lanes > lanesPerCommitteeMax) throw new BoopError('service.overloaded', 'the gallery is too large for one run', { kind: 'unavailable' });
    for (;;) {
      const state = await this.ensureKeys(scope);
      const account = state.accounts[making.backEnd];
      const ranges = account.allot(lanes);
      if (ranges) return ranges;
      await this.fill(scope, lanes - account.available, making, true);
    }
  }

  /** Keys and lanes of a run at a member of its committee; each lane at most once. @throws BoopError `committee.unknown`, `correlation.*` */
  take(scope: RunScope, ranges: readonly LaneRange[]): { keys: CommitteeKeys; slices: CorrelationSlice[] } {
    const { keys } = this.#state(scope);
    if (!keys) throw new BoopError('committee.unknown', 'this committee has no keys here', { kind: 'peer' });
    return { keys, slices: this.takeMasks(scope, ranges) };
  }

  /** Lanes of a run at any holder. @throws BoopError `committee.unknown`, `correlation.*` */
  takeMasks(scope: RunScope, ranges: readonly LaneRange[]): CorrelationSlice[] {
    const state = this.#state(scope);
    state.usedAtMs = this.#clock.nowMs();
    return state.take(ranges);
  }

  /** As the lowest party: agrees on keys unless there are some for the holders' present processes. */
  async ensureKeys(scope: RunScope): Promise<CommitteeState> {
    const name = nameOf(scope);
    const existing = this.#current(scope);
    if (existing) return existing;
    const running = this.#agreeing.get(name) ?? this.#agree(scope).finally(() => this.#agreeing.delete(name));
    this.#agreeing.set(name, running);
    return await running;
  }

  /** As the lowest party: one more batch; fills of one committee follow each other, but an urgent one waits for none that is made in pauses. */
  async fill(scope: RunScope, lanes: number, making: Making, urgent: boolean): Promise<void> {
    const name = `${nameOf(scope)} ${urgent ? 'now' : 'in pauses'}`;
    const running = this.#filling.get(name);
    // Whoever is short looks again afterwards, and then makes its own.
    if (running) return await running.catch(() => undefined);
    const fill = this.#fill(scope, roundUp(lanes), making, urgent).finally(() => this.#filling.delete(name));
    this.#filling.set(name, fill);
    return await fill;
  }

  /** Member's side of `committee.agree`. */
  async joinAgreement(from: PartyId, body: PeerBody<'committee.agree'>): Promise<void> {
    const scope = this.#ledBy(from, body);
    if (!scope.committee.includes(this.#network.self)) throw notLed();
    await seeSameProcesses(this.#peers, scope.holders, body.bootIds);
    this.#remember(await this.#runAgreement(scope, body.runId, body.bootIds));
  }

  /** Every other holder's side of `pool.fill`. */
  async joinFill(from: PartyId, body: PeerBody<'pool.fill'>): Promise<void> {
    const scope = this.#ledBy(from, body);
    if (isWide(scope) !== (body.keysId !== undefined)) throw new BoopError('pool.no-keys', 'wider holders take keys of theirs', { kind: 'peer' });
    // Not refused: other holders would keep their lanes of a batch that never comes about.
    if (!body.urgent) await this.#activity.pause();
    if (scope.committee.includes(this.#network.self)) return await this.#runFill(this.#agreedState(scope, body.agreement), from, body);
    this.#drawOutside(this.#current(scope) ?? this.#outsideState(scope), from, body);
  }

  /** As the lowest party: lets go of what some holder has lost its part of. */
  forget(scope: RunScope): void {
    this.#forget(nameOf(scope));
  }

  wipe(): void {
    for (const name of [...this.#states.keys()]) this.#forget(name);
  }

  async #agree(scope: RunScope): Promise<CommitteeState> {
    const { committee, holders } = scope;
    const bootIds = holders.map((party) => this.#peers.bootIdOf(party));
    if (bootIds.some((id) => id === undefined)) throw new BoopError('mpc.nodes-unavailable', 'a holder is down', { kind: 'unavailable' });
    const body = { committee: [...committee], holders: [...holders], runId: this.#rng.bytes(16), bootIds: bootIds as Uint8Array[] };
    const own = this.#runAgreement(scope, body.runId, body.bootIds);
    try {
      await Promise.all([own, ...this.#others(committee).map((party) => this.#peers.request(party, 'committee.agree', body, agreeTimeoutMs))]);
    } catch (error) {
      // Keys that some member lacks: what it has of an earlier agreement would make nonsense with them.
      own.then((state) => state.wipe()).catch(() => undefined);
      throw error;
    }
    return this.#remember(await own);
  }

  async #runAgreement(scope: RunScope, runId: Uint8Array, bootIds: readonly Uint8Array[]): Promise<CommitteeState> {
    const { self, networkId, epoch, threshold } = this.#network;
    const { committee, holders } = scope;
    const context = lengthPrefixed(utf8(networkId), uint32(epoch), Uint8Array.from(holders), concatBytes(...bootIds));
    const keys = await this.#runner.run(runId, committee, () => agreeCommitteeKeys({ self, committee, threshold, context }, this.#rng), agreeTimeoutMs);
    return new CommitteeState(scope, bootIds, { id: runId, keys }, this.#clock.nowMs());
  }

  /** Masks of a committee in which this node does not sit. */
  #outsideState(scope: RunScope): CommitteeState {
    const bootIds = scope.holders.map((party) => this.#peers.bootIdOf(party));
    if (bootIds.some((id) => id === undefined)) throw new BoopError('mpc.nodes-unavailable', 'a holder is down', { kind: 'unavailable' });
    return this.#remember(new CommitteeState(scope, bootIds as Uint8Array[], undefined, this.#clock.nowMs()));
  }

  #remember(state: CommitteeState): CommitteeState {
    const name = nameOf(state.scope);
    this.#forget(name);
    while (this.#states.size >= committeesMax) this.#forget(this.#leastRecentlyUsed());
    this.#states.set(name, state);
    return state;
  }

  async #fill(scope: RunScope, lanes: number, { backEnd, adder }: Making, urgent: boolean): Promise<void> {
    const { committee, holders } = scope;
    const state = await this.ensureKeys(scope);
    const keys = isWide(scope) ? { keysId: await this.#holders.ensure(holders) } : {};
    const body = { committee: [...committee], holders: [...holders], agreement: state.agreement!, ...keys, batchId: this.#rng.bytes(16), backEnd, adder, lanes, urgent };
    try {
      await Promise.all([
        this.#runFill(state, this.#network.self, body),
        ...this.#others(holders).map((party) => this.#peers.request(party, 'pool.fill', body, fillTimeoutMs)),
      ]);
    } catch (error) {
      // A node that has lost its part of the holders' keys would refuse every batch to come; one that has no keys of the committee likewise.
      if (isBoopError(error) && error.code === 'holders.unknown') this.#holders.forget(holders);
      if (isBoopError(error) && error.code === 'committee.unknown') this.#forget(nameOf(scope));
      throw error;
    }
    state.accounts[backEnd].add(body.batchId, lanes);
  }

  async #runFill(state: CommitteeState, initiator: PartyId, body: Batch): Promise<void> {
    this.#makeRoom(state, body.lanes);
    const { self, threshold } = this.#network;
    const { scope, keys } = state;
    const { batchId, lanes, backEnd, adder, urgent } = body;
    if (!keys) throw notLed();
    const wideKeys = this.#wideKeys(scope, initiator, body);
    const input = { self, committee: scope.committee, threshold, keys, p: this.#p, backEnd, adder, batchId, lanes, prf: opensslCtr, laneKernel, ...(wideKeys && { wideKeys }) };
    const machine = freeing(roundMachine(() => correlationBatch(input)));
    state.addBatch(batchId, await this.#runner.runMachine(batchId, scope.committee, machine, fillTimeoutMs, urgent ? undefined : this.#activity), this.#clock.nowMs());
  }

  #drawOutside(state: CommitteeState, initiator: PartyId, body: Batch): void {
    this.#makeRoom(state, body.lanes);
    const { self, threshold } = this.#network;
    const { committee } = state.scope;
    const { batchId, lanes, backEnd } = body;
    const wideKeys = this.#wideKeys(state.scope, initiator, body);
    if (!wideKeys) throw notLed();
    state.addBatch(batchId, outsideBatch({ self, committee, threshold, wideKeys, p: this.#p, backEnd, batchId, lanes, prf: opensslCtr, laneKernel }), this.#clock.nowMs());
  }

  #wideKeys({ holders }: RunScope, initiator: PartyId, { keysId }: Batch): HolderKeys | undefined {
    return keysId && this.#holders.get(initiator, holders, keysId);
  }

  #makeRoom(state: CommitteeState, lanes: number): void {
    state.shrink(2 * lanesPerCommitteeMax - lanes);
    if (state.lanesHeld + lanes > 2 * lanesPerCommitteeMax) throw new BoopError('pool.full', 'this committee has enough correlations', { kind: 'unavailable' });
    while (this.lanesHeld + lanes > lanesMax && this.#states.size > 1) this.#forget(this.#leastRecentlyUsed(state));
  }

  #others(parties: readonly PartyId[]): PartyId[] {
    return parties.filter((party) => party !== this.#network.self);
  }

  /** A committee of this network that is led by its lowest party, with this node among the holders. */
  #ledBy(from: PartyId, { committee, holders }: { readonly committee: readonly number[]; readonly holders: readonly number[] }): RunScope {
    const { nodes, threshold, self } = this.#network;
    if (!isCommittee(committee, nodes, threshold) || !areHolders(holders, committee, nodes, threshold) || !holders.includes(self) || committee[0] !== from) throw notLed();
    return { committee, holders };
  }

  #current(scope: RunScope): CommitteeState | undefined {
    const state = this.#states.get(nameOf(scope));
    return state?.isOf(scope.holders.map((party) => this.#peers.bootIdOf(party))) ? state : undefined;
  }

  #state(scope: RunScope): CommitteeState {
    const state = this.#current(scope);
    if (!state) throw new BoopError('committee.unknown', 'this committee has no keys here', { kind: 'unavailable' });
    return state;
  }

  /** @throws BoopError `committee.unknown` (unavailable) where this member has the keys of another agreement */
  #agreedState(scope: RunScope, agreement: Uint8Array): CommitteeState {
    const state = this.#state(scope);
    if (!state.agreement || !equalBytes(state.agreement, agreement)) throw new BoopError('committee.unknown', 'this committee has other keys here', { kind: 'unavailable' });
    return state;
  }

  #forget(name: string): void {
    this.#states.get(name)?.wipe();
    this.#states.delete(name);
  }

  #leastRecentlyUsed(except?: CommitteeState): string {
    const candidates = [...this.#states].filter(([, state]) => state !== except);
    // First those of nodes that are not up together any more, whenever their last batch came.
    const live = this.#peers.live().join();
    const others = candidates.filter(([, { scope }]) => scope.holders.join() !== live);
    return (others.length > 0 ? others : candidates).reduce((oldest, candidate) => (candidate[1].usedAtMs < oldest[1].usedAtMs ? candidate : oldest))[0];
  }
}

type Batch = Pick<PeerBody<'pool.fill'>, 'keysId' | 'batchId' | 'backEnd' | 'adder' | 'lanes' | 'urgent'>;

const nameOf = ({ committee, holders }: RunScope): string => `${committee.join()}/${holders.join()}`;
const notLed = (): BoopError => new BoopError('committee.not-led', 'the caller does not lead such a committee', { kind: 'peer' });

/** Batches of at least this many lanes: a batch takes some thirty rounds whatever its size. */
const lanesPerBatchMin = 2_048;
const roundUp = (lanes: number): number => Math.ceil(Math.min(Math.max(lanes, lanesPerBatchMin), lanesPerBatchMax) / 32) * 32;
