import { readFileSync } from 'node:fs';
import { MatchingEngine } from '@boop/engine';
import { loadKernel, palmGeometry } from '@boop/kernels';
import { palmStatistic } from '@boop/mpc';
import { createMetrics, type KeyCustody, type Logger, type MeshNode, NodeMesh, RunRegistry, startHealthServer, startMetricsServer, systemClock, systemRng, type TlsMaterial } from '@boop/platform';
import { type NetworkManifest, parseManifest } from '@boop/protocol';
import { BoopError, toBase64Url } from '@boop/shared';
import { assembleNode, type AssembledNode } from './assemble.ts';
import { type NodeConfig } from './config.ts';
import { openHpkeKey } from './hpke-key.ts';
import { attributesHandlers } from './link/attributes-handlers.ts';
import { MeshPeers } from './link/mesh-peers.ts';
import { createRouter } from './link/router.ts';
import { engineRows } from './gallery/share-rows.ts';
import { gatewayHandlers, ledgerHandlers } from './link/service-handlers.ts';
import { NodeMetrics } from './metrics.ts';
import { networkOf } from './network.ts';
import { meshStorage } from './release/mesh-storage.ts';
import { PrismaFeedStore } from './release/prisma-feed-store.ts';
import { openDatabase } from './store/database.ts';
import { PrismaGalleryStore } from './store/prisma-gallery-store.ts';
import { PrismaCheckpointStore, PrismaKeyStore, PrismaSplitStore } from './store/prisma-stores.ts';
import { PrismaAttemptStore } from './store/prisma-attempt-store.ts';
import { PrismaEvidenceStore } from './store/prisma-evidence-store.ts';
import { openSealer } from './store/sealer.ts';

const housekeepingMs = 30_000;
/** Address space for so many rows is set aside; memory is taken as they come. */
const galleryRowsMax = 200_000;
/** Threads that multiply the gallery. */
const shardThreads = 1;
/** Whoever has not tried for so long starts afresh. */
const attemptsKeptMs = 30 * 86_400_000;
const pool = { lanesTarget: 8_192, lanesPerBatch: 4_096 };

export interface RunningNode {
  readonly node: AssembledNode;
  readonly ready: () => boolean;
  stop(): Promise<void>;
}

