import { type Kernel, loadKernel } from '@boop/kernels';
import { planSearch, type SearchPlan } from '@boop/mpc';
import { type KeyCustody, type Logger, type RunOptions, RunRegistry, type RunRoute, silentLogger } from '@boop/platform';
import { SigningKey } from '@boop/identity';
import { heldHpkeKeyPair, type NetworkManifest, parseManifest } from '@boop/protocol';
import { BoopError, type Clock, partyId, type PartyId, type ProtocolMachine, type Rng, toBase64Url } from '@boop/shared';
import { type AssembledNode, assembleNode } from '../assemble.ts';
import { type GalleryStore, type StoredRegistration } from '../gallery/gallery-store.ts';
import { networkOf } from '../network.ts';
import { type RecordStorage } from '../release/release-leader.ts';
import { type AttemptLimits, type BudgetLimits } from '../sessions/budgets.ts';
import { type RolloverSchedule } from '../ceremony/token-rollover.ts';
import { type ChosenForm } from '../committees/run-form.ts';
import { fillGalleries } from './fill-galleries.ts';
import { briefConsentText, consentText, encoder, type Splitter, theta } from './fixtures.ts';
import { memoryCustody } from './memory-custody.ts';
import { MemoryHub } from './memory-hub.ts';
import { MemoryStores } from './memory-stores.ts';

export interface TestMember {
  readonly party: PartyId;
  readonly custody: KeyCustody;
  readonly stores: MemoryStores;
}

/** Gives runs and their early messages more time than nodes do: here all of them share a core, maybe with other tests. */
class PatientRegistry extends RunRegistry {
  readonly #times: () => number;

  constructor(times: () => number) {
    super({ ageMaxMs: 60_000 });
    this.#times = times;
  }

