import { type FeeSchedule } from '@boop/accounts';
import { LinkServer, type Logger, ManifestFollower, startMetricsServer, systemClock, type TlsSource } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { BoopError, equalBytes } from '@boop/shared';
import { withAccounts } from './accounts/account-link.ts';
import { startAccounts } from './accounts/accounts.ts';
import { LogKey } from './checkpoints/log-key.ts';
import { openNodeLinks } from './checkpoints/node-links.ts';
import { type LedgerConfig } from './config.ts';
import { startHttp } from './http/http-app.ts';
import { LeaderLock } from './leader/leader-lock.ts';
import { isGateway, ledgerHandlers } from './link/ledger-handlers.ts';
import { Erasure } from './map/erasure.ts';
import { MapProofs } from './map/map-proofs.ts';
import { type MapStore } from './map/map-store.ts';
import { MutationIntake } from './map/mutation-intake.ts';
import { type VrfKey } from './map/vrf-key.ts';
import { createLedgerMetrics } from './metrics.ts';
import { Admission } from './sequencer/admission.ts';
import { Proofs } from './serving/proofs.ts';
import { PublishedTiles } from './serving/published-tiles.ts';
import { TileCache } from './serving/tile-cache.ts';
import { Announcements } from './streams/announcements.ts';
import { StreamSource } from './streams/stream-source.ts';
import { type LogStore } from './store/log-store.ts';
import { WitnessClient } from './witness/witness-client.ts';
import { type Witness } from './witness/witness.ts';
import { createWriter, type Writer } from './writer.ts';

export interface LedgerOptions {
  readonly config: Pick<LedgerConfig, 'networkId' | 'http' | 'link' | 'metrics' | 'tuning' | 'witnesses'>;
  readonly manifest: NetworkManifest;
  /** Where the manifests that came after are kept; without it the one that is given stays in force. */
  readonly chainFile?: string;
  readonly tls: TlsSource;
  readonly databaseUrl: string;
  readonly store: LogStore;
  readonly mapStore: MapStore;
  readonly vrfKey: VrfKey;
  /** Set when this ledger watches other logs. */
  readonly witness?: Witness | undefined;
  /** Fees of settlements, one schedule an asset. */
  readonly feeSchedules?: readonly FeeSchedule[];
  /** Where replicas wake each other for settlements; without it each polls. */
  readonly redisUrl?: string | undefined;
  readonly log: Logger;
}

export interface RunningLedger {
  readonly httpPort: number;
  readonly linkPort: number;
  /** Whether this replica writes to the log. */
  leads(): boolean;
  /** Stops writing, then serving; the store stays open. */
  close(): Promise<void>;
}

/** How late a reader hears of what another replica published. */
const ANNOUNCE_INTERVAL_MS = 250;
const APPEND_TIMEOUT_MS = 10_000;
/** Appends wait for their batch, so many are in flight; what the pool can't hold is refused there. */
const LINK_LIMITS = { requestsServedMax: 1_024 } as const;

