import { type Kernel } from '@boop/kernels';
import { planSearch, type SearchPlan } from '@boop/mpc';
import { type KeyCustody, type Logger, type RunRegistry } from '@boop/platform';
import { type EntryReceipt, type HpkeKeyPair } from '@boop/protocol';
import { type Clock, type PartyId, type Rng } from '@boop/shared';
import { CeremonyService } from './ceremony/ceremony-service.ts';
import { type RolloverSchedule, TokenRollover } from './ceremony/token-rollover.ts';
import { Activity } from './committees/activity.ts';
import { CommitteeService } from './committees/committee-service.ts';
import { HolderKeysService } from './committees/holder-keys-service.ts';
import { PoolKeeper, type PoolSize } from './committees/pool-keeper.ts';
import { ProtocolRunner } from './committees/protocol-runner.ts';
import { type ChosenForm } from './committees/run-form.ts';
import { RunService } from './committees/run-service.ts';
import { SplitCheckService } from './committees/split-check-service.ts';
import { type FeedStore } from './consents/facts.ts';
import { ErasureService } from './gallery/erasure-service.ts';
import { Gallery } from './gallery/gallery.ts';
import { type GalleryStore } from './gallery/gallery-store.ts';
import { Registrar } from './gallery/registrar.ts';
import { RegistrationService } from './gallery/registration-service.ts';
import { type ShareRows } from './gallery/share-rows.ts';
import { GallerySync } from './gallery/sync.ts';
import { AuthenticationLeader } from './leader/authentication-leader.ts';
import { ErasureLeader } from './leader/erasure-leader.ts';
import { Investigator } from './leader/investigation.ts';
import { RegistrationLeader } from './leader/registration-leader.ts';
import { Rescan } from './leader/rescan.ts';
import { FamilySearch } from './leader/search.ts';
import { SessionLead } from './leader/session-lead.ts';
import { Standing } from './leader/standing.ts';
import { SubjectLead } from './leader/subject-lead.ts';
import { TokenAssembly } from './leader/token-assembly.ts';
import { peerHandlers } from './link/peer-handlers.ts';
import { type PeerHandlers, type Peers } from './link/peers.ts';
import { type Network, statisticOf } from './network.ts';
import { assembleRelease, type AttributeRelease } from './release/assemble-release.ts';
import { type RecordStorage } from './release/release-leader.ts';
import { type BudgetLimits, budgetLimits, Budgets } from './sessions/budgets.ts';
import { memberVerifier } from './sessions/member-keys.ts';
import { SessionService } from './sessions/session-service.ts';
import { SessionStore } from './sessions/session-store.ts';
import { CheckpointService } from './signing/checkpoint-service.ts';
import { DecisionService } from './signing/decision-service.ts';
import { SubjectService } from './signing/subject-service.ts';
import { KeyRing } from './signing/key-ring.ts';
import { OrderLeader } from './subjects/order-leader.ts';
import { OrderService } from './subjects/order-service.ts';
import { type OrderStore } from './subjects/order-store.ts';
import { OrderSync } from './subjects/order-sync.ts';
import { RetentionKeeper } from './subjects/retention-keeper.ts';
import { SubjectOrders } from './subjects/subject-orders.ts';
import { type AttemptStore, type CheckpointStore, type EvidenceStore, type KeyStore, type SplitStore } from './store/ports.ts';

