import { loadKernel } from '@boop/kernels';
import { type SearchPlan } from '@boop/mpc';
import { createMetrics, type Logger, type MeshNode, type NodeCustody, NodeMesh, RunRegistry, startHealthServer, startMetricsServer, systemClock, systemRng } from '@boop/platform';
import { type EntryReceipt, type NetworkManifest, nodeMethods } from '@boop/protocol';
import { BoopError, partyId, type PartyId } from '@boop/shared';
import { actingAmong, actingKeys, openHpkeKey } from './acting-keys.ts';
import { type AssembledNode } from './assemble.ts';
import { ProtocolRunner } from './committees/protocol-runner.ts';
import { type ChosenForm } from './committees/run-form.ts';
import { BackupSchedule } from './backups/backup-schedule.ts';
import { backUp } from './backups/create-backup.ts';
import { type NodeConfig } from './config.ts';
import { meshEpochLink, serveEpochs } from './epochs/epoch-link.ts';
import { EpochLeader } from './epochs/epoch-leader.ts';
import { EpochMember, type SignAs } from './epochs/epoch-member.ts';
import { type FaultHook } from './epochs/fault-points.ts';
import { NodeEpochs } from './epochs/node-epochs.ts';
import { PrismaEpochStore } from './epochs/prisma-epoch-store.ts';
import { ProposalFile } from './epochs/proposal-file.ts';
import { serveEpoch } from './epochs/served-epoch.ts';
import { serveCustodian } from './governance/custodian-commands.ts';
import { isGovernanceMethod, serveGovernance } from './governance/governance-link.ts';
import { type GovernanceFaultHook } from './governance/fault-points.ts';
import { Governance } from './governance/governance.ts';
import { PrismaGovernanceStore } from './governance/prisma-governance-store.ts';
import { SoftwareList } from './governance/software-list.ts';
import { MeshPeers } from './link/mesh-peers.ts';
import { createRouter, type GatewayHandlers, type LedgerHandlers } from './link/router.ts';
import { NodeMetrics } from './metrics.ts';
import { type Network, networkOf } from './network.ts';
import { keepTls, materialOf, type NodeTls } from './node-tls.ts';
import { rehearse } from './readiness/rehearsal.ts';
import { meshStorage } from './release/mesh-storage.ts';
import { PrismaFeedStore } from './release/prisma-feed-store.ts';
import { type SubjectFaultHook } from './subjects/fault-points.ts';
import { PrismaOrderStore } from './subjects/prisma-order-store.ts';
import { copyRowsOf } from './store/copy-rows.ts';
import { type GalleryFaultHook } from './store/fault-points.ts';
import { openDatabase } from './store/database.ts';
import { PrismaGalleryStore } from './store/prisma-gallery-store.ts';
import { PrismaCheckpointStore, PrismaKeyStore, PrismaSplitStore } from './store/prisma-stores.ts';
import { PrismaAttemptStore } from './store/prisma-attempt-store.ts';
import { PrismaEvidenceStore } from './store/prisma-evidence-store.ts';
import { openSealer } from './store/sealer.ts';

const housekeepingMs = 30_000;
const meetingMs = 1_000;
/** Data key of what outlives epochs. */
const stateEpoch = 0;
/** Whoever has not tried for so long starts afresh. */
const attemptsKeptMs = 30 * 86_400_000;
const pool = { lanesTarget: 8_192, lanesPerBatch: 4_096 };

export interface RunningNode {
  readonly epochs: NodeEpochs;
  readonly ready: () => boolean;
  stop(): Promise<void>;
}