/** Wires one replica of the ledger and starts it. @throws BoopError `config.wrong-network`, `map.key-changed`, and what listening throws */
export async function startLedger({ config, manifest: started, chainFile, tls, databaseUrl, store, mapStore, vrfKey, witness, feeSchedules, redisUrl, log }: LedgerOptions): Promise<RunningLedger> {
  const { networkId, tuning } = config;
  if (networkId !== started.networkId) throw new BoopError('config.wrong-network', 'networkId: the manifest is of another network', { kind: 'fatal' });
  await checkVrfKey(mapStore, vrfKey);
  const undo: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of undo.splice(0).reverse()) await one();
  };
  try {
    const manifests = chainFile === undefined ? undefined : new ManifestFollower({ started, file: chainFile, log });
    const manifest = manifests?.view ?? started;
    const links = openNodeLinks(manifest, { tls, timeoutMs: tuning.nodeTimeoutMs, log, onUp: () => writer.wake() });
    undo.push(() => links.close());
    manifests?.on('change', (next) => {
      links.follow(next);
      writer.wake();
    });
    manifests?.start(() => links.nodes);
    undo.push(async () => manifests?.stop());
    const key = new LogKey(manifest, links.nodes, store);
    const tiles = new TileCache(store);
    const announcements = new Announcements();
    const following = new AbortController();
    const follower = announcements.follow(async () => (await store.published())?.size ?? 0, ANNOUNCE_INTERVAL_MS, following.signal);
    undo.push(async () => {
      following.abort();
      await Promise.all([follower, warming]);
    });
    const proofs = new Proofs(store, tiles);
    const warming = proofs.warm(following.signal).catch((error: unknown) => log.warn('proofs were not read ahead', { error }));
    const status = async (): Promise<Status> => {
      const [head, published] = await Promise.all([store.head(), store.published()]);
      const nodesConnected = links.nodes.filter(({ connected }) => connected).length;
      return { leads: writer.pool.isOpen, treeSize: head.size, publishedSize: published?.size ?? 0, nodesConnected };
    };
    const metrics = createLedgerMetrics({ status, waiting: () => writer.pool.waiting });
    const writer: Writer = createWriter({ manifest, store, mapStore, balancesRoot: () => accounts.latestBalances(), vrfKey: vrfKey.public, nodes: links.nodes, key, tuning, log, onBatch: metrics.batchWritten, onCheckpoint: metrics.checkpointPublished, witnesses: config.witnesses.map((address) => new WitnessClient(address)) });

    const accounts = await startAccounts({
      databaseUrl,
      manifest,
      append: (entry) => writer.pool.add(entry),
      leads: () => writer.pool.isOpen,
      clock: systemClock,
      log,
      ...(feeSchedules ? { feeSchedules } : {}),
      ...(redisUrl ? { jobs: { redisUrl } } : {}),
    });
    undo.push(() => accounts.close());

    const mapProofs = new MapProofs({ logStore: store, mapStore, tiles, vrfKey });
    const erasure = new Erasure({ network: manifest, mapStore, indexes: mapProofs, pool: writer.pool, clock: systemClock });
    const handlers = ledgerHandlers({ origin: manifest.logOrigin, admission: new Admission(manifest, (epoch) => manifests?.at(epoch)), pool: writer.pool, proofs, key, erasure, appendTimeoutMs: APPEND_TIMEOUT_MS });
    const server = new LinkServer({ tls, networkId, authorize: isGateway, handlers: withAccounts(handlers, accounts), log, limits: LINK_LIMITS });
    undo.push(() => server.close());
    const { port: linkPort } = await server.listen(config.link.port, config.link.host);

    const readiness = async () => ({ ready: true, checks: { ...(await status()) } });
    const intake = new MutationIntake({
      origin: manifest.logOrigin,
      vrfSecret: vrfKey.secret,
      store: mapStore,
      clock: systemClock,
      waitingMax: tuning.mutationsWaitingMax,
      onAccepted: () => writer.wakeMap(),
    });
    const http = await startHttp({ tiles: new PublishedTiles(store, tiles), proofs, key, manifest, vrfKey: vrfKey.public, witnesses: config.witnesses.map(({ vkey }) => vkey), streams: new StreamSource({ logStore: store, mapStore, tiles }), announcements, mapProofs, mapStore, intake, witness, readiness, limits: tuning, log }, config.http);
    undo.push(() => http.close());
    const metricsServer = await startMetricsServer({ ...config.metrics, registry: metrics.registry });
    undo.push(() => metricsServer.close());

    const lock = new LeaderLock({ databaseUrl, intervalMs: tuning.leaderIntervalMs, log, lead: writer.lead });
    undo.push(() => lock.close());
    return { httpPort: http.port, linkPort, leads: () => writer.pool.isOpen, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** With another key all accounts would have another index. */
async function checkVrfKey(mapStore: MapStore, vrfKey: VrfKey): Promise<void> {
  const newest = await mapStore.newest();
  if (newest && !equalBytes(newest.vrfKey, vrfKey.public)) throw new BoopError('map.key-changed', 'the map was made with another key of its indexes', { kind: 'fatal' });
}

/** What health and metrics tell of a replica. */
export interface Status {
  readonly leads: boolean;
  readonly treeSize: number;
  readonly publishedSize: number;
  readonly nodesConnected: number;
}