  override async run<Output>(runId: Uint8Array, machine: ProtocolMachine<Output>, options: RunOptions): Promise<Output> {
    return await super.run(runId, machine, { ...options, timeoutMs: this.#times() * options.timeoutMs });
  }

  override route(runId: Uint8Array, route: RunRoute): () => void {
    return super.route(runId, { ...route, timeoutMs: this.#times() * route.timeoutMs });
  }
}

export function manifestOf(custodies: readonly KeyCustody[], threshold: number, ports: readonly number[] = custodies.map((_, at) => 1000 + at)): NetworkManifest {
  return parseManifest({
    v: 1,
    networkId: 'test-net',
    testNetwork: true,
    epoch: 1,
    threshold,
    members: custodies.map((custody, at) => ({
      party: at + 1,
      name: `node-${at + 1}`,
      jurisdiction: 'CH',
      identityKey: toBase64Url(custody.identityPublicKey),
      hpkeKey: toBase64Url(custody.hpkePublicKey),
      host: '127.0.0.1',
      linkPort: ports[at]!,
    })),
    logOrigin: 'boop.test/log',
    operatingPoints: [
      { id: 'default', encoder, falseMatchRate: 1e-6, theta },
      { id: 'other-encoder', encoder: 'palm-compcode-9', falseMatchRate: 1e-6, theta },
    ],
    defaultOperatingPoint: 'default',
    consentTexts: [consentText, briefConsentText],
  });
}

const tireless: AttemptLimits = { freeFailures: 1_000, delaySeconds: 0, failuresMax: 1_000, acceptedPerDayMax: 1_000 };
export const patient: BudgetLimits = { terminal: tireless, vendor: tireless, subjectAcceptedPerDayMax: 1_000 };

/** How many times as long as in production a session may take, with all its runs. */
export const sessionPatience = 10;

const patientMs = 60_000;

/** N nodes in one process: real protocols and keys, memory instead of sockets and databases, a clock that the test moves. */
export class MemoryNetwork {
  readonly hub = new MemoryHub();
  readonly nodes = new Map<PartyId, AssembledNode>();
  readonly manifest: NetworkManifest;
  readonly members: readonly TestMember[];
  readonly rng: Rng;
  readonly clock: Clock & { nowMs(): number };
  readonly splitter: Splitter;
  offsetMs = 0;
  /** Where the clock stands still: it moves by `offsetMs` alone, so that nothing expires by a machine's slowness, and no test sees midnight. Without it time passes. */
  frozenMs: number | undefined = Date.now();
  /** Set before the nodes start; a test makes many attempts in a short time. */
  limits: BudgetLimits = patient;
  /** Set before the nodes start. */
  tokenKey: RolloverSchedule | undefined;
  /** The storage side; none unless a test sets one. */
  storage: RecordStorage = { open: () => Promise.reject(new BoopError('attributes.unavailable', 'no storage side here', { kind: 'unavailable' })) };
  /** Set before the nodes start. */
  rescanOneIn = 0;
  /** In which order families search, whatever the planner says. */
  searchOrder: SearchPlan['order'] | undefined;
  /** How many times as long as in production a run may take. */
  patience = 4;
  /** As of a node's surroundings; set before a node starts that is not to wait for others. A test that stands still for a moment must not leave a node out by that. */
  stragglersMs = patientMs;
  /** What nodes would have the log tell. */
  readonly entries: Uint8Array[] = [];
  /** What repeated searches found. */
  readonly rescans: boolean[] = [];
  /** How the runs since then were compared. */
  readonly forms: ChosenForm[] = [];
  /** In which order families searched, and why. */
  readonly searches: SearchPlan[] = [];
  /** What nodes found out about each other. */
  readonly blames: { by: PartyId; named: readonly PartyId[]; suspects: readonly PartyId[] }[] = [];
  readonly #kernel: Kernel;
  readonly #log: Logger;
  readonly #registries = new Map<PartyId, RunRegistry>();

  private constructor(members: readonly TestMember[], threshold: number, rng: Rng, kernel: Kernel, log: Logger) {
    this.members = members;
    const device = SigningKey.generate(rng);
    this.manifest = { ...manifestOf(members.map(({ custody }) => custody), threshold), livenessChecks: [{ id: 'palm-passive-1', level: 1, publicKey: device.publicKey }] };
    this.rng = rng;
    this.clock = { nowMs: () => (this.frozenMs ?? Date.now()) + this.offsetMs };
    this.splitter = { manifest: this.manifest, rng, device };
    this.#kernel = kernel;
    this.#log = log;
  }

  /** All nodes up, keys made. */
  static async create(parameters: { nodes: number; threshold: number }, rng: Rng, log: Logger = silentLogger): Promise<MemoryNetwork> {
    const members = Array.from({ length: parameters.nodes }, (_, at) => ({ party: partyId(at + 1), custody: memoryCustody(rng), stores: new MemoryStores() }));
    const network = new MemoryNetwork(members, parameters.threshold, rng, await loadKernel(), log);
    for (const { party } of members) await network.start(party);
    await network.node(1).ceremonies.settle();
    return network;
  }

  node(party: number): AssembledNode {
    return this.nodes.get(party as PartyId)!;
  }

  stores(party: number): MemoryStores {
    return this.members[party - 1]!.stores;
  }

  /** Starts a node's process: fresh memory, the same stores and custody. */
  async start(party: PartyId): Promise<void> {
    const { custody, stores } = this.members[party - 1]!;
    const registry = new PatientRegistry(() => this.patience);
    const node = assembleNode({
      network: networkOf(this.manifest, party),
      peers: this.hub.peersOf(party),
      registry,
      kernel: this.#kernel,
      custody,
      hpke: heldHpkeKeyPair(custody.hpkePublicKey, (publicKey) => custody.agreeHpke(publicKey)),
      stores,
      storage: { open: (grants) => this.storage.open(grants) },
      clock: this.clock,
      rng: this.rng,
      log: this.#log,
      pool: { lanesTarget: 2_048, lanesPerBatch: 2_048, lanesPerBlock: 65_536 },
      limits: this.limits,
      ...(this.tokenKey && { tokenKey: this.tokenKey }),
      rescanOneIn: this.rescanOneIn,
      stragglersMs: this.stragglersMs,
      patience: sessionPatience,
      onEntry: async (entry) => void this.entries.push(entry),
      onForm: (form) => this.forms.push(form),
      planSearch: (input) => (this.searchOrder ? { order: this.searchOrder, reason: 'rounds_dominate' } : planSearch(input)),
      onSearch: (plan) => this.searches.push(plan),
      onRescan: (found) => this.rescans.push(found),
      onBlame: (named, suspects) => this.blames.push({ by: party, named, suspects }),
    });
    await node.load();
    this.nodes.set(party, node);
    this.#registries.set(party, registry);
    this.hub.attach(party, {
      handlers: () => node.handlers,
      bootId: this.rng.bytes(16),
      deliver: (from, runId, payload) => registry.deliver(from, runId, payload),
      changed: (other, connected) => {
        if (!connected) registry.peerLost(other);
        node.committees.peerChanged();
        node.holders.peerChanged();
      },
    });
  }

  /** Restarts all nodes with galleries of so many palms; they have been empty. */
  async fill(count: number, palmOf: (slot: number) => Int8Array): Promise<void> {
    this.stop();
    const stopped = this.members.map(({ custody, stores: { gallery } }) => ({ custody, store: { addCommitted: async (added: readonly Committed[]) => await addOneByOne(gallery, added) } }));
    await fillGalleries(this.manifest, stopped, count, palmOf, this.rng);
    for (const { party } of this.members) await this.start(party);
  }

  /** Ends whatever still runs. */
  stop(): void {
    for (const party of [...this.nodes.keys()]) this.kill(party);
  }

  /** Starts a node anew, with what has been set meanwhile. */
  async restart(party: number): Promise<void> {
    this.kill(party);
    await this.start(party as PartyId);
  }

  /** While this lasts, sessions that a node leads wait no longer than they have to for those that enough others have opened already. It starts anew before and after. */
  async leadingInHaste<T>(leader: number, work: () => Promise<T>): Promise<T> {
    this.stragglersMs = 100;
    await this.restart(leader);
    try {
      return await work();
    } finally {
      this.stragglersMs = patientMs;
      await this.restart(leader);
    }
  }

  /** Kills a node's process: memory gone, stores kept. */
  kill(party: number): void {
    this.hub.detach(party as PartyId);
    this.#registries.get(party as PartyId)!.close();
    this.nodes.delete(party as PartyId);
  }
}

type Committed = Omit<StoredRegistration, 'preparedAtMs'>;

async function addOneByOne(gallery: GalleryStore, added: readonly Committed[]): Promise<void> {
  for (const { record, shares, certificate } of added) {
    await gallery.prepare({ record, shares, preparedAtMs: 0 });
    await gallery.commit(certificate!);
  }
}