/** Everything that makes a node a process: database, mesh, timers, health. Undoes what it has begun when it fails. */
export async function startNode(input: { config: NodeConfig; manifest: NetworkManifest; custody: NodeCustody; tls: NodeTls; databaseUrl: string; log: Logger; software?: string | undefined; faults?: FaultHook & GalleryFaultHook & GovernanceFaultHook & SubjectFaultHook }): Promise<RunningNode> {
  const { config, manifest, custody, tls, log } = input;
  const undo: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.reverse().splice(0)) await step();
  };
  try {
    if (manifest.networkId !== config.networkId) throw new BoopError('node.other-network', 'the manifest is of another network', { kind: 'fatal' });
    const self = partyId(config.nodeId);
    const database = await openDatabase(input.databaseUrl);
    undo.push(() => database.$disconnect());
    const copyRows = copyRowsOf(input.databaseUrl);
    const stateSealer = await openSealer(database, custody, stateEpoch, systemRng);
    undo.push(() => stateSealer.wipe());
    const splits = new PrismaSplitStore(database, input.faults);
    const attempts = new PrismaAttemptStore(database, input.faults);
    const evidence = new PrismaEvidenceStore(database);
    const stores = { splits, attempts, evidence, checkpoints: new PrismaCheckpointStore(database), feed: new PrismaFeedStore(database, stateSealer), orders: new PrismaOrderStore(database, stateSealer, input.faults) };
    const epochStore = new PrismaEpochStore(database, input.faults);
    const next = new ProposalFile({ file: config.nextManifestFile, networkId: config.networkId, log });
    const committed = (await epochStore.load()).filter(({ state }) => state === 'committed').at(-1)?.manifest ?? manifest;

    const registry = new RunRegistry();
    undo.push(() => registry.close());
    const handlers = createRouter({
      peers: (epoch, from) => {
        const { node } = epochs.served(epoch);
        software.demand(node.network.manifest, from);
        return node.handlers;
      },
      epochs: async (from, method, body) => (isGovernanceMethod(method) ? await serveGovernance(governance.handlers, from, method, body) : await serveEpochs(member.handlers, from, method, body)),
      gateway: () => gateway,
      ledger: () => {
        const { ledger } = epochs.servedOrCurrent(undefined);
        const read: LedgerHandlers['checkpoint.read'] = async (body) => {
          const answer = await ledger['checkpoint.read'](body);
          await entries.written(body.entries);
          return answer;
        };
        return { ...ledger, 'checkpoint.read': read };
      },
      attributes: () => epochs.servedOrCurrent(undefined).attributes,
      manifests: { 'manifest.chain': async ({ from }) => ({ links: governance.chain.from(from) }) },
      deliver: (from, runId, payload) => registry.deliver(from, runId, payload),
    });
    const material = await materialOf(tls, [committed, manifest]);
    const mesh = new NodeMesh({ self, networkId: manifest.networkId, tls: material, nodes: meshNodes(committed), handlers, log, authorizeClient: ({ role }) => role === 'gateway' || role === 'ledger' || role === 'attributes' });
    const metricsRegistry = createMetrics(`mpc-node-${self}`);
    const current = (): AssembledNode | undefined => epochs.current()?.node;
    /** Members that can be reached; links to those that left may be open still. */
    const members = (): PartyId[] => mesh.live().filter((party) => isAmong(current()?.network, party));
    const isAmong = (network: Network | undefined, party: PartyId): boolean => !network || (network.parties.includes(party) && software.lists(network.manifest, party));
    const metrics = new NodeMetrics(metricsRegistry, { rows: () => current()?.gallery.rows ?? 0, lanes: () => current()?.committees.lanesHeld ?? 0, live: () => members().length, sessions: () => epochs.all().reduce((sum, { node }) => sum + node.sessions.count, 0) });
    const kernel = await loadKernel();
    /** Loads and compiles what the first session runs, and opens connections to the database. A node that can't serves all the same, later or slower. */
    const warmUp = async (): Promise<void> => {
      const reads = [1, 2, 3].map((at) => attempts.acceptedToday(`warm-up ${at}`, systemClock.nowMs()));
      const outcomes = await Promise.allSettled([rehearse(kernel, systemClock, systemRng), ...reads]);
      for (const outcome of outcomes) if (outcome.status === 'rejected') log.warn('not warm yet', { error: outcome.reason as unknown });
    };
    const software: SoftwareList = new SoftwareList({
      self,
      own: input.software,
      onChange: (party) => {
        for (const served of epochs.all()) served.peerChanged(mesh.live().includes(party));
      },
      log,
    });
    const epochs: NodeEpochs = new NodeEpochs({
      self,
      store: epochStore,
      async sharesOf(epoch) {
        const sealer = await openSealer(database, custody, epoch, systemRng);
        return { gallery: new PrismaGalleryStore(database, sealer, copyRows, input.faults), keys: new PrismaKeyStore(database, sealer), wipe: () => sealer.wipe() };
      },
      async serve(epochManifest, shares) {
        software.demandOwn(epochManifest);
        const network = networkOf(epochManifest, self);
        const acting = actingKeys(custody, epochManifest.members[self - 1]!);
        const surroundings = {
          mesh,
          registry,
          kernel,
          metrics,
          custody: acting,
          hpke: openHpkeKey(acting),
          stores,
          storage: meshStorage(mesh),
          clock: systemClock,
          rng: systemRng,
          log,
          pool,
          onRun: (operation: string, durationMs: number) => metrics.run(operation, durationMs),
          onForm: ({ backEnd, reason }: ChosenForm) => metrics.plan(backEnd, reason),
          onSearch: ({ order, reason }: SearchPlan) => metrics.search(order, reason),
          onRescan: (found: boolean) => metrics.rescan(found),
          onEntry: async (entry: Uint8Array, receipts: readonly EntryReceipt[]) => await entries.add(entry, receipts),
          onBlame: (named: readonly PartyId[], suspects: readonly PartyId[]) => metrics.blame(named, suspects),
          ...(config.attempts && { limits: config.attempts }),
          ...(config.tokenKey && { tokenKey: config.tokenKey }),
          warmUp,
          isLater: epochs.all().length > 0,
          isLeaving: async () => (await epochStore.load()).some(({ epoch, state }) => epoch > network.epoch && state === 'signed'),
        };
        return await serveEpoch(network, shares, surroundings, (party) => epochs.isMember(epochManifest, party) && software.lists(epochManifest, party));
      },
      // A node that joins brings the manifest that names it.
      proposal: () => governance.proposals.approved() ?? next.get() ?? manifest,
      drainMs: config.epochDrainSeconds * 1000,
      log,
    });
    undo.push(() => epochs.stop());
    const runner = new ProtocolRunner(registry, new MeshPeers(mesh, () => epochs.servedOrCurrent(undefined).node.handlers));
    const signAs: SignAs = (named, message) => actingAmong(custody, self, () => [named]).signIdentity(message);
    const governance: Governance = new Governance({
      self,
      mesh,
      store: new PrismaGovernanceStore(database, input.faults),
      epochs: epochStore,
      started: manifest,
      inForce: () => current()?.network.manifest,
      given: () => next.get(),
      signAs,
      software: input.software,
      onSoftware: (party, digest) => software.told(party, digest),
      clock: systemClock,
      log,
    });
    const { entries } = governance;
    const member = new EpochMember({ self, host: epochs, store: epochStore, runner, entries, signAs, clock: systemClock, rng: systemRng, log, ...(input.faults && { faults: input.faults }) });
    const leader = new EpochLeader({ host: epochs, link: meshEpochLink(mesh, () => member.handlers), member, entries, successorOf: (epoch) => governance.chain.from(epoch + 1)[0], clock: systemClock, rng: systemRng, log });
    const gateway = byEpochOfSplit(epochs, governance, () => ({ party: self, epoch: 0, ready: false, live: mesh.live(), galleryRows: 0, correlations: 0, uptimeSeconds: process.uptime(), groupKeys: [], timeMs: Date.now() }));
    let loaded = false;
    const ready = (): boolean => loaded && (epochs.current()?.ready() ?? false);
    await epochs.open(manifest);
    await governance.load();
    metrics.restore(await evidence.named());
    loaded = true;

    undo.push(
      mesh.onChange((party, connected) => {
        log.info(connected ? 'peer up' : 'peer down', { peer: party });
        if (!connected) registry.peerLost(party);
        for (const served of epochs.all()) served.peerChanged(connected);
        if (connected) governance.peerUp();
      }),
    );
    undo.push(() => mesh.close());
    await mesh.start({ host: config.link.host, port: config.link.port });
    const trusted = (): NetworkManifest[] => [...epochs.all().map(({ node }) => node.network.manifest).reverse(), epochs.proposal() ?? manifest];
    undo.push(keepTls(tls, material, mesh, trusted, log));
    // Nodes that are to join are met before they do.
    const meeting = setInterval(() => mesh.learn(meshNodes(epochs.proposal() ?? current()?.network.manifest ?? committed)), meetingMs);
    undo.push(() => clearInterval(meeting));
    leader.start();
    undo.push(() => leader.stop());
    governance.start();
    undo.push(() => governance.stop());
    if (config.controlDir !== undefined) {
      const custodian = await serveCustodian(config.controlDir, governance);
      undo.push(() => custodian.close());
    }
    const housekeeping = setInterval(() => {
      for (const { node } of epochs.all()) node.sessions.expire();
      splits.forgetExpired(systemClock.nowMs()).catch((error: unknown) => log.warn('expired splits not forgotten', { error }));
      stores.feed.forgetAnswered(systemClock.nowMs()).catch((error: unknown) => log.warn('answered requests not forgotten', { error }));
      attempts.forgetOld(systemClock.nowMs() - attemptsKeptMs).catch((error: unknown) => log.warn('old attempts not forgotten', { error }));
    }, housekeepingMs);
    undo.push(() => clearInterval(housekeeping));

    if (config.backups) {
      const schedule = new BackupSchedule({ settings: config.backups, party: self, database, clock: systemClock, registry: metricsRegistry, log, create: async (folder, kind) => await backUp({ config, custody, databaseUrl: input.databaseUrl, manifest: current()?.network.manifest ?? committed, folder, kind }) });
      await schedule.start();
      undo.push(() => schedule.stop());
    }

    const health = await startHealthServer({
      ...config.health,
      ready: () => ({ ready: ready(), checks: { live: members().length, keys: current()?.ring.complete ?? false, gallery: loaded, rows: current()?.gallery.rows ?? 0, epoch: current()?.network.epoch ?? 0 } }),
    });
    undo.push(() => health.close());
    if (config.metrics) {
      const server = await startMetricsServer({ ...config.metrics, registry: metricsRegistry });
      undo.push(() => server.close());
    }
    log.info('node started', { rows: current()?.gallery.rows ?? 0 });
    return { epochs, ready, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const meshNodes = ({ members }: NetworkManifest): MeshNode[] => members.map(({ party, host, linkPort }) => ({ id: partyId(party), host, port: linkPort }));

/** Each request in the epoch of its split, the end of a held session where it is held, the others in the current epoch. */
function byEpochOfSplit(epochs: NodeEpochs, { entries }: Governance, joining: () => Awaited<ReturnType<GatewayHandlers['node.status']>>): GatewayHandlers {
  const serve = (method: keyof GatewayHandlers) => async (body: { split?: { header: { epoch: number } } }) =>
    await (epochs.servedOrCurrent(body.split?.header.epoch).gateway[method] as (body: unknown) => Promise<unknown>)(body);
  const sign: GatewayHandlers['authentication.sign'] = async (body) => {
    const [newest, ...older] = epochs.all().reverse();
    for (const served of older) if (served.node.authentications.holds(body.session)) return await served.gateway['authentication.sign'](body);
    return await (newest ?? epochs.servedOrCurrent(undefined)).gateway['authentication.sign'](body);
  };
  const status: GatewayHandlers['node.status'] = async (body) => (await epochs.current()?.gateway['node.status'](body)) ?? joining();
  const current: GatewayHandlers['epoch.current'] = async () => ({ manifest: epochs.servedOrCurrent(undefined).node.network.manifest, entries: await entries.list() });
  const own: Partial<GatewayHandlers> = { 'authentication.sign': sign, 'node.status': status, 'epoch.current': current };
  return Object.fromEntries(Object.keys(nodeMethods).map((method) => [method, own[method as keyof GatewayHandlers] ?? serve(method as keyof GatewayHandlers)])) as unknown as GatewayHandlers;
}
