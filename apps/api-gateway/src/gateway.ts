import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyMigrations, createMetrics, describeError, LinkClient, LinkServer, type Logger, ManifestFollower, type PeerIdentity, readManifest, readSecretFile, startMetricsServer, systemClock, systemRng, TlsFiles, TrustedProxies } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { BoopError, type Clock, type Rng } from '@boop/shared';
import { type Registry } from 'prom-client';
import { type GatewayConfig } from './config.ts';
import { type Core } from './features/core.ts';
import { openFeatures } from './features/features.ts';
import { createHttpServer } from './http/http-server.ts';
import { accountsClient } from './ledger/accounts-client.ts';
import { ledgerClient } from './ledger/ledger-client.ts';
import { OutboxWorker } from './ledger/outbox-worker.ts';
import { openLimits } from './limits/open-limits.ts';
import { linkHandlers } from './link/link-handlers.ts';
import { type OutboxEntry } from './domain/events.ts';
import { EntryCollector } from './nodes/entry-collector.ts';
import { watchLoad, watchNodes } from './nodes/node-metrics.ts';
import { NodePool } from './nodes/node-pool.ts';
import { verifyEd25519 } from './nodes/verify-ed25519.ts';
import { startJobs } from './services/background-jobs.ts';
import { NetworkService } from './services/network-service.ts';
import { type GatewayMetrics, gatewayMetrics } from './services/stage-metrics.ts';
import { openSigningKey } from './signing-key.ts';
import { type Database, openDatabase } from './store/database.ts';
import { applySeed, readSeed } from './store/seed.ts';
import { writeEffects } from './store/effects.ts';
import { type RegistrationFaultHook } from './store/fault-points.ts';
import { openStores } from './store/stores.ts';

const migrationsDir = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

export interface Gateway {
  readonly httpPort: number;
  readonly linkPort: number;
  close(): Promise<void>;
}

/** Splits of the epoch before are taken for so long: less than nodes keep its shares (`epochDrainSeconds`). */
const acceptsEarlierMs = 60_000;

interface Surroundings {
  readonly log: Logger;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly faults?: RegistrationFaultHook | undefined;
  /** Registers what `close` undoes, last one first. */
  readonly undo: (work: () => Promise<unknown>) => void;
}

/** Wires the gateway and starts it. Parts are undone in reverse order, also when a later part fails to start. */
export async function startGateway(config: GatewayConfig, use: { log: Logger; clock?: Clock; rng?: Rng; faults?: RegistrationFaultHook }): Promise<Gateway> {
  const { log, clock = systemClock, rng = systemRng, faults } = use;
  const undos: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const work of undos.splice(0).reverse()) await work();
  };
  try {
    const ports = await start(config, { log, clock, rng, faults, undo: (work) => void undos.push(work) });
    return { ...ports, close };
  } catch (error) {
    await close().catch((cause: unknown) => log.error('could not undo a failed start', { error: describeError(cause) }));
    throw error;
  }
}

async function start(config: GatewayConfig, use: Surroundings): Promise<{ httpPort: number; linkPort: number }> {
  const { log, clock, undo } = use;
  const tls = new TlsFiles(config.tls, log);
  undo(async () => tls.stop());
  const { core, metrics } = await openCore(config, tls, use);
  const { database, network, nodes, ledger, registry, limits, stores, manifest } = core;
  const features = await openFeatures(core);
  for (const feature of features) {
    await feature.start?.();
    if (feature.stop) undo(() => feature.stop!());
  }
  undo(startJobs(features.flatMap(({ jobs = [] }) => jobs), log));

  const peers = new Set(['bridge', ...features.flatMap(({ linkMethods = {} }) => Object.values(linkMethods).flatMap((method) => method.peers ?? []))]);
  const linkServer = new LinkServer({ tls, networkId: config.networkId, authorize: ({ role }) => peers.has(role), handlers: linkHandlers(features, log), log });
  const { port: linkPort } = await linkServer.listen(config.link.port, config.link.host);
  undo(() => linkServer.close());
  const metricsServer = await startMetricsServer({ ...config.metrics, registry });
  undo(() => metricsServer.close());

  const readiness = async () => {
    const reachable = await database.$queryRaw`SELECT 1`.then(() => true, () => false);
    return { ready: reachable && network.ready, checks: { database: reachable, groupKeys: network.ready, nodesLive: nodes.live().length, ledger: ledger.connected } };
  };
  const http = await createHttpServer({
    features,
    url: network.urls.gateway,
    idempotency: stores.idempotency,
    limits,
    requestsPerMinute: config.requestsPerMinute,
    concurrency: config.concurrency,
    connections: config.connections,
    proxies: new TrustedProxies(config.trustedProxies),
    timeouts: config.timeouts,
    tls: config.httpTls,
    registry,
    metrics,
    readiness,
    origins: consoleOrigins(network.urls.console),
    clock,
    log,
  });
  undo(() => http.close());
  await http.listen(config.http.port, config.http.host);
  const { port: httpPort } = http.getHttpServer().address() as { port: number };
  log.info('gateway started', { httpPort, linkPort, nodes: manifest.members.length });
  return { httpPort, linkPort };
}