/** What a node gets from its surroundings. */
export interface Surroundings {
  readonly network: Network;
  readonly peers: Peers;
  readonly registry: RunRegistry;
  readonly kernel: Kernel;
  /** Where the gallery's shares are multiplied; in this thread unless said otherwise. */
  readonly shares?: ShareRows;
  readonly custody: KeyCustody;
  readonly hpke: HpkeKeyPair;
  readonly stores: { readonly gallery: GalleryStore; readonly splits: SplitStore; readonly attempts: AttemptStore; readonly evidence: EvidenceStore; readonly keys: KeyStore; readonly checkpoints: CheckpointStore; readonly feed: FeedStore; readonly orders: OrderStore };
  /** Where sealed attribute values lie. */
  readonly storage: RecordStorage;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Logger;
  readonly pool: PoolSize;
  /** When the key that signs tokens is replaced; never unless said. */
  readonly tokenKey?: RolloverSchedule;
  /** Whether this node has signed that it is ready for another epoch. */
  readonly isLeaving?: () => Promise<boolean>;
  /** NIST's unless said otherwise. */
  readonly limits?: BudgetLimits;
  readonly onRun?: (operation: string, durationMs: number) => void;
  readonly onForm?: (form: ChosenForm) => void;
  /** In which order a family searches. */
  readonly planSearch?: typeof planSearch;
  readonly onSearch?: (plan: SearchPlan) => void;
  /** How much longer than enough others a node may take to open a session, in real time. */
  readonly stragglersMs?: number;
  /** How many times as long as usual a session may take and be held, in real time: 1 unless said otherwise. */
  readonly patience?: number;
  /** One of so many searches that found nobody is repeated by the rest of its family: 16 unless said otherwise, 0 for none. */
  readonly rescanOneIn?: number;
  readonly onRescan?: (found: boolean) => void;
  /** Something happened that the log has to tell, and these nodes stand behind it. */
  readonly onEntry?: (entry: Uint8Array, receipts: readonly EntryReceipt[]) => Promise<void>;
  /** A node lied in a session that this one led. */
  readonly onBlame?: (named: readonly PartyId[], suspects: readonly PartyId[]) => void;
}

/** A node without sockets, files or clocks of its own. */
export interface AssembledNode {
  readonly network: Network;
  readonly gallery: Gallery;
  readonly sessions: SessionStore;
  readonly committees: CommitteeService;
  readonly holders: HolderKeysService;
  readonly keeper: PoolKeeper;
  readonly ring: KeyRing;
  readonly ceremonies: CeremonyService;
  readonly rollover: TokenRollover;
  readonly registrar: Registrar;
  readonly sync: GallerySync;
  readonly checkpoints: CheckpointService;
  readonly authentications: AuthenticationLeader;
  readonly registrations: RegistrationLeader;
  readonly erasure: ErasureLeader;
  /** Orders to suspend people, and what they are told of themselves. */
  readonly orders: { readonly lead: OrderLeader; readonly service: OrderService; readonly sync: OrderSync };
  /** Has registrations erased when the consent's time is over. */
  readonly retention: RetentionKeeper;
  readonly release: AttributeRelease;
  readonly handlers: PeerHandlers;
  /** Reads what the stores hold. */
  load(): Promise<void>;
  /** Wipes what is secret in memory. */
  wipe(): void;
}

/** Statistic of the one modality of this network. */
const encoder = 'palm-compcode-1';