/** Everything that makes a node a process: database, mesh, timers, health. Undoes what it has begun when it fails. */
export async function startNode(input: { config: NodeConfig; manifest: NetworkManifest; custody: KeyCustody; tls: TlsMaterial; databaseUrl: string; log: Logger }): Promise<RunningNode> {
  const { config, manifest, custody, tls, log } = input;
  const undo: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.reverse().splice(0)) await step();
  };
  try {
    const network = networkOf(manifest, config.nodeId);
    if (manifest.networkId !== config.networkId) throw new BoopError('node.other-network', 'the manifest is of another network', { kind: 'fatal' });
    const member = manifest.members[network.self - 1]!;
    if (member.identityKey !== toBase64Url(custody.identityPublicKey)) throw new BoopError('node.other-identity', 'the manifest names another identity key for this node', { kind: 'fatal' });
    const hpke = await openHpkeKey(custody, member.hpkeKey);

    const database = await openDatabase(input.databaseUrl);
    undo.push(() => database.$disconnect());
    const sealer = await openSealer(database, custody, network.epoch, systemRng);
    undo.push(() => sealer.wipe());
    const splits = new PrismaSplitStore(database);
    const attempts = new PrismaAttemptStore(database);
    const evidence = new PrismaEvidenceStore(database);
    const stores = { gallery: new PrismaGalleryStore(database, sealer), splits, attempts, evidence, keys: new PrismaKeyStore(database, sealer), checkpoints: new PrismaCheckpointStore(database), feed: new PrismaFeedStore(database, sealer) };

    const registry = new RunRegistry();
    undo.push(() => registry.close());
    let loaded = false;
    const ready = (): boolean => loaded && node.ring.complete && peers.live().length >= network.committeeSize;
    const handlers = createRouter({
      peers: () => node.handlers,
      gateway: () => gateway,
      ledger: () => ledger,
      attributes: () => attributes,
      deliver: (from, runId, payload) => registry.deliver(from, runId, payload),
    });
    const nodes = manifest.members.map(({ host, linkPort }, at): MeshNode => ({ id: network.parties[at]!, host, port: linkPort }));
    const mesh = new NodeMesh({ self: network.self, networkId: network.networkId, tls, nodes, handlers, log, authorizeClient: ({ role }) => role === 'gateway' || role === 'ledger' || role === 'attributes' });
    const peers = new MeshPeers(mesh, () => node.handlers);
    const metricsRegistry = createMetrics(`mpc-node-${network.self}`);
    const engine = await MatchingEngine.create({
      self: network.self,
      statistic: palmStatistic,
      geometry: palmGeometry,
      rowsMax: galleryRowsMax,
      shards: shardThreads,
      transport: {
        send(to, runId, payload, released) {
          peers.sendSession(to, runId, payload);
          released();
        },
        route: (runId, route) => registry.route(runId, route),
      },
    });
    undo.push(() => engine.close());
    const node = assembleNode({
      network,
      peers,
      registry,
      kernel: await loadKernel(),
      shares: engineRows(engine),
      custody,
      hpke,
      stores,
      storage: meshStorage(mesh),
      clock: systemClock,
      rng: systemRng,
      log,
      pool,
      onRun: (operation, durationMs) => metrics.run(operation, durationMs),
      onRescan: (found) => metrics.rescan(found),
      onBlame: (named, suspects) => metrics.blame(named, suspects),
      ...(config.attempts && { limits: config.attempts }),
    });
    const metrics = new NodeMetrics(metricsRegistry, { rows: () => node.gallery.rows, lanes: () => node.committees.lanesHeld, live: () => peers.live().length, sessions: () => node.sessions.count });
    const gateway = gatewayHandlers(node, peers, metrics, ready);
    const ledger = ledgerHandlers(node);
    const attributes = attributesHandlers(node);
    undo.push(() => node.wipe());
    await node.load();
    metrics.restore(await evidence.named());
    loaded = true;

    undo.push(
      mesh.onChange((party, connected) => {
        log.info(connected ? 'peer up' : 'peer down', { peer: party });
        if (!connected) registry.peerLost(party);
        node.committees.peerChanged();
        node.holders.peerChanged();
        if (connected) void node.sync.settle();
      }),
    );
    undo.push(() => mesh.close());
    await mesh.start({ host: config.link.host, port: config.link.port });
    for (const service of [node.ceremonies, node.sync, node.keeper]) {
      service.start();
      undo.push(() => service.stop());
    }
    const housekeeping = setInterval(() => {
      node.sessions.expire();
      splits.forgetExpired(systemClock.nowMs()).catch((error: unknown) => log.warn('expired splits not forgotten', { error }));
      stores.feed.forgetAnswered(systemClock.nowMs()).catch((error: unknown) => log.warn('answered requests not forgotten', { error }));
      attempts.forgetOld(systemClock.nowMs() - attemptsKeptMs).catch((error: unknown) => log.warn('old attempts not forgotten', { error }));
    }, housekeepingMs);
    undo.push(() => clearInterval(housekeeping));

    const health = await startHealthServer({
      ...config.health,
      ready: () => ({ ready: ready(), checks: { live: peers.live().length, keys: node.ring.complete, gallery: loaded, rows: node.gallery.rows } }),
    });
    undo.push(() => health.close());
    if (config.metrics) {
      const server = await startMetricsServer({ ...config.metrics, registry: metricsRegistry });
      undo.push(() => server.close());
    }
    log.info('node started', { rows: node.gallery.rows });
    return { node, ready, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @throws BoopError `manifest.invalid` */
export function readManifest(file: string): NetworkManifest {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new BoopError('manifest.invalid', `the manifest ${file} is no readable JSON`, { kind: 'fatal' });
  }
  return parseManifest(value);
}