/** What all features stand on: the database, the links to nodes and ledger, keys, limits, metrics. */
async function openCore(config: GatewayConfig, tls: TlsFiles, { log, clock, rng, faults, undo }: Surroundings): Promise<{ core: Core; metrics: GatewayMetrics }> {
  const { networkId, issuer, publicUrls: urls } = config;
  const device = openSigningKey(config.signingKeyFile ?? join(dirname(config.tls.keyFile), 'gateway-signing.key'), rng);

  const database = await prepareDatabase(config);
  undo(() => database.$disconnect());
  const stores = openStores(database, faults);

  const open = (expect: PeerIdentity, host: string, port: number): LinkClient => new LinkClient({ tls, networkId, expect, host, port, log });
  const connect = (expect: PeerIdentity, host: string, port: number): LinkClient => {
    const link = open(expect, host, port);
    undo(() => link.close());
    return link;
  };
  const followed = new ManifestFollower({ started: ownManifest(config), file: join(dirname(config.tls.keyFile), 'manifests.json'), log });
  const manifest = followed.view;
  const nodes = new NodePool({
    members: manifest.members,
    threshold: manifest.threshold,
    connect: ({ party, host, linkPort }) => open({ role: 'node', id: String(party) }, host, linkPort),
    log,
  });
  undo(() => nodes.close());
  let changedAtMs = -Infinity;
  followed.on('change', (next) => {
    changedAtMs = clock.nowMs();
    nodes.follow(next);
  });
  followed.start(() => nodes.links());
  undo(async () => followed.stop());
  const ledgerLink = connect({ role: 'ledger', id: config.ledger.id }, config.ledger.host, config.ledger.port);
  const ledger = ledgerClient(ledgerLink);
  const worker = new OutboxWorker({ outbox: stores.outbox, ledger, clock, log });
  undo(() => worker.stop());
  ledgerLink.on('up', () => worker.kick());
  worker.kick();
  const send = async (outbox: readonly OutboxEntry[]): Promise<void> => {
    await database.$transaction((tx) => writeEffects(tx, { events: [], outbox }));
    worker.kick();
  };
  const collector = new EntryCollector({ nodes, manifestAt: (epoch) => followed.at(epoch), verify: verifyEd25519, send, log });
  collector.start();
  undo(async () => collector.stop());

  const network = new NetworkService({ manifest, at: (epoch) => (clock.nowMs() - changedAtMs < acceptsEarlierMs ? followed.at(epoch) : undefined), links: (from) => followed.links(from), known: () => followed.known(), issuer, urls, keys: stores.groupKeys, statuses: () => nodes.statuses(), log });
  await network.load();
  nodes.on('keys', (keys) => void network.learn(keys).catch((error: unknown) => log.error('group keys could not be stored', { error: describeError(error) })));

  const registry: Registry = createMetrics('api-gateway');
  const metrics = gatewayMetrics(registry, { live: () => nodes.live().length, outbox: () => stores.outbox.waiting() });
  watchNodes(registry, manifest, () => nodes.statuses());
  watchLoad(registry, () => nodes.load);
  const { limits, close: closeLimits } = openLimits({ redisUrl: config.redisUrlFile === undefined ? undefined : readSecretFile(config.redisUrlFile), database, registry, log });
  undo(closeLimits);
  const accounts = accountsClient(ledgerLink);
  const core: Core = { config, manifest, database, stores, network, nodes, ledger, accounts, sendOutbox: () => worker.kick(), limits, registry, metrics, device, connect, clock, rng, log };
  return { core, metrics };
}

async function prepareDatabase(config: GatewayConfig): Promise<Database> {
  const databaseUrl = readSecretFile(config.databaseUrlFile);
  await applyMigrations(databaseUrl, migrationsDir);
  const database = openDatabase(databaseUrl);
  try {
    await applySeed(database, readSeed(config.seedFile));
    return database;
  } catch (error) {
    await database.$disconnect();
    throw error;
  }
}

function ownManifest({ manifestFile, networkId }: GatewayConfig): NetworkManifest {
  const manifest = readManifest(manifestFile);
  if (manifest.networkId !== networkId) throw new BoopError('config.invalid', 'networkId: the manifest is of another network', { kind: 'fatal' });
  return manifest;
}

/** The console's origin; a loopback one goes by two names. */
export function consoleOrigins(consoleUrl: string): string[] {
  const url = new URL(consoleUrl);
  if (url.hostname !== '127.0.0.1') return [url.origin];
  const named = new URL(url);
  named.hostname = 'localhost';
  return [url.origin, named.origin];
}