export function assembleNode(surroundings: Surroundings): AssembledNode {
  const { network, peers, registry, kernel, custody, hpke, stores, clock, rng, log, pool, patience = 1 } = surroundings;
  const members = memberVerifier(network.manifest);
  const signIdentity = (bytes: Uint8Array): Uint8Array => custody.signIdentity(bytes);
  const gallery = new Gallery(kernel, statisticOf(encoder), surroundings.shares);
  const runner = new ProtocolRunner(registry, peers);
  const activity = new Activity(clock);
  const standing = new Standing(clock, network.verifiableSize);
  const ring = new KeyRing(stores.keys, clock);
  const sessions = new SessionStore(clock);
  const budgets = new Budgets(stores.attempts, clock, surroundings.limits ?? budgetLimits);
  const registrar = new Registrar({ gallery, store: stores.gallery, members, network, clock, alone: async (step, spent) => await sessions.alone(step, spent) });
  const service = new SessionService({ network, sessions, splits: stores.splits, budgets, gallery, registrar, members, hpke, clock, activity });
  const holders = new HolderKeysService({ network, peers, runner, clock, rng });
  const committees = new CommitteeService({ network, peers, runner, holders, activity, clock, rng, p: gallery.statistic.p });
  const keeper = new PoolKeeper({ network, peers, committees, holders, gallery, activity, log, size: pool });
  const onRun = surroundings.onRun ?? (() => undefined);
  const splitChecks = new SplitCheckService({ network, peers, runner, holders, standing, rng, onRun });
  const runs = new RunService({ network, peers, runner, committees, gallery, members, activity, lanesPerBlock: pool.lanesPerBlock, rng, patience, signIdentity, onRun, onForm: surroundings.onForm ?? (() => undefined) });
  const decisions = new DecisionService({ gallery, ring, members, clock, rng, signIdentity, refusalOf: (session, row) => release.sessions.refusalOf(session, row), isSuspended: (row) => orderService.isSuspended(row) });
  const subjects = new SubjectService({ gallery, ring, members, clock, rng });
  const subjectLead = new SubjectLead({ peers, ring, gallery, log });
  const registrations = new RegistrationService({ network, gallery, registrar, decisions, members, signIdentity });
  const erasures = new ErasureService({ network, registrar, clock, signIdentity });
  const subjectOrders = new SubjectOrders(stores.orders);
  const orderService = new OrderService({ network, gallery, registrar, orders: subjectOrders, clock, signIdentity });
  const erasure = new ErasureLeader({ network, peers, members, log });
  const sync = new GallerySync({ network, peers, gallery, registrar, erasures, log });
  const ceremonies = new CeremonyService({ network, peers, runner, ring, custody, members, rng, log });
  const rollover = new TokenRollover({ network, peers, ceremonies, ring, schedule: surroundings.tokenKey, isLeaving: surroundings.isLeaving ?? (() => Promise.resolve(false)), clock, rng, log });
  const checkpoints = new CheckpointService({ self: network.self, network: network.manifest, ring, store: stores.checkpoints, signIdentity, clock, rng, log });
  const release = assembleRelease({ network, gallery, ring, peers, store: stores.feed, storage: surroundings.storage, signIdentity, clock, rng, log });
  const lead = new SessionLead({ network, peers, gallery, service, members, standing, rng, log, ...(surroundings.stragglersMs !== undefined && { stragglersMs: surroundings.stragglersMs }) });
  const search = new FamilySearch({ peers, lead, committees, gallery, rng, threshold: network.threshold, plan: surroundings.planSearch ?? planSearch, onSearch: surroundings.onSearch ?? (() => undefined) });
  const investigator = new Investigator({ network, peers, lead, members, standing, evidence: stores.evidence, clock, log, onBlame: surroundings.onBlame ?? (() => undefined) });
  const rescan = new Rescan({ network, lead, rng, oneIn: surroundings.rescanOneIn ?? 16, onRescan: surroundings.onRescan ?? (() => undefined) });
  const tokens = new TokenAssembly({ peers, ring, gallery, members, log, threshold: network.threshold });
  return {
    network,
    gallery,
    sessions,
    committees,
    holders,
    keeper,
    ring,
    ceremonies,
    rollover,
    registrar,
    sync,
    checkpoints,
    authentications: new AuthenticationLeader({ network, peers, lead, search, gallery, sync, isSuspended: (row) => orderService.isSuspended(row), splitChecks, subjects: subjectLead, tokens, release, investigator, rescan, members, clock, log, patience }),
    registrations: new RegistrationLeader({ network, peers, lead, splitChecks, investigator, service: registrations, sync, members, clock, rng, log, patience }),
    erasure,
    orders: { lead: new OrderLeader({ network, peers, members, log }), service: orderService, sync: new OrderSync({ network, peers, orders: subjectOrders, service: orderService, log }) },
    retention: new RetentionKeeper({ network, peers, registrar, erasure, onEntry: surroundings.onEntry ?? (() => Promise.resolve()), clock, log }),
    release,
    handlers: peerHandlers({ release, gallery, budgets, sessions, service, runs, committees, holders, splitChecks, subjects, decisions, registrations, registrar, sync, erasures, ceremonies, rollover, orders: orderService, subjectOrders }),
    async load() {
      await Promise.all([ring.load(), checkpoints.load(), registrar.load(), release.feed.load(), subjectOrders.load()]);
    },
    wipe() {
      sessions.endAll();
      committees.wipe();
      holders.wipe();
      ring.wipe();
    },
  };
}
